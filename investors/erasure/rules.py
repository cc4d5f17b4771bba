"""Which grounds an erasure may have, how it proceeds, and by when it must be answered. Pure."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from core.transitions import Machine, Move

# GDPR Art. 12(3): one month; 个人信息安全规范 (GB/T 35273-2020) 8.7: thirty days. The shorter.
ANSWER_WITHIN = dt.timedelta(days=30)


class Ground(StrEnum):
    """Why data must go: PIPL Art. 47, GDPR Art. 17(1)."""

    PURPOSE = "purpose"
    CONSENT = "consent"
    OBJECTION = "objection"
    UNLAWFUL = "unlawful"
    ORDER = "order"


ERASURES = Machine(
    name="erasure",
    moves={
        ("requested", "erased"): Move("approve"),
        ("requested", "refused"): Move("refuse", reason=True),
        ("requested", "withdrawn"): Move("withdraw"),
    },
)


def answer_due(received: dt.datetime) -> dt.datetime:
    """The last instant for an answer to the person."""
    return received + ANSWER_WITHIN
