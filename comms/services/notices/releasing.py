"""From draft to release: dry run, a second person, everything checked again (D9)."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from comms import audience, doorbell, planning, rules
from comms.audience import AudiencePreview
from comms.models import Notice
from comms.rules import Criticality, NoticeState
from comms.services.notices.common import (
    check_channels,
    facts_of,
    locked,
    move,
    person_of,
    write_record,
)
from core.access import require, require_line, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability
from templates_mgmt.selectors import approved_version


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
    notice = locked(notice_id, actor, Capability.NOTICES_PREPARE)
    rules.NOTICES.check(old=notice.state, new=NoticeState.READY)
    preview = _check_releasable(notice, now)
    notice.state = NoticeState.READY.value
    notice.state_reason = ""
    notice.submitted_by_id = person_of(actor)
    notice.submitted_at = now
    notice.dry_run = preview.summary()
    notice.save()
    write_record("notice.submitted", notice, actor, now, {"dry_run": notice.dry_run})
    return notice


@transaction.atomic
def take_back(*, notice_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Notice:
    """Turn a submitted notice into a draft again (its preparer, or who would release it)."""
    capability = (
        Capability.NOTICES_RELEASE
        if Capability.NOTICES_RELEASE in actor.capabilities
        else Capability.NOTICES_PREPARE
    )
    notice = locked(notice_id, actor, capability)
    return move(notice, NoticeState.DRAFT, "notice.taken_back", reason, actor, now)


@transaction.atomic
def release_notice(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> Notice:
    """Let a notice out: a person who neither prepared nor submitted it, with a fresh second
    factor (D9, P1). Everything is checked again, because consent, wording and providers may have
    changed since the dry run. Planning starts when the transaction has committed.
    """
    notice = locked(notice_id, actor, Capability.NOTICES_RELEASE)
    require_other_person(actor, [notice.prepared_by_id, notice.submitted_by_id])
    require_step_up(actor, now)
    rules.NOTICES.check(old=notice.state, new=NoticeState.RELEASED)
    preview = _check_releasable(notice, now)
    summary = preview.summary()
    notice.state = NoticeState.RELEASED.value
    notice.released_by_id = person_of(actor)
    notice.released_at = now
    notice.save()
    changed = {
        name: list(pair) for name, pair in audience.difference(notice.dry_run, summary).items()
    }
    write_record(
        "notice.released",
        notice,
        actor,
        now,
        {**facts_of(notice), "dry_run": summary, "changed": changed},
    )
    doorbell.plan(notice.pk)
    return notice


def _check_releasable(notice: Notice, now: dt.datetime) -> AudiencePreview:
    """The dry run, after everything that would refuse a release. Raises InvalidInput, Conflict
    or Misconfigured, with who and why in `details`."""
    criticality = Criticality(notice.criticality)
    plan = planning.read_channel_plan(notice.channels, criticality)
    planning.check_class(plan, criticality)
    version = approved_version(notice.version_id)
    if version.content_hash != notice.content_hash:
        raise Conflict(_("The wording is not the one this notice pinned."), code="other_content")
    check_channels(plan, version)
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


def _who(preview: AudiencePreview, reason: planning.Reason) -> list[dict[str, str]]:
    """The investors left out for `reason`, by pseudonym; at most audience.LISTED per channel."""
    return [
        {"investor": str(investor), "channel": channel, "reason": code}
        for (channel, code), listed in sorted(preview.who.items())
        if code.partition(":")[0] == reason.value
        for investor in listed
    ]
