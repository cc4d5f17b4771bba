"""Reads of exports: which ones this actor may see, and what their pages show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.export import rules
from audit.export.models import ExportBuild
from audit.export.rules import ExportState
from audit.models import Export, Record
from audit.selectors import Listed, listed, notice_words
from core.actor import Actor
from core.errors import NotFound
from core.models import User
from core.roles import Capability, Role

MADE = (ExportState.READY, ExportState.EXPIRED, ExportState.WITHDRAWN)


def visible_exports(actor: Actor) -> QuerySet[Export]:
    """The exports that `actor` may see (`rules.may_see` as a query), newest first."""
    rows = Export.objects.order_by("-id")
    if actor.user_id is None:
        return rows.none()
    if Capability.AUDIT_BROWSE in actor.capabilities:
        return rows
    seen = Q(requested_by=actor.user_id)
    if Capability.EXPORTS_APPROVE in actor.capabilities:
        seen |= Q(state=ExportState.REQUESTED) | Q(decided_by=actor.user_id)
    elif Capability.EXPORTS_DOWNLOAD in actor.capabilities:
        seen |= Q(recipient_user=actor.user_id, finished_at__isnull=False, state__in=MADE)
    return rows.filter(seen)


def export_for(export_id: UUID, actor: Actor) -> Export:
    """The export, for somebody who may see it; raises NotFound for everybody else."""
    export = Export.objects.filter(pk=export_id).first()
    if export is None or not rules.may_see(actor, export.parties):
        raise no_such_export()
    return export


def no_such_export() -> NotFound:
    """The same refusal for an export that does not exist and for one not to be seen."""
    return NotFound(_("There is no such export."))


def waiting_for(actor: Actor) -> QuerySet[Export]:
    """The requests that `actor` could approve: not their own, not meant for them."""
    if Capability.EXPORTS_APPROVE not in actor.capabilities:
        return Export.objects.none()
    mine = Q(requested_by=actor.user_id) | Q(recipient_user=actor.user_id)
    return Export.objects.filter(state=ExportState.REQUESTED).exclude(mine).order_by("id")


def due_to_expire(now: dt.datetime) -> QuerySet[Export]:
    """Ready exports whose time is over."""
    return Export.objects.filter(state=ExportState.READY, expires_at__lte=now).order_by("id")


def regulators() -> QuerySet[User]:
    """The accounts that can be named as the recipient of an export."""
    return User.objects.filter(is_active=True, groups__name=Role.REGULATOR.value).order_by(
        "display_name", "username"
    )


def name_subjects(exports: Sequence[Export]) -> None:
    """Give each export `subject_words`: code and title of its notice, or the id; one query."""
    notices = {export.notice for export in exports if export.notice}
    rows = Record.objects.filter(action="notice.created", notice__in=notices).defer("sealed")
    words = {row.notice: notice_words(row) for row in rows} if notices else {}
    for export in exports:
        subject = export.notice or export.investor or export.template or export.incident
        export.subject_words = words.get(export.notice) or str(subject or "")


@dataclass(frozen=True, slots=True)
class Work:
    """How far a build is: what the worker does (for people), whole parts and parts in all, what
    the present worker began with and when, its last sign of life."""

    stage: object
    parts: int
    of: int
    taken_at: dt.datetime | None
    before: int
    beat_at: dt.datetime | None


def work_on(export: Export) -> Work | None:
    """How far the build of an export is; None when nothing is being built."""
    rows = ExportBuild.objects.filter(pk=export.pk).annotate(whole=Count("parts"))
    build = rows.first()
    if build is None:
        return None
    return Work(
        stage=rules.STAGE_LABELS[rules.Stage(build.stage)],
        parts=build.whole,
        of=max(build.whole, rules.parts_in(build.total)),
        taken_at=build.taken_at,
        before=build.taken_records,
        beat_at=build.beat_at,
    )


def history_of(export: Export, limit: int = 50) -> list[Listed]:
    """The newest records about an export: request, decision, building, each download, its end."""
    rows = Record.objects.filter(object=f"export:{export.pk}").defer("sealed")
    return listed(rows.order_by("-id")[:limit])


def downloads_of(export: Export, limit: int = 50) -> list[Listed]:
    """The newest records of downloads of an export."""
    rows = Record.objects.filter(object=f"export:{export.pk}", action="export.downloaded")
    return listed(rows.defer("sealed").order_by("-id")[:limit])
