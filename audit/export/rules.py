"""Pure decisions about regulator exports: states and moves, who may see one, its watermark,
how fast the work goes."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability
from core.transitions import Machine, Move


class ExportState(StrEnum):
    """How far an export is. `requested`: waits for a second person; `expired` and `withdrawn`:
    its files are gone, the row and its records stay."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


STATE_LABELS = {
    ExportState.REQUESTED: _("Waiting for approval"),
    ExportState.APPROVED: _("Approved"),
    ExportState.REFUSED: _("Refused"),
    ExportState.BUILDING: _("Being built"),
    ExportState.READY: _("Ready"),
    ExportState.FAILED: _("Failed"),
    ExportState.EXPIRED: _("Expired"),
    ExportState.WITHDRAWN: _("Withdrawn"),
}


class Stage(StrEnum):
    """What the worker does with an export that is being built."""

    WRITING = "writing"
    CHECKING = "checking"
    PACKING = "packing"


STAGE_LABELS = {
    Stage.WRITING: _("Writing records and their proofs"),
    Stage.CHECKING: _("Checking every record with the bag's own verifier"),
    Stage.PACKING: _("Packing the file"),
}


def stage_choices() -> list[tuple[str, object]]:
    """Choices of the model's field."""
    return [(stage.value, label) for stage, label in STAGE_LABELS.items()]


_S = ExportState
EXPORTS = Machine(
    name="export",
    moves={
        (_S.REQUESTED, _S.APPROVED): Move("approve"),
        (_S.REQUESTED, _S.REFUSED): Move("refuse", reason=True),
        (_S.REQUESTED, _S.WITHDRAWN): Move("withdraw", reason=True),
        (_S.APPROVED, _S.BUILDING): Move("build"),
        (_S.APPROVED, _S.WITHDRAWN): Move("withdraw", reason=True),
        (_S.BUILDING, _S.READY): Move("finish"),
        (_S.BUILDING, _S.FAILED): Move("fail"),
        (_S.READY, _S.EXPIRED): Move("expire"),
        (_S.READY, _S.WITHDRAWN): Move("withdraw", reason=True),
    },
)

APPROVED_STATES = frozenset({_S.APPROVED, _S.BUILDING, _S.READY, _S.FAILED, _S.EXPIRED})
UNDER_WAY = frozenset({_S.APPROVED, _S.BUILDING})


def state_choices() -> list[tuple[str, object]]:
    """Choices of the model's field."""
    return [(state.value, label) for state, label in STATE_LABELS.items()]


PART = 50_000
"""Records after which a part of a bag is kept for good: what a killed worker has to lose."""


def parts_in(records: int) -> int:
    """How many parts a bag of so many records has."""
    return records // PART + 1


# --- who may see it -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parties:
    """The people of one export, and whether it ever was made."""

    requested_by: UUID | None
    decided_by: UUID | None
    recipient_user: UUID | None
    waiting: bool
    made: bool


def may_see(actor: Actor, export: Parties) -> bool:
    """Whether `actor` may know that this export exists.

    Auditors see all; approvers those that wait, and those that they decided; a named recipient
    those that were made for them; who asked for one always sees it. Nobody else, whatever role.
    """
    if actor.user_id is None:
        return False
    if Capability.AUDIT_BROWSE in actor.capabilities or actor.user_id == export.requested_by:
        return True
    if Capability.EXPORTS_APPROVE in actor.capabilities:
        return export.waiting or actor.user_id == export.decided_by
    handed_out = export.made and actor.user_id == export.recipient_user
    return handed_out and Capability.EXPORTS_DOWNLOAD in actor.capabilities


# --- the watermark --------------------------------------------------------------------------

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_READ_AS = str.maketrans("ILO", "110", " -")
_GROUPS, _GROUP = 4, 4


def new_watermark() -> str:
    """80 random bits as `XXXX-XXXX-XXXX-XXXX`: names one export, and so one recipient."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def read_watermark(text: str) -> str | None:
    """A watermark as somebody typed it off a page, in its own spelling; None if it is none."""
    plain = text.strip().upper().translate(_READ_AS)
    if len(plain) != _GROUPS * _GROUP or not set(plain) <= set(_ALPHABET):
        return None
    return "-".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


def in_groups(text: str, size: int = 4) -> list[str]:
    """`text` cut into groups for reading aloud."""
    return [text[at : at + size] for at in range(0, len(text), size)]


# --- time -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a build goes: records per second, and the time left; None while unknown."""

    rate: float | None
    left: dt.timedelta | None


def pace(
    *, done: int, total: int, started: dt.datetime | None, now: dt.datetime, before: int = 0
) -> Pace:
    """The pace of a build that wrote `done` of `total` records, all but `before` of them since
    `started`."""
    seconds = (now - started).total_seconds() if started else 0.0
    if done <= before or seconds < 0.5:
        return Pace(None, None)
    rate = (done - before) / seconds
    return Pace(rate, dt.timedelta(seconds=max(0, total - done) / rate))


def expiry(made: dt.datetime, days: int) -> dt.datetime:
    """When the files of an export made at `made` go, `days` later."""
    return made + dt.timedelta(days=days)
