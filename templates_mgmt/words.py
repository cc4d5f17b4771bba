"""Promissory words that a securities firm may not use towards investors.

A list, so that compliance can review it as data. The reasons: 《证券法》 art. 135 (no promise of
gain or against loss), 《证券期货投资者适当性管理办法》 art. 22, FINRA Rule 2210(d)(1)(B) (no false,
exaggerated, unwarranted or promissory statement).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ForbiddenTerm:
    """A term, why it is forbidden, and what to write instead."""

    term: str
    why: str | Promise
    fix: str | Promise


_NO_PROMISE = _("It promises a gain or protection against loss, which no firm may promise.")
_STATE_RISK = _("Say what the product does and that the investor may lose money.")
_NO_PRESSURE = _("It presses the investor to act or exaggerates.")
_PLAIN = _("Say the fact plainly, with its source.")

FORBIDDEN: tuple[ForbiddenTerm, ...] = (
    *(
        ForbiddenTerm(term, _NO_PROMISE, _STATE_RISK)
        for term in (
            "保本", "保收益", "保息", "稳赚", "稳赚不赔", "包赚", "必赚", "零风险", "无风险",
            "没有风险", "绝对安全", "刚性兑付", "刚兑", "承诺收益", "保证收益", "收益保证",
            "固定收益承诺", "只涨不跌", "零損失", "穩賺", "零風險", "無風險",
            "guaranteed", "guarantee", "guarantees", "risk-free", "risk free", "no risk",
            "zero risk", "without risk", "cannot lose", "can't lose", "sure win",
        )
    ),
    *(
        ForbiddenTerm(term, _NO_PRESSURE, _PLAIN)
        for term in (
            "最佳投资", "业绩第一", "机会难得", "错过不再", "once in a lifetime", "act now or",
        )
    ),
)  # fmt: skip

NEGATIONS_ZH = ("不", "非", "未", "无法", "不能", "不得", "不会", "並非", "并非")
NEGATIONS_EN = ("not", "not be", "non", "never", "no", "cannot be")
