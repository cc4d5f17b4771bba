"""Drafts: a pinned version, a frozen audience, values and channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from comms import content, planning
from comms.models import Notice
from comms.rules import Criticality, NoticeState
from comms.services.notices.common import (
    check_channels,
    facts_of,
    locked,
    person_of,
    require_state,
    write_record,
)
from comms.values import clean, in_language, languages_of
from core.access import require, require_line
from core.actor import Actor
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability
from investors.rules.audience import Audience
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rendering import PLACEHOLDER, expand
from templates_mgmt.selectors import ApprovedVersion, approved_version


@transaction.atomic
def create_notice(
    *,
    version_id: UUID,
    audience: Mapping[str, Any],
    values: Mapping[str, Any],
    criticality: str,
    channels: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    title: str = "",
    exercise: bool = False,
) -> Notice:
    """A draft that pins an approved version (its hash with it) and freezes the audience query. An
    `exercise` stays one for good, and reaches no investor.

    Raises InvalidInput naming the field, Conflict for content that is not approved, NotFound for
    a version of a business line that the actor does not work in.
    """
    require(actor, Capability.NOTICES_PREPARE)
    version, line = _version(version_id, actor)
    notice = Notice(code=content.new_code(), prepared_by_id=person_of(actor), prepared_at=now)
    notice.business_line = line
    notice.exercise = exercise
    _fill(
        notice,
        version,
        audience=_frozen_audience(audience, line),
        values=values,
        criticality=criticality,
        channels=channels,
        reason=reason,
        title=title,
    )
    notice.save(force_insert=True)
    write_record("notice.created", notice, actor, now, facts_of(notice))
    return notice


@transaction.atomic
def change_notice(
    *,
    notice_id: UUID,
    audience: Mapping[str, Any],
    values: Mapping[str, Any],
    criticality: str,
    channels: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    title: str = "",
) -> Notice:
    """Change a draft; only its preparer may, so that four eyes see whose work it is."""
    notice = locked(notice_id, actor, Capability.NOTICES_PREPARE)
    require_state(notice, NoticeState.DRAFT)
    if actor.user_id != notice.prepared_by_id:
        raise Forbidden(_("Only the person who prepared a notice changes it; make your own."))
    version, line = _version(notice.version_id, actor)
    frozen = notice.audience if notice.corrects_id is not None else _frozen_audience(audience, line)
    _fill(
        notice,
        version,
        audience=frozen,
        values=values,
        criticality=criticality,
        channels=channels,
        reason=reason,
        title=title,
    )
    notice.save()
    write_record("notice.changed", notice, actor, now, facts_of(notice))
    return notice


@transaction.atomic
def correct_notice(
    *,
    notice_id: UUID,
    version_id: UUID,
    values: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    title: str = "",
) -> Notice:
    """A draft that corrects another notice and goes to exactly those who got it (D10), on the
    same channels. The original must have ended, so that nobody gets it afterwards."""
    require(actor, Capability.NOTICES_PREPARE)
    original = locked(notice_id, actor, Capability.NOTICES_PREPARE)
    if original.state not in (NoticeState.DONE, NoticeState.CANCELLED):
        raise Conflict(_("Cancel the notice, or let it finish, before you correct it."))
    if not original.deliveries.filter(evidence__gt=0).exists():
        raise InvalidInput(_("Nobody got that notice."), code="nobody", field="notice_id")
    version, line = _version(version_id, actor)
    if line.pk != original.business_line_id:
        raise InvalidInput(_("The version is of another business line."), field="version_id")
    notice = Notice(code=content.new_code(), prepared_by_id=person_of(actor), prepared_at=now)
    notice.business_line = line
    notice.corrects = original
    notice.exercise = original.exercise
    _fill(
        notice,
        version,
        audience={"corrects": str(original.pk)},
        values=values,
        criticality=original.criticality,
        channels=original.channels,
        reason=reason,
        title=title,
    )
    notice.save(force_insert=True)
    write_record("notice.created", notice, actor, now, facts_of(notice))
    return notice


def _fill(
    notice: Notice,
    version: ApprovedVersion,
    *,
    audience: Mapping[str, Any],
    values: Mapping[str, Any],
    criticality: str,
    channels: Mapping[str, Any],
    reason: str,
    title: str,
) -> None:
    """Validate and set everything that a draft may choose."""
    try:
        grade = Criticality(criticality)
    except ValueError:
        raise InvalidInput(_("No such class."), field="criticality") from None
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    plan = planning.read_channel_plan(channels, grade)
    planning.check_class(plan, grade)
    check_channels(plan, version)
    notice.version_id = version.id
    notice.content_hash = version.content_hash
    notice.topic = version.topic
    notice.criticality = grade.value
    notice.audience = dict(audience)
    languages = languages_of(version.variants, {channel.value for channel in plan.channels})
    notice.values = clean(version.placeholders, languages, values)
    notice.channels = plan.as_json()
    notice.reason = reason.strip()
    notice.title = (title.strip() or _title(version, notice.values))[:200]


def _frozen_audience(raw: Mapping[str, Any], line: BusinessLine) -> dict[str, Any]:
    """The audience query, always within the business line of the wording."""
    query = Audience.from_json(raw)
    if query.line not in ("", line.code):
        raise InvalidInput(
            _("The wording belongs to another business line."), field="audience.line"
        )
    return replace(query, line=line.code).to_json()


def _title(version: ApprovedVersion, values: Mapping[str, Any]) -> str:
    """The wording's own title with the notice's values; what is each investor's is left open."""
    for language in planning.FALLBACK_LANGUAGES:
        if title := str(version.facts.get(language, {}).get("title", "")).strip():
            return PLACEHOLDER.sub("…", expand(title, in_language(values, language)))
    return str(_("Notice"))


def _version(version_id: UUID, actor: Actor) -> tuple[ApprovedVersion, BusinessLine]:
    row = (
        TemplateVersion.objects.select_related("template__business_line")
        .filter(pk=version_id)
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such version."))
    require_line(actor, row.template.business_line_id)
    return approved_version(version_id), row.template.business_line
