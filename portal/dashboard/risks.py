"""Tasks of risks: acceptances, rounds, indicators beyond their limit."""

from __future__ import annotations

import datetime as dt

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability as C
from crisis.indicators import selectors as indicators
from crisis.indicators.models import Reading
from crisis.indicators.rules import indicator_of
from crisis.models import Risk
from crisis.risks import selectors as risks
from crisis.risks.rounds import selectors as risk_rounds
from portal.dashboard.tasks import EACH, Task, address


def risks_waiting(actor: Actor, now: dt.datetime) -> list[Task]:
    """Risks to accept or not, risks whose acceptance ran out, rounds to hold (R1, R3)."""
    found: list[Task] = []
    if C.RISK_APPROVE in actor.capabilities:
        for asked in risks.proposed(actor)[:EACH]:
            what = _("Decide whether the house lives with this risk")
            found.append(_risk_task(what, asked.risk, asked.proposed_at))
    if actor.capabilities & {C.RISK_EDIT, C.RISK_APPROVE}:
        what = _("Its acceptance ran out: decide anew")
        found += [_risk_task(what, risk, None) for risk in risks.expired_open(now)[:EACH]]
    if C.RISK_EDIT in actor.capabilities:
        found += [
            Task(
                "clock",
                _("Hold this round of identification"),
                str(late),
                None,
                address("risk-round", args=[late.pk]),
            )
            for late in risk_rounds.overdue(risks.today_of(now))[:EACH]
        ]
    return found


def _risk_task(what: str | Promise, risk: Risk, since: dt.datetime | None) -> Task:
    url = address("risk-detail", args=[risk.pk])
    return Task(icon="risk", what=what, title=str(risk), since=since, url=url)


def indicators_beyond(actor: Actor, now: dt.datetime) -> list[Task]:
    """Indicators that the last whole month left beyond their limit, for who sees risks (R4)."""
    if C.RISK_VIEW not in actor.capabilities:
        return []
    return [
        Task(
            icon="warn",
            what=_("This indicator is beyond its limit"),
            title=_words_of(reading),
            since=None,
            url=address("risk-indicators"),
        )
        for reading in indicators.beyond(risks.today_of(now))[:EACH]
    ]


def _words_of(reading: Reading) -> str:
    """Name, value and limit by the row that held when it was read."""
    row = indicator_of(reading.row)
    sign = "≥" if row.better == "high" else "≤"
    return f"{row.label}: {reading.value.normalize():f} % ({sign} {row.limit} %)"
