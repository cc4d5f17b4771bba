"""Notices from draft to release, and the ways to stop them.

A notice pins one approved version and freezes its audience, values and channels. The preparer
submits it with a dry run; another person releases it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms import audience, content, doorbell, planning, rules
from comms.audience import AudiencePreview
from comms.channels import base
from comms.models import Notice
from comms.planning import ChannelPlan
from comms.rules import Criticality, NoticeState
from core.access import require, require_line, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, Forbidden, IllegalTransition, InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability
from investors.rules.audience import Audience
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rendering import PLACEHOLDER, expand
from templates_mgmt.rules import Source
from templates_mgmt.selectors import ApprovedVersion, approved_version

MAX_VALUE = 2000  # characters of one placeholder value


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
) -> Notice:
    """A draft that pins an approved version (its hash with it) and freezes the audience query.

    Raises InvalidInput naming the field, Conflict for content that is not approved, NotFound for
    a version of a business line that the actor does not work in.
    """
    require(actor, Capability.NOTICES_PREPARE)
    version, line = _version(version_id, actor)
    notice = Notice(code=content.new_code(), prepared_by_id=_person(actor), prepared_at=now)
    notice.business_line = line
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
    _record("notice.created", notice, actor, now, _facts(notice))
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
    notice = _locked(notice_id, actor, Capability.NOTICES_PREPARE)
    _require_state(notice, NoticeState.DRAFT)
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
    _record("notice.changed", notice, actor, now, _facts(notice))
    return notice


def preview_audience(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> AudiencePreview:
    """The dry run as of now; writes nothing. Raises Conflict when the wording is not approved."""
    require(actor, Capability.NOTICES_VIEW)
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    return audience.dry_run(notice, now=now)


@transaction.atomic
def submit_notice(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> Notice:
    """Hand a draft over for release; the dry run's numbers are kept with it.

    Raises InvalidInput when it could not be released as it stands, with who and why.
    """
    notice = _locked(notice_id, actor, Capability.NOTICES_PREPARE)
    rules.NOTICES.check(old=notice.state, new=NoticeState.READY)
    preview = _check_releasable(notice, now)
    notice.state = NoticeState.READY.value
    notice.state_reason = ""
    notice.submitted_by_id = _person(actor)
    notice.submitted_at = now
    notice.dry_run = preview.summary()
    notice.save()
    _record("notice.submitted", notice, actor, now, {"dry_run": notice.dry_run})
    return notice


@transaction.atomic
def take_back(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Turn a submitted notice into a draft again (its preparer, or who would release it)."""
    capability = (
        Capability.NOTICES_RELEASE
        if Capability.NOTICES_RELEASE in actor.capabilities
        else Capability.NOTICES_PREPARE
    )
    notice = _locked(notice_id, actor, capability)
    return _move(notice, NoticeState.DRAFT, "notice.taken_back", reason, actor, now)


@transaction.atomic
def release_notice(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> Notice:
    """Let a notice out: a person who neither prepared nor submitted it, with a fresh second
    factor (D9, P1). Everything is checked again, because consent, wording and providers may have
    changed since the dry run. Planning starts when the transaction has committed.
    """
    notice = _locked(notice_id, actor, Capability.NOTICES_RELEASE)
    require_other_person(actor, [notice.prepared_by_id, notice.submitted_by_id])
    require_step_up(actor, now)
    rules.NOTICES.check(old=notice.state, new=NoticeState.RELEASED)
    preview = _check_releasable(notice, now)
    summary = preview.summary()
    notice.state = NoticeState.RELEASED.value
    notice.released_by_id = _person(actor)
    notice.released_at = now
    notice.save()
    changed = {
        name: list(pair) for name, pair in audience.difference(notice.dry_run, summary).items()
    }
    _record(
        "notice.released",
        notice,
        actor,
        now,
        {**_facts(notice), "dry_run": summary, "changed": changed},
    )
    doorbell.plan(notice.pk)
    return notice


@transaction.atomic
def pause_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Stop a notice: once this commits no worker takes another delivery of it. What a provider
    already has, it has."""
    notice = _locked(notice_id, actor, Capability.NOTICES_CONTROL)
    return _move(notice, NoticeState.PAUSED, "notice.paused", reason, actor, now)


@transaction.atomic
def resume_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Go on exactly where the pause stopped. Needs a fresh second factor, as the release did."""
    notice = _locked(notice_id, actor, Capability.NOTICES_CONTROL)
    require_step_up(actor, now)
    if notice.state != NoticeState.PAUSED:  # from `ready` the machine knows a move: the release
        raise IllegalTransition(
            _("Only a paused notice can be resumed."), details={"state": notice.state}
        )
    begun = notice.deliveries.exists() or notice.exclusions.exists()
    target = NoticeState.SENDING if begun else NoticeState.RELEASED
    _move(notice, target, "notice.resumed", reason, actor, now)
    doorbell.plan(notice.pk)
    doorbell.send()
    return notice


@transaction.atomic
def cancel_notice(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """End a notice for good. Deliveries that nobody has taken yet are cancelled by the sweep."""
    drafted = Notice.objects.filter(
        pk=notice_id, state__in=[NoticeState.DRAFT.value, NoticeState.READY.value]
    ).exists()
    capability = Capability.NOTICES_PREPARE if drafted else Capability.NOTICES_CONTROL
    notice = _locked(notice_id, actor, capability)
    return _move(notice, NoticeState.CANCELLED, "notice.cancelled", reason, actor, now)


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
    original = _locked(notice_id, actor, Capability.NOTICES_PREPARE)
    if original.state not in (NoticeState.DONE, NoticeState.CANCELLED):
        raise Conflict(_("Cancel the notice, or let it finish, before you correct it."))
    if not original.deliveries.filter(evidence__gt=0).exists():
        raise InvalidInput(_("Nobody got that notice."), code="nobody", field="notice_id")
    version, line = _version(version_id, actor)
    if line.pk != original.business_line_id:
        raise InvalidInput(_("The version is of another business line."), field="version_id")
    notice = Notice(code=content.new_code(), prepared_by_id=_person(actor), prepared_at=now)
    notice.business_line = line
    notice.corrects = original
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
    _record("notice.created", notice, actor, now, _facts(notice))
    return notice


# Checks -------------------------------------------------------------------------------------


def _check_releasable(notice: Notice, now: dt.datetime) -> AudiencePreview:
    """The dry run, after everything that would refuse a release. Raises InvalidInput, Conflict
    or Misconfigured, with who and why in `details`."""
    criticality = Criticality(notice.criticality)
    plan = planning.read_channel_plan(notice.channels, criticality)
    planning.check_class(plan, criticality)
    version = approved_version(notice.version_id)
    if version.content_hash != notice.content_hash:
        raise Conflict(_("The wording is not the one this notice pinned."), code="other_content")
    _check_channels(plan, version)
    preview = audience.dry_run(notice, now=now)
    if missing := preview.missing():
        raise InvalidInput(
            _("Some recipients have no value for: %(names)s.")
            % {"names": ", ".join(sorted(missing))},
            code="missing_values",
            field="values",
            details={"missing": missing, "who": _who(preview, planning.Reason.MISSING_VALUE)},
        )
    if preview.candidates == preview.nobody:
        raise InvalidInput(
            _("The notice would reach nobody."),
            code="nobody",
            field="audience",
            details={"candidates": preview.candidates, "excluded": preview.summary()["excluded"]},
        )
    return preview


def _check_channels(plan: ChannelPlan, version: ApprovedVersion) -> None:
    """Every channel must have a wording and a configured provider."""
    for channel in plan.channels:
        if not any(of == channel for of, _language in version.variants):
            raise InvalidInput(
                _("The version has no wording for “%(channel)s”.")
                % {"channel": rules.CHANNEL_LABELS[channel]},
                code="no_variant",
                field="channels",
                details={"channel": channel.value},
            )
        base.provider(channel.value)


def _who(preview: AudiencePreview, reason: planning.Reason) -> list[dict[str, str]]:
    """The investors left out for `reason`, by pseudonym; at most audience.LISTED per channel."""
    return [
        {"investor": str(investor), "channel": channel, "reason": code}
        for (channel, code), listed in sorted(preview.who.items())
        if code.partition(":")[0] == reason.value
        for investor in listed
    ]


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
    _check_channels(plan, version)
    notice.version_id = version.id
    notice.content_hash = version.content_hash
    notice.topic = version.topic
    notice.criticality = grade.value
    notice.audience = dict(audience)
    notice.values = _clean_values(version, values)
    notice.channels = plan.as_json()
    notice.reason = reason.strip()
    notice.title = (title.strip() or _title(version, notice.values))[:200]


def _clean_values(version: ApprovedVersion, values: Mapping[str, Any]) -> dict[str, str]:
    """Exactly the values that the notice must give: all present, none unknown."""
    wanted = {item.name for item in version.placeholders if item.source == Source.NOTICE}
    for name in values:
        if name not in wanted:
            raise InvalidInput(
                _("The wording has no value “%(name)s” to fill in.") % {"name": name},
                code="unknown_value",
                field=f"values.{name}",
            )
    clean = {name: str(values.get(name, "")).strip() for name in sorted(wanted)}
    for name, value in clean.items():
        if not value or len(value) > MAX_VALUE:
            raise InvalidInput(
                _("Give a value for “%(name)s”, of at most %(limit)s characters.")
                % {"name": name, "limit": MAX_VALUE},
                code="missing_value" if not value else "too_long",
                field=f"values.{name}",
            )
    return clean


def _frozen_audience(raw: Mapping[str, Any], line: BusinessLine) -> dict[str, Any]:
    """The audience query, always within the business line of the wording."""
    query = Audience.from_json(raw)
    if query.line not in ("", line.code):
        raise InvalidInput(
            _("The wording belongs to another business line."), field="audience.line"
        )
    return replace(query, line=line.code).to_json()


def _title(version: ApprovedVersion, values: Mapping[str, str]) -> str:
    """The wording's own title with the notice's values; what is each investor's is left open."""
    for language in planning.FALLBACK_LANGUAGES:
        if title := str(version.facts.get(language, {}).get("title", "")).strip():
            return PLACEHOLDER.sub("…", expand(title, values))
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


# Writing ------------------------------------------------------------------------------------


def _move(
    notice: Notice, state: NoticeState, action: str, reason: str, actor: Actor, now: dt.datetime
) -> Notice:
    old = notice.state
    rules.NOTICES.check(old=old, new=state, reason=reason)
    notice.state = state.value
    notice.state_reason = reason.strip()
    notice.save()
    _record(action, notice, actor, now, {"from": old, "to": state.value, "reason": reason.strip()})
    return notice


def _locked(notice_id: UUID, actor: Actor, capability: Capability) -> Notice:
    require(actor, capability)
    notice = (
        Notice.objects.select_for_update(of=("self",))
        .select_related("business_line")
        .filter(pk=notice_id)
        .first()
    )
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    return notice


def _require_state(notice: Notice, state: NoticeState) -> None:
    if notice.state != state:
        raise Conflict(
            _("The notice is “%(state)s”.")
            % {"state": rules.NOTICE_STATE_LABELS[NoticeState(notice.state)]},
            details={"state": notice.state},
        )


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    return actor.user_id


def _facts(notice: Notice) -> dict[str, Any]:
    """What the ledger keeps of a notice. Values are the firm's own words, shown to everybody who
    gets the notice; listed investors are pseudonyms."""
    return {
        "code": notice.code,
        "title": notice.title,
        "content_hash": notice.content_hash,
        "topic": notice.topic,
        "criticality": notice.criticality,
        "audience": notice.audience,
        "values": notice.values,
        "channels": notice.channels,
        "reason": notice.reason,
        "corrects": str(notice.corrects_id) if notice.corrects_id else None,
    }


def _record(
    action: str, notice: Notice, actor: Actor, now: dt.datetime, payload: Mapping[str, Any]
) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(
            notice=notice.pk, template=notice.version.template_id, version=notice.version_id
        ),
        payload=payload,
    )
