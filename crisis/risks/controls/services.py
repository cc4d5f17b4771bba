"""Writes on controls and on the risks they act on (R3)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability
from crisis.risks.controls import rules
from crisis.risks.controls.models import Control, ControlEvidence, ControlUse
from crisis.risks.evidence import SOURCES
from crisis.risks.recording import locked_live, next_code, note, note_object, staff_member, today_of
from crisis.risks.rules import MAX_TITLE, clean_line, clean_text

EDIT = Capability.RISK_EDIT


@transaction.atomic
def create_control(
    *,
    title: str,
    kind: str,
    frequency: str,
    owner_id: UUID,
    actor: Actor,
    now: dt.datetime,
    description: str = "",
    source: str = "",
) -> Control:
    """Add a control; needs RISK_EDIT. Raises InvalidInput naming the field."""
    require(actor, EDIT)
    words = _words(title, kind, frequency, owner_id, description, source)
    control = Control(code=next_code(Control, "C", now), created_at=now, **words)
    control.save(force_insert=True)
    _note("control_created", control, actor=actor, now=now, **_told(control))
    return control


@transaction.atomic
def change_control(
    *,
    control_id: UUID,
    title: str,
    kind: str,
    frequency: str,
    owner_id: UUID,
    actor: Actor,
    now: dt.datetime,
    description: str = "",
    source: str = "",
) -> Control:
    """Change a control; needs RISK_EDIT. Raises InvalidInput naming the field, NotFound, or
    Conflict for a retired one."""
    require(actor, EDIT)
    control = _locked(control_id)
    words = _words(title, kind, frequency, owner_id, description, source)
    for name, value in words.items():
        setattr(control, name, value)
    control.save()
    _note("control_changed", control, actor=actor, now=now, **_told(control))
    return control


@transaction.atomic
def retire_control(*, control_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Control:
    """Retire a control that no risk relies on any more; needs RISK_EDIT and a reason. Raises
    Conflict `in_use`."""
    require(actor, EDIT)
    reason = clean_text(reason, field="reason", required=True)
    control = _locked(control_id)
    if count := control.uses.filter(ended_at=None).count():
        raise Conflict(
            _("%(count)s risks rely on it; take it off them first.") % {"count": count},
            code="in_use",
        )
    control.retired_at, control.retire_reason = now, reason
    control.save(update_fields=["retired_at", "retire_reason"])
    _note("control_retired", control, actor=actor, now=now, words=control.proof(reason=reason))
    return control


@transaction.atomic
def attach(
    *, risk_id: UUID, control_id: UUID, strength: int, actor: Actor, now: dt.datetime
) -> ControlUse:
    """Say that a control acts on a risk, and by how many percent it lowers its likelihood
    (preventive) or its impact (detective, corrective); needs RISK_EDIT.

    Raises InvalidInput `strength`, NotFound, Conflict for a closed risk, a retired control, or
    one that acts on it already.
    """
    require(actor, EDIT)
    strength = rules.clean_strength(strength)
    risk, control = locked_live(risk_id), _locked(control_id)
    if ControlUse.objects.filter(risk=risk, control=control, ended_at=None).exists():
        raise Conflict(_("This control acts on this risk already."), code="attached")
    use = ControlUse.objects.create(risk=risk, control=control, strength=strength, since=now)
    payload = {"control": control.code, "strength": strength}
    note("control_attached", risk, actor=actor, now=now, payload=payload)
    return use


@transaction.atomic
def detach(*, use_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> ControlUse:
    """Say that a control no longer acts on a risk, and why; needs RISK_EDIT."""
    require(actor, EDIT)
    reason = clean_text(reason, field="reason", required=True)
    use = (
        ControlUse.objects.select_for_update(of=("self",))
        .select_related("risk", "control")
        .filter(pk=use_id)
        .first()
    )
    if use is None:
        raise NotFound(_("There is no such control of a risk."))
    if use.ended_at is not None:
        raise Conflict(_("This has ended already."), code="ended")
    use.ended_at, use.end_reason = now, reason
    use.save(update_fields=["ended_at", "end_reason"])
    payload = {"control": use.control.code, "words": use.risk.proof(reason=reason)}
    note("control_detached", use.risk, actor=actor, now=now, payload=payload)
    return use


@transaction.atomic
def add_evidence(
    *,
    control_id: UUID,
    works: bool,
    seen: str,
    on: dt.date,
    expires_on: dt.date,
    actor: Actor,
    now: dt.datetime,
    link: str = "",
) -> ControlEvidence:
    """Note what was seen of a control on a day, with a link to it, good until another day; needs
    RISK_EDIT. Raises InvalidInput naming the field."""
    require(actor, EDIT)
    seen = clean_text(seen, field="seen", required=True)
    rules.clean_evidence_days(on, expires_on, today=today_of(now))
    link = _clean_link(link)
    control = _locked(control_id)
    made = ControlEvidence.objects.create(
        control=control, works=works, note=seen, link=link, on=on, expires_on=expires_on,
        recorded_at=now, by_id=actor.user_id,
    )  # fmt: skip
    _note(
        "control_evidence", control, actor=actor, now=now, evidence=str(made.pk), works=works,
        on=on.isoformat(), expires_on=expires_on.isoformat(),
        words=control.proof(note=seen, link=link),
    )  # fmt: skip
    return made


def _locked(control_id: UUID) -> Control:
    """The control with its row locked, not retired; raises NotFound or Conflict."""
    control = Control.objects.select_for_update().filter(pk=control_id).first()
    if control is None:
        raise NotFound(_("There is no such control."))
    if control.retired_at is not None:
        raise Conflict(_("This control is retired."), code="retired")
    return control


def _words(
    title: str, kind: str, frequency: str, owner_id: UUID, description: str, source: str
) -> dict[str, Any]:
    if kind not in set(rules.Kind):
        raise InvalidInput(_("Choose a kind."), field="kind")
    if frequency not in set(rules.Frequency):
        raise InvalidInput(_("Choose how often."), field="frequency")
    if source and source not in SOURCES:
        raise InvalidInput(_("There is no such evidence."), field="source")
    return {
        "title": clean_line(title, field="title", limit=MAX_TITLE),
        "kind": kind,
        "frequency": frequency,
        "owner": staff_member(owner_id, field="owner_id"),
        "description": clean_text(description, field="description"),
        "source": source,
    }


def _clean_link(link: str) -> str:
    link = clean_text(link, field="link")
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    if link and (parts.scheme not in {"http", "https"} or not parts.netloc or len(link) > 500):
        raise InvalidInput(_("Give an address that begins with https://."), field="link")
    return link


def _told(control: Control) -> dict[str, Any]:
    return {
        "kind": control.kind,
        "frequency": control.frequency,
        "owner": str(control.owner_id),
        "source": control.source,
        "words": control.proof(title=control.title, description=control.description),
    }


def _note(verb: str, control: Control, *, actor: Actor, now: dt.datetime, **payload: Any) -> None:
    about = {"code": control.code, **payload}
    note_object(verb, f"risk_control:{control.pk}", actor=actor, now=now, payload=about)
