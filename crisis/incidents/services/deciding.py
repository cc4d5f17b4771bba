"""What the incident is, and how grave: verify, change the tier, dismiss, record a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from core.access import require, require_step_up
from core.actor import Actor
from core.clock import isoformat
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from crisis.clocks import services as clocks
from crisis.escalation import services as escalation
from crisis.incidents import rules
from crisis.incidents.models import Incident, TierDecision
from crisis.incidents.rules import LEAD, EntryKind, MomentKind, Nature, State
from crisis.incidents.services.common import (
    clean_words,
    locked,
    past_instant,
    reach,
    require_move,
    require_open,
    require_person,
    told,
)
from crisis.incidents.services.staffing import give, man_the_tier
from crisis.plans import rules as plans


@transaction.atomic
def verify(
    *,
    incident_id: UUID,
    nature: str,
    scope: Mapping[str, Any],
    tier: str = "",
    reason: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Incident:
    """Say what it is and what it hits (C2). The rule of the frozen plan gives the tier; another
    `tier` needs a `reason` (C3). Whoever verifies leads, until somebody else takes the lead.

    Raises Forbidden, NotFound, IllegalTransition, InvalidInput `nature`, `scope`, `tier`,
    `reason`.
    """
    require(actor, Capability.CRISIS_RUN)
    person = require_person(actor)
    incident = locked(incident_id)
    require_move(incident, "verify", State.VERIFIED)
    if nature not in set(Nature):
        raise InvalidInput(_("Say what kind of trouble it is."), field="nature")
    scope = rules.clean_scope(scope)
    if rules.is_blank_scope(scope):
        raise InvalidInput(
            _("Say what is hit: a system, a branch, a product, a channel, or how many investors."),
            field="scope",
        )
    proposed = proposed_tier(incident, nature=nature, scope=scope, now=now)
    tier = tier or proposed
    decided = _decide(incident, tier, proposed=proposed, reason=reason, person=person, now=now)
    incident.state, incident.nature, incident.scope = State.VERIFIED.value, nature, scope
    incident.tier, incident.verified_at = tier, now
    incident.save(update_fields=["state", "nature", "scope", "tier", "verified_at"])
    told(
        "verified", incident, EntryKind.STATE, _verified_words(incident, decided),
        actor=actor, now=now,
        detail={"to": incident.state, "nature": nature, "tier": tier, "proposed": proposed},
        payload={"scope": scope},
    )  # fmt: skip
    reach(incident, MomentKind.VERIFIED, at=now, actor=actor, now=now)
    _reach_of_nature(incident, actor=actor, now=now)
    if incident.lead_id is None:
        give(incident, LEAD, person, actor=actor, now=now)
    man_the_tier(incident, actor=actor, now=now)
    return incident


@transaction.atomic
def change_tier(
    *, incident_id: UUID, tier: str, reason: str, actor: Actor, now: dt.datetime
) -> Incident:
    """Up or down, with a reason (C3). A graver tier calls its roles out and starts its clocks; a
    milder one ends no duty to a regulator that has begun: that is called off by hand.

    Raises Forbidden, StepUpRequired, NotFound, Conflict, InvalidInput `tier` or `reason`.
    """
    require(actor, Capability.CRISIS_RUN)
    require_step_up(actor, now)
    person = require_person(actor)
    incident = locked(incident_id)
    require_open(incident)
    if incident.state == State.ALARMED:
        raise Conflict(_("Verify the incident first."), code="not_verified")
    if tier == incident.tier:
        raise InvalidInput(_("It is of this tier already."), code="unchanged", field="tier")
    proposed = proposed_tier(incident, nature=incident.nature, scope=incident.scope, now=now)
    before = incident.tier
    decided = _decide(incident, tier, proposed=proposed, reason=reason, person=person, now=now)
    incident.tier = tier
    incident.save(update_fields=["tier"])
    words = (
        _text("Upgraded to %(tier)s: %(reason)s")
        if plans.is_upgrade(incident.plan, old=before, new=tier)
        else _text("Downgraded to %(tier)s: %(reason)s")
    )
    told(
        "tier_changed", incident, EntryKind.STATE,
        words % {"tier": plans.level_name(incident.plan, tier), "reason": decided.reason},
        actor=actor, now=now, detail={"before": before, "tier": tier, "proposed": proposed},
    )  # fmt: skip
    _reach_of_nature(incident, actor=actor, now=now)
    clocks.reconsider(incident=incident, actor=actor, now=now)
    man_the_tier(incident, actor=actor, now=now)
    return incident


@transaction.atomic
def dismiss(*, incident_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Incident:
    """A false alarm (C1): the incident ends, with the reason; its clocks are cancelled.

    Raises Forbidden, StepUpRequired, NotFound, IllegalTransition, InvalidInput `reason`.
    """
    require(actor, Capability.CRISIS_RUN)
    require_step_up(actor, now)
    incident = locked(incident_id)
    return end_as_false(incident, reason=reason, actor=actor, now=now)


def end_as_false(
    incident: Incident,
    *,
    reason: str,
    actor: Actor,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> Incident:
    """The dismissal itself, of a locked incident. The caller is in a transaction and has checked
    who asks."""
    reason = clean_words(reason, "reason")
    require_move(incident, "dismiss", State.DISMISSED, reason)
    incident.state, incident.state_reason = State.DISMISSED.value, reason
    incident.closed_at = now
    incident.save(update_fields=["state", "state_reason", "closed_at"])
    words = _text("False alarm: %(reason)s") % {"reason": reason}
    told(
        "dismissed", incident, EntryKind.STATE, words,
        actor=actor, now=now, detail={"to": incident.state, **(detail or {})},
    )  # fmt: skip
    escalation.stop(incident=incident, actor=actor, now=now)
    clocks.cancel_running(incident=incident, reason=reason, actor=actor, now=now)
    return incident


@transaction.atomic
def record_moment(
    *,
    incident_id: UUID,
    kind: str,
    at: dt.datetime | None = None,
    note: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Incident:
    """Record that a duty's moment was reached (`rules.BY_HAND`), with the instant at which it
    happened: the clocks that begin there count from then.

    Raises Forbidden, NotFound, Conflict, InvalidInput `kind` or `at`.
    """
    require(actor, Capability.CRISIS_RUN)
    incident = locked(incident_id)
    require_open(incident)
    if kind not in set(rules.BY_HAND):
        raise InvalidInput(_("There is no such moment to record."), field="kind")
    moment = MomentKind(kind)
    at = past_instant(at, incident, now)
    if incident.moments.filter(kind=kind).exists():
        raise Conflict(
            _("“%(moment)s” is recorded already; the first time counts.")
            % {"moment": rules.MOMENT_LABELS[moment]},
            code="moment_recorded",
        )
    words = str(rules.MOMENT_LABELS[moment])
    if note := clean_words(note, "note"):
        words = f"{words}: {note}"
    told(
        "moment_recorded", incident, EntryKind.STATE, words,
        actor=actor, now=now, at=at, detail={"moment": kind}, payload={"at": isoformat(at)},
    )  # fmt: skip
    reach(incident, moment, at=at, actor=actor, now=now)
    return incident


def proposed_tier(
    incident: Incident, *, nature: str, scope: Mapping[str, Any], now: dt.datetime
) -> str:
    """What the rule of the frozen plan says of such an incident now."""
    minutes = rules.minutes_between(incident.since, incident.restored_at or now)
    return plans.tier_for(incident.plan, nature=nature, scope=scope, minutes=minutes).level


def _decide(
    incident: Incident, tier: str, *, proposed: str, reason: str, person: UUID, now: dt.datetime
) -> TierDecision:
    if plans.level(incident.plan, tier) is None:
        raise InvalidInput(_("The plan knows no such tier."), field="tier")
    reason = clean_words(reason, "reason")
    if not reason and (incident.tier or tier != proposed):
        raise InvalidInput(
            _("Give a reason: the rule of the plan says “%(tier)s”.")
            % {"tier": plans.level_name(incident.plan, proposed)},
            code="reason_required",
            field="reason",
        )
    return TierDecision.objects.create(
        incident=incident, before=incident.tier, tier=tier, proposed=proposed, reason=reason,
        decided_at=now, decided_by_id=person,
    )  # fmt: skip


def _verified_words(incident: Incident, decided: TierDecision) -> str:
    words = _text("Verified: %(nature)s, %(tier)s") % {
        "nature": rules.NATURE_LABELS[Nature(incident.nature)],
        "tier": plans.level_name(incident.plan, incident.tier),
    }
    return f"{words}. {decided.reason}" if decided.reason else words


def _reach_of_nature(incident: Incident, *, actor: Actor, now: dt.datetime) -> None:
    """The moments that nature and tier bring with them."""
    if plans.is_major(incident.plan, incident.tier):
        reach(incident, MomentKind.MAJOR, at=now, actor=actor, now=now)
    if incident.nature == Nature.LEAK:
        reach(incident, MomentKind.LEAK, at=now, actor=actor, now=now)
