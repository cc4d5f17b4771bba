"""The two people behind a regulator export: one asks, another approves or refuses; either may
withdraw it. Each step is one service and one record; the database holds the same rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import services
from audit.export import files, rules, selectors
from audit.export.rules import EXPORTS, ExportState
from audit.leaf import Subjects
from audit.models import Export, Record
from audit.record import record
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.clock import isoformat
from core.errors import Forbidden, InvalidInput
from core.roles import Capability

Period = tuple[dt.datetime, dt.datetime]
SUBJECTS = ("notice", "investor", "template", "incident")


def request_export(
    *,
    reason: str,
    recipient: str,
    actor: Actor,
    now: dt.datetime,
    notice: UUID | None = None,
    investor: UUID | None = None,
    template: UUID | None = None,
    incident: UUID | None = None,
    period: Period | None = None,
    recipient_user: UUID | None = None,
) -> Export:
    """Ask for an export of one subject, of a period [from, to), or of a subject in a period.

    Needs EXPORTS_CREATE and a step-up of a person; recorded (`export.requested`). Nothing is
    built before `approve_export`. `recipient_user` is the regulator's own account, if it has
    one. Raises InvalidInput naming the field.
    """
    require(actor, Capability.EXPORTS_CREATE)
    require_step_up(actor, now)
    subjects = {"notice": notice, "investor": investor, "template": template, "incident": incident}
    chosen = {name: value for name, value in subjects.items() if value is not None}
    _check_scope(chosen, period)
    _check_words(reason, recipient, recipient_user)
    with transaction.atomic():
        export = Export.objects.create(
            **chosen,
            period_from=period[0] if period else None,
            period_to=period[1] if period else None,
            reason=reason.strip(),
            recipient=recipient.strip(),
            recipient_user=recipient_user,
            requested_by=actor.user_id,
            requested_at=now,
        )
        note(
            export,
            "export.requested",
            actor=actor,
            now=now,
            payload={"period": [isoformat(at) for at in period] if period else None},
            typed=f"{export.recipient}\n{export.reason}",
        )
    return export


def _check_scope(chosen: Mapping[str, UUID], period: Period | None) -> None:
    if len(chosen) > 1:
        raise InvalidInput(
            _("Name one subject: a notice, an investor, a template or an incident."),
            field=sorted(chosen)[1],
        )
    if not chosen and period is None:
        raise InvalidInput(_("Name a subject, a period, or both."), field="notice")
    if period is not None and period[0] >= period[1]:
        raise InvalidInput(_("The period must end after it begins."), field="period_to")
    for name, value in chosen.items():
        if not Record.objects.filter(**{name: value}).exists():
            raise InvalidInput(_("The ledger has no record about this subject."), field=name)


def _check_words(reason: str, recipient: str, recipient_user: UUID | None) -> None:
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    if not recipient.strip():
        raise InvalidInput(
            _("Name the recipient: their mark stands on every page."), field="recipient"
        )
    if recipient_user is not None and not selectors.regulators().filter(pk=recipient_user).exists():
        raise InvalidInput(_("This is not the account of a regulator."), field="recipient_user")


def approve_export(*, export_id: UUID, actor: Actor, now: dt.datetime, reason: str = "") -> Export:
    """Let an export be built: by another person than who asked and than the recipient.

    Needs EXPORTS_APPROVE and a step-up; superusers are no exception. Recorded
    (`export.approved`); a worker then builds it.
    """
    export = _decide(export_id, ExportState.APPROVED, reason, actor=actor, now=now)
    from audit import tasks

    transaction.on_commit(lambda: tasks.build_export.delay(str(export.pk)))
    return export


def refuse_export(*, export_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Export:
    """Refuse an export, saying why. Needs what `approve_export` needs; recorded."""
    return _decide(export_id, ExportState.REFUSED, reason, actor=actor, now=now)


def _decide(
    export_id: UUID, state: ExportState, reason: str, *, actor: Actor, now: dt.datetime
) -> Export:
    require(actor, Capability.EXPORTS_APPROVE)
    require_step_up(actor, now)
    with transaction.atomic():
        export = locked(export_id, actor)
        require_other_person(actor, [export.requested_by, export.recipient_user])
        EXPORTS.check(old=export.state, new=state, reason=reason)
        export.state, export.decision_reason = state.value, reason.strip()
        export.decided_by, export.decided_at = actor.user_id, now
        export.save(update_fields=["state", "decision_reason", "decided_by", "decided_at"])
        note(export, f"export.{state.value}", actor=actor, now=now, typed=export.decision_reason)
    return export


def withdraw_export(*, export_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Export:
    """Take an export back, before or after it was made; its files are deleted.

    By who asked or who approved, with a step-up. Recorded (`export.withdrawn`). What was
    downloaded before is not undone: the record of each download says by whom.
    """
    require_step_up(actor, now)
    with transaction.atomic():
        export = locked(export_id, actor)
        if actor.user_id not in {export.requested_by, export.decided_by}:
            raise Forbidden(_("Only who asked for this export or approved it may withdraw it."))
        _end(export, ExportState.WITHDRAWN, reason, actor=actor, now=now)
    files.clear(export)
    return export


def expire_exports(*, now: dt.datetime) -> int:
    """Delete the files of exports whose time is over, and of ended ones whose files are still
    there (a process died in between); returns how many expired. Each is recorded."""
    expired = 0
    for export_id in selectors.due_to_expire(now).values_list("pk", flat=True):
        with transaction.atomic():
            export = Export.objects.select_for_update().get(pk=export_id)
            if export.state == ExportState.READY:
                _end(export, ExportState.EXPIRED, "", actor=files.EXPORTER, now=now)
                expired += 1
    ended = (ExportState.EXPIRED, ExportState.WITHDRAWN)
    for export in Export.objects.filter(state__in=ended).exclude(path=""):
        files.clear(export)
    return expired


def _end(
    export: Export, state: ExportState, reason: str, *, actor: Actor, now: dt.datetime
) -> None:
    EXPORTS.check(old=export.state, new=state, reason=reason)
    export.state, export.ended_at, export.ended_reason = state.value, now, reason.strip()
    export.save(update_fields=["state", "ended_at", "ended_reason"])
    note(export, f"export.{state.value}", actor=actor, now=now, typed=export.ended_reason)


# --- shared by the steps --------------------------------------------------------------------


def locked(export_id: UUID, actor: Actor) -> Export:
    """The export, locked until the transaction ends; NotFound for who may not see it."""
    export = Export.objects.select_for_update().filter(pk=export_id).first()
    if export is None or not rules.may_see(actor, export.parties):
        raise selectors.no_such_export()
    return export


def note(
    export: Export,
    action: str,
    *,
    actor: Actor,
    now: dt.datetime,
    payload: Mapping[str, Any] | None = None,
    typed: str = "",
) -> None:
    """One ledger record about an export, in the caller's transaction; what a person typed is
    sealed under that person's key."""
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(
            **{name: getattr(export, name) for name in SUBJECTS},
            staff=actor.user_id,
            object=f"export:{export.pk}",
        ),
        payload=payload,
        sealed=services.sealed_by_reader(typed, actor=actor, now=now),
    )
