"""From restored to closed, and back when it fails again."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from crisis.escalation import services as escalation
from crisis.incidents.models import Incident
from crisis.incidents.rules import EntryKind, MomentKind, State
from crisis.incidents.selectors import open_duties
from crisis.incidents.services.common import (
    clean_words,
    locked,
    past_instant,
    reach,
    require_move,
    told,
)


@transaction.atomic
def restore(
    *,
    incident_id: UUID,
    at: dt.datetime | None = None,
    words: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Incident:
    """What failed works again, since `at` (now when absent).

    Raises Forbidden, NotFound, IllegalTransition, InvalidInput `at`.
    """
    require(actor, Capability.CRISIS_RUN)
    incident = locked(incident_id)
    require_move(incident, "restore", State.RESTORED)
    at = past_instant(at, incident, now)
    words = clean_words(words, "words")
    incident.state, incident.restored_at = State.RESTORED.value, at
    incident.save(update_fields=["state", "restored_at"])
    text = _text("Restored: %(words)s") % {"words": words} if words else _text("Restored")
    told(
        "restored", incident, EntryKind.STATE, text, actor=actor, now=now, at=at,
        detail={"to": incident.state},
    )  # fmt: skip
    reach(incident, MomentKind.RESTORED, at=at, actor=actor, now=now)
    return incident


@transaction.atomic
def relapse(*, incident_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Incident:
    """It failed again: back to being handled, with a reason. The limit of the restoration counts
    from the verification, as before.

    Raises Forbidden, NotFound, IllegalTransition, InvalidInput `reason`.
    """
    require(actor, Capability.CRISIS_RUN)
    incident = locked(incident_id)
    reason = clean_words(reason, "reason")
    require_move(incident, "relapse", State.VERIFIED, reason)
    incident.state, incident.state_reason = State.VERIFIED.value, reason
    incident.restored_at = None
    incident.save(update_fields=["state", "state_reason", "restored_at"])
    words = _text("Failed again: %(reason)s") % {"reason": reason}
    told(
        "relapsed", incident, EntryKind.STATE, words,
        actor=actor, now=now, detail={"to": incident.state},
    )  # fmt: skip
    return incident


@transaction.atomic
def close(
    *, incident_id: UUID, words: str, despite: str = "", actor: Actor, now: dt.datetime
) -> Incident:
    """Close a restored incident with closing words. Refused while duties are open, which are
    named, unless `despite` says why; their clocks run on. What repeats until the end, and any
    call that waits for an answer, ends.

    Raises Forbidden, StepUpRequired, NotFound, IllegalTransition, Conflict `duties_open`,
    InvalidInput `words` or `despite`.
    """
    require(actor, Capability.CRISIS_RUN)
    require_step_up(actor, now)
    incident = locked(incident_id)
    words, despite = clean_words(words, "words"), clean_words(despite, "despite")
    if not words:
        raise InvalidInput(
            _("Say in a few words how it ended."), code="reason_required", field="words"
        )
    require_move(incident, "close", State.CLOSED, words)
    duties = open_duties(incident)
    if duties and not despite:
        raise Conflict(
            _("These duties are open: %(duties)s. Fulfil them, or say why you close all the same.")
            % {"duties": "; ".join(str(duty.label) for duty in duties)},
            code="duties_open",
            field="despite",
            details={"duties": [duty.clock.code for duty in duties]},
        )  # fmt: skip
    incident.state, incident.state_reason = State.CLOSED.value, words
    incident.closed_at = now
    incident.save(update_fields=["state", "state_reason", "closed_at"])
    text = _text("Closed: %(words)s") % {"words": words}
    if duties:
        text += "\n" + _text("Open duties, because: %(reason)s") % {"reason": despite}
    told(
        "closed", incident, EntryKind.STATE, text, actor=actor, now=now,
        detail={"to": incident.state, "open_duties": [duty.clock.code for duty in duties]},
    )  # fmt: skip
    escalation.stop(incident=incident, actor=actor, now=now)
    reach(incident, MomentKind.CLOSED, at=now, actor=actor, now=now)
    return incident
