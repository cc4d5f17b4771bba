"""Pure decisions about notices and deliveries: states and moves, channel plans, receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, Move
from templates_mgmt.rules import CHANNEL_LABELS, Channel

__all__ = ["CHANNEL_LABELS", "Channel"]

# What a notice can go out on. A version may have words for more channels (push, chat, a script
# for the hotline): nothing here sends those, so no plan can name them.
SENT = (Channel.SMS, Channel.EMAIL, Channel.INBOX)


class NoticeState(StrEnum):
    """Where a notice stands. `ready`: submitted for release with its dry run; `released`: let
    out, planning not begun; `sending`: planned deliveries go out, also while planning goes on;
    `done`: planning is over and every delivery is settled."""

    DRAFT = "draft"
    READY = "ready"
    RELEASED = "released"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


NOTICE_STATE_LABELS = {
    NoticeState.DRAFT: _("Draft"),
    NoticeState.READY: _("Waiting for release"),
    NoticeState.RELEASED: _("Released"),
    NoticeState.SENDING: _("Going out"),
    NoticeState.PAUSED: _("Paused"),
    NoticeState.DONE: _("Done"),
    NoticeState.CANCELLED: _("Cancelled"),
}

NOTICES = Machine(
    name="notice",
    moves={
        (NoticeState.DRAFT, NoticeState.READY): Move("submit"),
        (NoticeState.READY, NoticeState.DRAFT): Move("take_back", reason=True),
        (NoticeState.READY, NoticeState.RELEASED): Move("release"),
        (NoticeState.RELEASED, NoticeState.SENDING): Move("start"),
        (NoticeState.SENDING, NoticeState.DONE): Move("finish"),
        (NoticeState.RELEASED, NoticeState.PAUSED): Move("pause", reason=True),
        (NoticeState.SENDING, NoticeState.PAUSED): Move("pause", reason=True),
        (NoticeState.PAUSED, NoticeState.RELEASED): Move("resume", reason=True),
        (NoticeState.PAUSED, NoticeState.SENDING): Move("resume", reason=True),
        (NoticeState.DRAFT, NoticeState.CANCELLED): Move("cancel", reason=True),
        (NoticeState.READY, NoticeState.CANCELLED): Move("cancel", reason=True),
        (NoticeState.RELEASED, NoticeState.CANCELLED): Move("cancel", reason=True),
        (NoticeState.SENDING, NoticeState.CANCELLED): Move("cancel", reason=True),
        (NoticeState.PAUSED, NoticeState.CANCELLED): Move("cancel", reason=True),
    },
)


class DeliveryState(StrEnum):
    """Where a delivery stands.

    `standby`: a fallback not needed yet; `held`: quiet hours, until `due_at`; `sending`: claimed
    by a worker, the provider may have it; `refused`: consent, suppression or approval was gone
    at the instant of sending; `unconfirmed`: handed over, and no way left to learn whether the
    provider took it.
    """

    STANDBY = "standby"
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"
    NOT_NEEDED = "not_needed"


DELIVERY_STATE_LABELS = {
    DeliveryState.STANDBY: _("Standing by"),
    DeliveryState.HELD: _("Held back"),
    DeliveryState.QUEUED: _("Queued"),
    DeliveryState.SENDING: _("Being handed over"),
    DeliveryState.ACCEPTED: _("Accepted by the provider"),
    DeliveryState.DELIVERED: _("Delivered"),
    DeliveryState.FAILED: _("Failed"),
    DeliveryState.REFUSED: _("Refused at sending"),
    DeliveryState.UNCONFIRMED: _("Not confirmed"),
    DeliveryState.CANCELLED: _("Cancelled"),
    DeliveryState.NOT_NEEDED: _("Not needed"),
}

_S = DeliveryState
OPEN = frozenset({_S.STANDBY, _S.HELD, _S.QUEUED, _S.SENDING})
HANDED_OVER = frozenset({_S.ACCEPTED, _S.DELIVERED})
UNREACHED = frozenset({_S.FAILED, _S.REFUSED, _S.UNCONFIRMED, _S.CANCELLED})

DELIVERIES = Machine(
    name="delivery",
    moves={
        (_S.STANDBY, _S.QUEUED): Move("activate"),
        (_S.STANDBY, _S.NOT_NEEDED): Move("spare"),
        (_S.STANDBY, _S.CANCELLED): Move("cancel"),
        (_S.HELD, _S.QUEUED): Move("due"),
        (_S.HELD, _S.CANCELLED): Move("cancel"),
        (_S.QUEUED, _S.SENDING): Move("claim"),
        (_S.QUEUED, _S.HELD): Move("hold"),
        (_S.QUEUED, _S.REFUSED): Move("refuse"),
        (_S.QUEUED, _S.FAILED): Move("fail"),
        (_S.QUEUED, _S.CANCELLED): Move("cancel"),
        (_S.QUEUED, _S.UNCONFIRMED): Move("give_up"),
        (_S.SENDING, _S.ACCEPTED): Move("accept"),
        (_S.SENDING, _S.DELIVERED): Move("deliver"),
        (_S.SENDING, _S.QUEUED): Move("retry"),
        (_S.SENDING, _S.FAILED): Move("fail"),
        (_S.SENDING, _S.UNCONFIRMED): Move("give_up"),
        (_S.UNCONFIRMED, _S.ACCEPTED): Move("accept"),
        (_S.UNCONFIRMED, _S.DELIVERED): Move("deliver"),
        (_S.UNCONFIRMED, _S.FAILED): Move("fail"),
        (_S.ACCEPTED, _S.DELIVERED): Move("deliver"),
        (_S.ACCEPTED, _S.FAILED): Move("bounce"),
        (_S.DELIVERED, _S.FAILED): Move("bounce"),
        (_S.FAILED, _S.DELIVERED): Move("deliver"),
    },
)


class Evidence(IntEnum):
    """How sure we are that the investor has the message (D12). Gaps leave room."""

    NONE = 0
    ACCEPTED = 10
    DELIVERED = 20
    MACHINE_OPENED = 30
    OPENED = 40
    VIEWED = 50
    ACKNOWLEDGED = 60
    ANSWERED = 70

    @property
    def read(self) -> bool:
        """Whether a person read it: what a bot or a prefetching mail client opens never is."""
        return self >= Evidence.OPENED


EVIDENCE_LABELS = {
    Evidence.NONE: _("No evidence"),
    Evidence.ACCEPTED: _("Accepted by the provider"),
    Evidence.DELIVERED: _("Delivered"),
    Evidence.MACHINE_OPENED: _("Opened by a machine"),
    Evidence.OPENED: _("Opened"),
    Evidence.VIEWED: _("Viewed in the portal"),
    Evidence.ACKNOWLEDGED: _("Acknowledged"),
    Evidence.ANSWERED: _("Answered"),
}


class EventKind(StrEnum):
    """What may happen to a delivery; the same words for every provider (D11)."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    MACHINE_OPENED = "machine_opened"
    OPENED = "opened"
    CLICKED = "clicked"
    VIEWED = "viewed"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    DELAYED = "delayed"
    FAILED = "failed"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    REQUEUED = "requeued"
    HELD = "held"
    RELEASED = "released"
    ACTIVATED = "activated"
    NOT_NEEDED = "not_needed"
    CANCELLED = "cancelled"


EVENT_LABELS = {
    EventKind.ACCEPTED: _("Accepted by the provider"),
    EventKind.DELIVERED: _("Delivered"),
    EventKind.MACHINE_OPENED: _("Opened by a machine"),
    EventKind.OPENED: _("Opened"),
    EventKind.CLICKED: _("Link followed"),
    EventKind.VIEWED: _("Viewed in the portal"),
    EventKind.ACKNOWLEDGED: _("Acknowledged"),
    EventKind.ANSWERED: _("Answered"),
    EventKind.BOUNCED: _("Bounced"),
    EventKind.COMPLAINED: _("Complained"),
    EventKind.UNSUBSCRIBED: _("Unsubscribed"),
    EventKind.DELAYED: _("Refused for now, will be tried again"),
    EventKind.FAILED: _("Failed"),
    EventKind.REFUSED: _("Refused at sending"),
    EventKind.UNCONFIRMED: _("Outcome unknown"),
    EventKind.REQUEUED: _("Taken up again after an interruption"),
    EventKind.HELD: _("Held back for quiet hours"),
    EventKind.RELEASED: _("Quiet hours over"),
    EventKind.ACTIVATED: _("Fallback started"),
    EventKind.NOT_NEEDED: _("Fallback not needed"),
    EventKind.CANCELLED: _("Cancelled"),
}


class Criticality(StrEnum):
    """How much depends on the notice arriving (D2)."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    ROUTINE = "routine"


CRITICALITY_LABELS = {
    Criticality.CRITICAL: _("Critical"),
    Criticality.IMPORTANT: _("Important"),
    Criticality.ROUTINE: _("Routine"),
}


def _choices(labels: Mapping[Any, object]) -> list[tuple[object, object]]:
    return [(member.value, label) for member, label in labels.items()]


def notice_state_choices() -> list[tuple[object, object]]:
    """Value and label of every notice state."""
    return _choices(NOTICE_STATE_LABELS)


def delivery_state_choices() -> list[tuple[object, object]]:
    """Value and label of every delivery state."""
    return _choices(DELIVERY_STATE_LABELS)


def channel_choices() -> list[tuple[object, object]]:
    """Value and label of every channel."""
    return _choices(CHANNEL_LABELS)


def evidence_choices() -> list[tuple[object, object]]:
    """Value and label of every grade of evidence."""
    return _choices(EVIDENCE_LABELS)


def event_choices() -> list[tuple[object, object]]:
    """Value and label of every kind of event."""
    return _choices(EVENT_LABELS)


def criticality_choices() -> list[tuple[object, object]]:
    """Value and label of every class."""
    return _choices(CRITICALITY_LABELS)


# Receipts -----------------------------------------------------------------------------------

EVENT_EVIDENCE = {
    EventKind.ACCEPTED: Evidence.ACCEPTED,
    EventKind.DELIVERED: Evidence.DELIVERED,
    EventKind.MACHINE_OPENED: Evidence.MACHINE_OPENED,
    EventKind.OPENED: Evidence.OPENED,
    EventKind.CLICKED: Evidence.OPENED,
    EventKind.VIEWED: Evidence.VIEWED,
    EventKind.ACKNOWLEDGED: Evidence.ACKNOWLEDGED,
    EventKind.ANSWERED: Evidence.ANSWERED,
    EventKind.COMPLAINED: Evidence.DELIVERED,
    EventKind.UNSUBSCRIBED: Evidence.DELIVERED,
}
_AFTER_HAND_OVER = frozenset({_S.SENDING, _S.UNCONFIRMED, _S.ACCEPTED, _S.DELIVERED, _S.FAILED})


def apply_event(
    state: DeliveryState, evidence: Evidence, kind: EventKind
) -> tuple[DeliveryState, Evidence]:
    """What a provider's or an investor's event makes of a delivery.

    Order and repetition make no difference: evidence is a maximum, and a bounce outweighs
    everything short of a person having opened the message. Deliveries that were never handed
    over keep their state.
    """
    if state not in _AFTER_HAND_OVER:
        return state, evidence
    reached = max(evidence, EVENT_EVIDENCE.get(kind, Evidence.NONE))
    bounced = state == _S.FAILED or kind in (EventKind.BOUNCED, EventKind.FAILED)
    if bounced and not reached.read:
        return _S.FAILED, reached
    if reached >= Evidence.DELIVERED:
        return _S.DELIVERED, reached
    if reached >= Evidence.ACCEPTED and state in (_S.SENDING, _S.UNCONFIRMED):
        return _S.ACCEPTED, reached
    return state, reached


def apply_events(
    state: DeliveryState, evidence: Evidence, kinds: Iterable[EventKind]
) -> tuple[DeliveryState, Evidence]:
    """`apply_event` for several events; any order gives the same result."""
    for kind in kinds:
        state, evidence = apply_event(state, evidence, kind)
    return state, evidence
