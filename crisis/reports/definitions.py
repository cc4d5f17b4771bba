"""The form of each statutory clock, as data. Pure.

The fields follow what the source asks for; they are a working paper for the regulator's own
portal or template, not that template. `fill` names the fact of the incident that pre-fills a
field (`rules.FACTS`). A clock without a form of its own gets `GENERAL`.
"""

from __future__ import annotations

from dataclasses import dataclass

from crisis.clocks.rules import spoken

TEXT, LONG, TIME, NUMBER = "text", "long", "time", "number"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind`: text, long, time (with its offset from UTC) or number."""

    name: str
    zh: str
    en: str
    kind: str = TEXT
    fill: str = ""
    required: bool = True

    @property
    def label(self) -> str:
        """What it is called, in the language of the reader."""
        return spoken({"zh-hans": self.zh, "en": self.en})


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `language`: in which it is pre-filled and handed in."""

    regulator: str
    language: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)


_WHAT = (
    Field("reference", "事件编号", "Reference of the incident", fill="code"),
    Field("what", "事件概况", "What happened", LONG, "title"),
    Field("nature", "事件类型", "Nature", fill="nature"),
)
_TIMES = (
    Field("since", "发生时间", "Began at", TIME, "since"),
    Field("aware", "知悉时间", "The firm became aware at", TIME, "aware"),
)
_SCOPE = (
    Field("systems", "受影响的系统", "Systems hit", LONG, "systems", required=False),
    Field(
        "products",
        "受影响的产品与业务",
        "Products and services hit",
        LONG,
        "products",
        required=False,
    ),
    Field(
        "investors",
        "受影响的投资者人数（估计）",
        "Investors hit, estimated",
        NUMBER,
        "investors",
        required=False,
    ),
)
_MEASURES = Field("measures", "已采取的措施", "Measures taken", LONG, "measures")
_CONTACT = Field(
    "contact", "联系人及联系方式", "Contact person and how to reach them", fill="contact"
)
_TIER = Field("tier", "事件级别", "Tier", fill="tier")
_CAUSE = Field("cause", "原因分析", "Root cause", LONG)
_RESTORED = Field("restored", "恢复时间", "Restored at", TIME, "restored", required=False)
_LESSONS = Field("lessons", "整改与防范措施", "What changes so that it does not come again", LONG)
_DATA = (
    Field("data", "涉及的个人信息种类", "Kinds of personal data concerned", LONG),
    Field("harm", "可能造成的危害", "Likely consequences", LONG),
)
_CASE = (*_WHAT, _TIER, *_TIMES, *_SCOPE, _MEASURES, _CONTACT)

GENERAL = Form("", "en", _CASE)

FORMS: dict[str, Form] = {
    "dora_initial": Form("Competent authority (DORA)", "en", (
        *_WHAT,
        Field("classified", "认定为重大事件的时间", "Classified as major at", TIME, "classified"),
        *_TIMES,
        Field("criteria", "触发的分级标准", "Classification criteria met", LONG, "tier"),
        Field("countries", "受影响的成员国", "Member States hit", required=False),
        Field("continuity", "是否启动业务连续性计划", "Business continuity plan activated", LONG,
              required=False),
        *_SCOPE, _MEASURES, _CONTACT,
    )),
    "dora_intermediate": Form("Competent authority (DORA)", "en", (
        *_WHAT, *_TIMES, _RESTORED, *_SCOPE, _MEASURES,
        Field("cause", "初步原因", "Cause, as far as known", LONG),
        Field("changes", "与初始通知相比的变化", "What changed since the initial notification",
              LONG),
        _CONTACT,
    )),
    "dora_final": Form("Competent authority (DORA)", "en", (
        *_WHAT, *_TIMES, _RESTORED, *_SCOPE, _MEASURES, _CAUSE, _LESSONS,
        Field("costs", "损失与费用", "Direct and indirect costs and losses", LONG), _CONTACT,
    )),
    "gdpr_breach": Form("Supervisory authority (GDPR)", "en", (
        *_WHAT, *_TIMES,
        Field("subjects", "受影响的数据主体人数与类别", "Data subjects: kinds and number", LONG,
              "investors"),
        *_DATA, _MEASURES, _CONTACT,
        Field("late", "未在72小时内通知的原因", "Reason when later than 72 hours", LONG,
              required=False),
    )),
    "sec_8k": Form("SEC", "en", (
        Field("material", "认定为重大的时间", "Found to be material at", TIME, "material"),
        Field("what", "性质、范围与时间", "Nature, scope and timing", LONG, "title"),
        Field("impact", "重大影响或合理可能的重大影响",
              "Material impact, or reasonably likely material impact", LONG),
        *_SCOPE,
        Field("unknown", "尚未确定的信息", "What is not determined yet", LONG, required=False),
        _CONTACT,
    )),
    "regsp_customers": Form("Customers (Regulation S-P)", "en", (
        *_WHAT, *_TIMES, *_DATA,
        Field("steps", "客户可采取的保护措施", "What customers can do", LONG), _CONTACT,
    )),
    "regsp_vendor": Form("Received from the vendor (Regulation S-P)", "en", (
        *_WHAT, *_TIMES, Field("vendor", "服务商", "Vendor"), *_DATA, _MEASURES, _CONTACT,
    )),
    "nydfs_event": Form("NYDFS", "en", _CASE),
    "nydfs_payment": Form("NYDFS", "en", (
        *_WHAT, Field("paid", "付款时间", "Paid at", TIME, "paid"),
        Field("amount", "金额与方式", "Amount and means"), _CONTACT,
    )),
    "nydfs_explanation": Form("NYDFS", "en", (
        *_WHAT, Field("paid", "付款时间", "Paid at", TIME, "paid"),
        Field("why", "付款的必要性", "Why the payment was necessary", LONG),
        Field("others", "考虑过的其他办法", "Alternatives considered", LONG),
        Field("sanctions", "制裁合规核查", "Diligence on sanctions", LONG), _CONTACT,
    )),
    "cac_initial": Form("网信部门", "zh-hans", (*_CASE, _DATA[1])),
    "cac_initial_operator": Form("网信部门", "zh-hans", (*_CASE, _DATA[1])),
    "cac_final": Form("网信部门", "zh-hans", (*_CASE, _RESTORED, _CAUSE, _DATA[1], _LESSONS)),
    "pipl_leak": Form("履行个人信息保护职责的部门", "zh-hans", (
        *_WHAT, *_TIMES, *_DATA, _SCOPE[2], _MEASURES,
        Field("advice", "个人可采取的减轻危害措施", "What individuals can do to limit harm", LONG),
        _CONTACT,
    )),
    "csrc_incident": Form("证监会派出机构", "zh-hans", _CASE),
    "csrc_summary": Form("证监会派出机构", "zh-hans", (*_CASE, _RESTORED, _CAUSE, _LESSONS)),
}  # fmt: skip


def form_for(code: str) -> Form:
    """The form of the clock `code`."""
    return FORMS.get(code, GENERAL)
