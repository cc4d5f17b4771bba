"""The word lists that every installation starts with.

Reasons: 《证券法》 art. 135 (no promise of gain or against loss), 《证券期货投资者适当性管理办法》
art. 22, FINRA Rule 2210(d)(1)(B) (no false, exaggerated, unwarranted or promissory statement).
"""

from __future__ import annotations

from templates_mgmt.lexicon.rules import Example, Lexicon, Words

PROMISE = Words(
    code="promise",
    severity="error",
    why={
        "zh-hans": "该表述承诺收益或保证不受损失，任何公司均不得作此承诺。",
        "en": "It promises a gain or protection against loss, which no firm may promise.",
    },
    fix={
        "zh-hans": "请说明产品的实际情况，并提示投资者可能亏损。",
        "en": "Say what the product does and that the investor may lose money.",
    },
    terms=tuple(
        sorted(
            {
                "保本", "保收益", "保息", "稳赚", "稳赚不赔", "包赚", "必赚", "零风险", "无风险",
                "没有风险", "绝对安全", "刚性兑付", "刚兑", "承诺收益", "保证收益", "收益保证",
                "固定收益承诺", "只涨不跌", "零损失", "guaranteed", "guarantee", "guarantees",
                "risk-free", "no risk", "zero risk", "without risk", "cannot lose", "can't lose",
                "sure win",
            }
        )
    ),
    exceptions=(
        "不", "非", "未", "无法", "不能", "不得", "不会", "并非", "not", "not be", "non", "never",
        "no", "cannot be",
    ),
    examples=(
        Example("本产品保 本保息", hit=True),
        Example("穩賺不賠的機會", hit=True),
        Example("本产品不保本，投资有风险", hit=False),
        Example("ＧＵＡＲＡＮＴＥＥＤ returns", hit=True),
        Example("Returns are not guaranteed", hit=False),
        Example("There is no. Risk is real", hit=False),
    ),
)  # fmt: skip
PRESSURE = Words(
    code="pressure",
    severity="error",
    why={
        "zh-hans": "该表述催促投资者操作，或有夸大之嫌。",
        "en": "It presses the investor to act or exaggerates.",
    },
    fix={
        "zh-hans": "请平实陈述事实并注明来源。",
        "en": "Say the fact plainly, with its source.",
    },
    terms=tuple(
        sorted(
            {
                "最佳投资", "业绩第一", "机会难得", "错过不再", "once in a lifetime",
                "act now or",
            }
        )
    ),
    examples=(
        Example("机会难得，错过不再", hit=True),
        Example("请在截止日前处理", hit=False),
    ),
)  # fmt: skip
SHIPPED = Lexicon((PRESSURE, PROMISE))
NAMES = {"promise": "承诺收益 · Promises", "pressure": "催促与夸大 · Pressure"}
