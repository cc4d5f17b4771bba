"""The clock table that every installation starts with. Compliance edits it under four eyes; this
file is only ever read by the migration."""

from __future__ import annotations

from crisis.clocks.rules import Row


def _row(
    code: str, zh: str, en: str, jurisdiction: str, starts: str, amount: int, unit: str,
    met_by: str, source: str, **more: object,
) -> Row:  # fmt: skip
    return Row(
        code=code, name={"zh-hans": zh, "en": en}, jurisdiction=jurisdiction,
        starts=tuple(starts.split()), amount=amount, unit=unit, met_by=met_by, source=source,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


_CYBER = ("leak", "technical", "third_party")
_CSRC = (
    "《证券期货业信息安全事件报告与调查处理办法》（2012）已被证监会公告〔2021〕12号取代，"
    "须核对现行文本后启用。The 2012 rule was replaced by CSRC Announcement [2021] No. 12; check "
    "the text in force before switching this on."
)

SHIPPED: tuple[Row, ...] = (
    _row("verify", "核实事件", "Verify the incident", "house", "activated", 30, "minutes",
         "verified", "内部规定 · House rule"),
    _row("restore", "一般级：恢复", "Restore, general tier", "house", "verified", 48, "hours",
         "restored", "内部规定 · House rule", tiers=("general",)),
    _row("bulletin", "每日通报", "Daily bulletin", "house", "verified", 1, "days", "bulletin",
         "内部规定 · House rule", repeats="daily"),
    _row("retrospective", "复盘", "Retrospective", "house", "closed", 60, "days", "retrospective",
         "内部规定 · House rule"),
    _row("dora_initial", "DORA 初始通知", "DORA initial notification", "eu", "classified_major",
         4, "hours", "report", "(EU) 2025/301 Art 5", cap_hours=24),
    _row("dora_intermediate", "DORA 中期报告", "DORA intermediate report", "eu",
         "met:dora_initial", 72, "hours", "report", "(EU) 2025/301 Art 5"),
    _row("dora_final", "DORA 最终报告", "DORA final report", "eu", "met:dora_intermediate", 1,
         "months", "report", "(EU) 2025/301 Art 5", latest=True),
    _row("gdpr_breach", "GDPR 个人数据泄露通知", "GDPR personal data breach", "eu", "aware", 72,
         "hours", "report", "GDPR Art 33", moments=("leak_possible",)),
    _row("sec_8k", "SEC 8-K 第1.05项", "SEC Form 8-K item 1.05", "us", "materiality_determined",
         4, "business_days", "report", "SEC Release 33-11216"),
    _row("regsp_customers", "Reg S-P 客户通知", "Reg S-P notice to customers", "us", "aware", 30,
         "days", "report", "Regulation S-P, 2024 amendments", moments=("leak_possible",)),
    _row("regsp_vendor", "Reg S-P 服务商通知本公司", "Reg S-P notice of the vendor to the firm",
         "us", "aware", 72, "hours", "report", "Regulation S-P, 2024 amendments",
         natures=("third_party",)),
    _row("nydfs_event", "NYDFS 网络安全事件", "NYDFS cybersecurity event", "us-ny",
         "classified_major", 72, "hours", "report", "23 NYCRR 500.17(a)", natures=_CYBER),
    _row("nydfs_payment", "NYDFS 勒索付款", "NYDFS extortion payment", "us-ny", "extortion_paid",
         24, "hours", "report", "23 NYCRR 500.17(c)"),
    _row("nydfs_explanation", "NYDFS 勒索付款说明", "NYDFS explanation of an extortion payment",
         "us-ny", "extortion_paid", 30, "days", "report", "23 NYCRR 500.17(c)"),
    _row("cac_initial_operator", "网信办事件报告（关基运营者）",
         "CAC incident report (critical infrastructure)", "cn", "classified_major", 1, "hours",
         "report", "《国家网络安全事件报告管理办法》第4条（2025-11-01施行）",
         infrastructure="operators"),
    _row("cac_initial", "网信办事件报告", "CAC incident report", "cn", "classified_major", 4,
         "hours", "report", "《国家网络安全事件报告管理办法》第4条（2025-11-01施行）",
         infrastructure="others"),
    _row("cac_final", "网信办处置总结报告", "CAC final report", "cn", "restored", 30, "days",
         "report", "《国家网络安全事件报告管理办法》（2025-11-01施行）",
         moments=("classified_major",)),
    _row("pipl_leak", "个人信息泄露通知", "PIPL leak notice", "cn", "leak_possible", 60,
         "at_once", "report", "《个人信息保护法》第57条"),
    _row("csrc_incident", "证监会事件报告", "CSRC incident report", "cn",
         "not_restored_30_min leak_possible", 60, "at_once", "report",
         "《证券期货业信息安全事件报告与调查处理办法》（2012）第16–18条", repeats="hourly",
         enabled=False, check=_CSRC),
    _row("csrc_summary", "证监会事件总结报告", "CSRC incident summary", "cn", "restored", 5,
         "business_days", "report",
         "《证券期货业信息安全事件报告与调查处理办法》（2012）第16–18条",
         moments=("not_restored_30_min", "leak_possible"), enabled=False, check=_CSRC),
)  # fmt: skip
