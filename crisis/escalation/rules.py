"""States of calls, and the rule of who is called next. Pure.

A role is called out: its people get calls one after another, each with some minutes to answer.
The first acknowledgement of anybody who was called ends it. Who declines hands on at once. When
the chain is gone through, the role is exhausted, which is recorded and shown; somebody who was
called may still acknowledge.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, Move


class PageState(StrEnum):
    """Where the calling out of one role stands."""

    CALLING = "calling"
    ANSWERED = "answered"
    EXHAUSTED = "exhausted"
    STOPPED = "stopped"


PAGE_LABELS = {
    PageState.CALLING: _("Being called"),
    PageState.ANSWERED: _("Acknowledged"),
    PageState.EXHAUSTED: _("Nobody answered"),
    PageState.STOPPED: _("Called off"),
}
PAGE_MACHINE = Machine(
    name="page",
    moves={
        (PageState.CALLING, PageState.ANSWERED): Move("answer"),
        (PageState.CALLING, PageState.EXHAUSTED): Move("exhaust"),
        (PageState.CALLING, PageState.STOPPED): Move("stop"),
        (PageState.EXHAUSTED, PageState.ANSWERED): Move("answer"),
    },
)


class CallState(StrEnum):
    """Where one call to one person stands."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


CALL_LABELS = {
    CallState.WAITING: _("Waiting for an answer"),
    CallState.ACKNOWLEDGED: _("Acknowledged"),
    CallState.DECLINED: _("Declined"),
    CallState.MISSED: _("No answer in time"),
    CallState.WITHDRAWN: _("No longer needed"),
}
CALL_MACHINE = Machine(
    name="call",
    moves={
        (CallState.WAITING, CallState.ACKNOWLEDGED): Move("acknowledge"),
        (CallState.WAITING, CallState.DECLINED): Move("decline", reason=True),
        (CallState.WAITING, CallState.MISSED): Move("miss"),
        (CallState.WAITING, CallState.WITHDRAWN): Move("withdraw"),
        (CallState.MISSED, CallState.ACKNOWLEDGED): Move("acknowledge"),
    },
)
ANSWERABLE = frozenset({CallState.WAITING, CallState.MISSED})
PAGE_ANSWERABLE = frozenset({PageState.CALLING, PageState.EXHAUSTED})


class Mail(StrEnum):
    """What became of the e-mail of a call."""

    NONE = "none"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


MAIL_LABELS = {
    Mail.NONE: _("On screen only: no e-mail address"),
    Mail.QUEUED: _("E-mail queued"),
    Mail.SENDING: _("E-mail being sent"),
    Mail.SENT: _("E-mail sent"),
    Mail.FAILED: _("E-mail failed"),
    Mail.DROPPED: _("E-mail not sent: no longer needed"),
}
MAIL_LEASE = 120  # seconds a worker may take to hand over one e-mail
MAIL_TRIES = 5
