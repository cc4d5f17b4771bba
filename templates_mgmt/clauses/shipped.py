"""The clauses that every installation starts with: code, name, source, texts."""

from __future__ import annotations

SHIPPED: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "standard_risk",
        "一般风险提示 · General risk statement",
        "《证券期货投资者适当性管理办法》第二十三条; FINRA Rule 2210(d)",
        {
            "zh-hans": "投资有风险，过往表现不代表将来，您可能损失部分或全部本金。",
            "en": "Investing carries risk. Past performance does not tell the future, and you may "
            "lose some or all of your money.",
        },
    ),
    (
        "not_advice",
        "非投资建议 · Not investment advice",
        "《证券投资顾问业务暂行规定》",
        {
            "zh-hans": "本消息仅作通知，不构成投资建议。",
            "en": "This message informs you; it is not investment advice.",
        },
    ),
    (
        "no_codes",
        "不索要密码 · We never ask for codes",
        "",
        {
            "zh-hans": "我们不会通过任何方式索要您的密码或验证码。",
            "en": "We never ask for your password or a code.",
        },
    ),
)
