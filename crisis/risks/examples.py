"""A dozen risks and some controls of a securities firm, to try the register with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExampleRisk:
    """A risk with its figures: inherent, current, residual. `controls` are places in CONTROLS
    with the strength of each in percent."""

    kind: str
    title: str
    causes: str
    department: str
    inherent: tuple[int, int]
    current: tuple[int, int]
    residual: tuple[int, int]
    controls: tuple[tuple[int, int], ...] = ()


# Title, kind, frequency, source of evidence.
CONTROLS: tuple[tuple[str, str, str, str], ...] = (
    ("每晚核验整个审计账本", "detective", "daily", "ledger_verified"),
    ("外部见证人为账本联署", "detective", "continuous", "witness"),
    ("模板由第二人审批", "preventive", "continuous", "templates_by_two"),
    ("投递失败率监测与通道切换", "corrective", "continuous", "deliveries"),
    ("每半年一次应急演练", "corrective", "as_needed", "drill"),
    ("每季度访问权限复核", "preventive", "quarterly", "access_review"),
    ("备份恢复测试", "corrective", "quarterly", ""),
)

RISKS: tuple[ExampleRisk, ...] = (
    ExampleRisk(
        "technology", "交易高峰时短信通道不可用", "单一运营商；高峰时限速。", "信息技术部",
        (80, 70), (50, 60), (40, 50), ((3, 40),),
    ),
    ExampleRisk(
        "technology", "交易系统中断超过两小时", "核心数据库单点；变更未充分测试。", "信息技术部",
        (60, 95), (40, 85), (35, 60), ((4, 30), (6, 30)),
    ),
    ExampleRisk(
        "data", "投资者联系方式过期，重要通知无法送达", "多年未更新；退信未处理。", "客户服务部",
        (90, 60), (70, 50), (60, 40), ((3, 30),),
    ),
    ExampleRisk(
        "data", "投资者个人信息泄露", "权限过宽；导出文件未受控。", "合规部",
        (50, 100), (30, 90), (20, 80), ((5, 40),),
    ),
    ExampleRisk(
        "data", "审计账本被篡改而未被发现", "内部人员；备份被替换。", "审计部",
        (30, 100), (15, 60), (10, 40), ((0, 50), (1, 30)),
    ),
    ExampleRisk(
        "process", "未经审批的宣传内容发给投资者", "时间紧迫；绕过流程。", "合规部",
        (70, 80), (30, 70), (15, 70), ((2, 70),),
    ),
    ExampleRisk(
        "process", "监管报告未在时限内提交", "时限并行；责任人不明。", "合规部",
        (50, 85), (30, 70), (25, 60), ((4, 25),),
    ),
    ExampleRisk(
        "process", "误导性表述引发投诉", "多渠道措辞不一致。", "市场部",
        (60, 60), (40, 50), (25, 50), ((2, 50),),
    ),
    ExampleRisk(
        "resource", "关键岗位无替补，应急无人响应", "轮班不足；名单过期。", "运营部",
        (55, 65), (45, 55), (40, 45), ((4, 25),),
    ),
    ExampleRisk(
        "resource", "云服务商区域性故障", "系统集中在一个区域。", "信息技术部",
        (35, 90), (25, 80), (25, 60), ((6, 30),),
    ),
    ExampleRisk(
        "technology", "监测误报使应急团队疲劳", "阈值过低。", "运营部",
        (70, 25), (60, 20), (50, 20),
    ),
    ExampleRisk(
        "process", "市场剧烈波动时客服热线拥堵", "人手不足；自助渠道知晓率低。", "客户服务部",
        (85, 45), (65, 40), (55, 30), ((3, 20),),
    ),
)  # fmt: skip
