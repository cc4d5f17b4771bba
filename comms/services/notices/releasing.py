"""From draft to release: dry run, a second person, everything checked again (D9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from comms import audience, doorbell, planning, rules, values
from comms.audience import AudiencePreview
from comms.dryruns import jobs
from comms.dryruns.models import DryRun
from comms.dryruns.services import fingerprint, make_dry_run, require_same, shown
from comms.models import Notice
from comms.rules import Channel, Criticality, NoticeState
from comms.services.notices.common import (
    check_channels,
    facts_of,
    locked,
    move,
    person_of,
    readable,
    write_record,
)
from core.access import require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from templates_mgmt.filing.binding import stopped_sms
from templates_mgmt.selectors import ApprovedVersion, approved_version


def preview_audience(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> AudiencePreview:
    """The dry run as of now, or of a large audience the last that workers made; it names
    investors, so that it was shown is recorded. Raises Conflict when the wording is not approved,
    or when nobody has had the large one made (`dry_run_needed`)."""
    notice = readable(notice_id, actor, Capability.NOTICES_VIEW)
    large = jobs.is_large(notice)
    preview = jobs.listed(notice) if large else audience.dry_run(notice, now=now)
    with transaction.atomic():
        write_record(
            "notice.audience_previewed", notice, actor, now, {"candidates": preview.candidates}
        )
    return preview


def submit_notice(*, notice_id: UUID, actor: Actor, now: dt.datetime) -> Notice:
    """Hand a draft over for release; the dry run's numbers are kept with it. The dry run is made
    before the notice is held; afterwards the notice must still be the same. Of a large audience
    the newest fresh one is taken that workers made; Conflict `dry_run_needed` when there is none.

    Raises InvalidInput when it could not be released as it stands, with who and why.
    """
    notice = readable(notice_id, actor, Capability.NOTICES_PREPARE)
    rules.NOTICES.check(old=notice.state, new=NoticeState.READY)
    _check_wording(notice)
    if jobs.is_large(notice):
        summary = jobs.require_fresh(notice, now).summary
        _check_reach(summary, jobs.last_listed(notice))
    else:
        preview = audience.dry_run(notice, now=now)
        summary = preview.summary()
        _check_reach(summary, preview)
    told = fingerprint(notice)
    with transaction.atomic():
        notice = locked(notice_id, actor, Capability.NOTICES_PREPARE)
        rules.NOTICES.check(old=notice.state, new=NoticeState.READY)
        require_same(notice, told)
        _check_wording(notice)
        notice.state = NoticeState.READY.value
        notice.state_reason = ""
        notice.submitted_by_id = person_of(actor)
        notice.submitted_at = now
        notice.dry_run = summary
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


def release_notice(
    *, notice_id: UUID, actor: Actor, now: dt.datetime, dry_run_id: UUID | None = None
) -> Notice:
    """Let a notice out: a person who neither prepared nor submitted it, with a fresh second
    factor (D9, P1). `dry_run_id` is the dry run that this person was shown and accepts; without
    one a new one is made (of a large audience, the newest fresh one is taken, and Conflict
    `dry_run_needed` says that there is none), and a difference to that of the submission refuses
    the release (Conflict `audience_changed`, with the difference), because nobody has accepted it.

    The audience is not gone through while the notice is held: what must not have changed is
    checked then, and consent is asked again at the instant of sending. Planning starts when the
    transaction has committed.
    """
    notice = readable(notice_id, actor, Capability.NOTICES_RELEASE)
    _check_may_release(notice, actor, now)
    _check_wording(notice)
    if dry_run_id is None:
        if jobs.is_large(notice):
            accepted = jobs.require_fresh(notice, now)
        else:
            accepted, _preview = make_dry_run(notice_id=notice_id, actor=actor, now=now)
        _require_no_difference(notice, accepted)
    with transaction.atomic():
        notice = locked(notice_id, actor, Capability.NOTICES_RELEASE)
        _check_may_release(notice, actor, now)
        accepted = shown(notice, dry_run_id or accepted.pk, now)
        _check_wording(notice)
        _check_reach(accepted.summary)
        notice.state = NoticeState.RELEASED.value
        notice.released_by_id = person_of(actor)
        notice.released_at = now
        notice.save()
        write_record("notice.released", notice, actor, now, _released(notice, accepted))
        doorbell.plan(notice.pk)
    return notice


def _released(notice: Notice, accepted: DryRun) -> dict[str, Any]:
    """What the ledger keeps of a release: what was let out, and which dry run was accepted."""
    changed = audience.difference(notice.dry_run, accepted.summary)
    return {
        **facts_of(notice),
        "accepted": str(accepted.pk),
        "dry_run": accepted.summary,
        "changed": {name: list(pair) for name, pair in changed.items()},
    }


def _check_may_release(notice: Notice, actor: Actor, now: dt.datetime) -> None:
    require_other_person(actor, [notice.prepared_by_id, notice.submitted_by_id])
    require_step_up(actor, now)
    rules.NOTICES.check(old=notice.state, new=NoticeState.RELEASED)


def _require_no_difference(notice: Notice, made: DryRun) -> None:
    changed = audience.difference(notice.dry_run, made.summary)
    if changed:
        raise Conflict(
            _("The audience differs from the preparer's dry run. Look at a new dry run, and "
              "release with that one if it is right."),
            code="audience_changed",
            details={"changed": {name: list(pair) for name, pair in changed.items()}},
        )  # fmt: skip


def _check_wording(notice: Notice) -> None:
    """Everything about plan, wording and values that would refuse a release. Raises
    InvalidInput or Conflict."""
    criticality = Criticality(notice.criticality)
    plan = planning.read_channel_plan(notice.channels, criticality)
    planning.check_class(plan, criticality)
    version = approved_version(notice.version_id)
    if version.content_hash != notice.content_hash:
        raise Conflict(_("The wording is not the one this notice pinned."), code="other_content")
    check_channels(plan, version)
    _check_carriers(plan, version)
    languages = values.languages_of(version.variants, {item.value for item in plan.channels})
    if absent := values.missing(version.placeholders, languages, notice.values):
        named = [f"{name} ({language})" if language else name for name, language in absent]
        raise InvalidInput(
            _("These values are missing: %(names)s.") % {"names": ", ".join(named)},
            code="missing_value",
            field="values",
            details={"missing": [f"values.{n}.{at}" if at else f"values.{n}" for n, at in absent]},
        )


def _check_carriers(plan: planning.ChannelPlan, version: ApprovedVersion) -> None:
    """Refuse a plan with an SMS that no carrier lets through in any of its languages. Where one
    language is left, the dry run says whom the others leave out."""
    written = {language for channel, language in version.variants if channel == Channel.SMS}
    if Channel.SMS not in plan.channels or not written <= stopped_sms(version.id):
        return
    raise Conflict(
        _("The carrier has rejected or suspended its template of this SMS in every language. Take "
          "SMS out of the notice, or have the carrier approve the template."),
        code="carrier_stopped",
        details={"version": str(version.id), "languages": sorted(written)},
    )  # fmt: skip


def _check_reach(summary: Mapping[str, Any], preview: AudiencePreview | None = None) -> None:
    """Refuse a notice that reaches nobody, or whose recipients lack a value; with `preview` the
    refusal says who."""
    if missing := audience.missing_in(summary):
        who = _who(preview, planning.Reason.MISSING_VALUE) if preview else []
        raise InvalidInput(
            _("Some recipients have no value for: %(names)s.")
            % {"names": ", ".join(sorted(missing))},
            code="missing_values",
            field="values",
            details={"missing": missing, "who": who},
        )
    if summary["candidates"] == summary["nobody"]:
        raise InvalidInput(
            _("The notice would reach nobody."),
            code="nobody",
            field="audience",
            details={"candidates": summary["candidates"], "excluded": summary["excluded"]},
        )


def _who(preview: AudiencePreview, reason: planning.Reason) -> list[dict[str, str]]:
    """The investors left out for `reason`, by pseudonym; at most audience.LISTED per channel."""
    return [
        {"investor": str(investor), "channel": channel, "reason": code}
        for (channel, code), listed in sorted(preview.who.items())
        if code.partition(":")[0] == reason.value
        for investor in listed
    ]
