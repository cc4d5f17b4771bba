"""The moves of a reviewed version, for the services that own one. Each runs in the caller's
transaction and leaves one ledger record `<record_prefix>.<verb>`."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Max, Model
from django.utils.translation import gettext_lazy as _

from core import journal
from core.access import require, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, FourEyesViolation, NotFound
from core.reviewed.models import ReviewedVersion
from core.reviewed.rules import MACHINE, State, content_hash
from core.roles import Capability

V = TypeVar("V", bound=ReviewedVersion)


def require_person(actor: Actor, capability: Capability) -> UUID:
    """The person behind `actor`, who must have `capability`; raises Forbidden."""
    require(actor, capability)
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    return actor.user_id


def start(
    kind: type[V], parent: Model, *, actor: Actor, now: dt.datetime, verb: str, **content: Any
) -> V:
    """A draft of `parent` (whose row the caller holds locked) with the content of its newest
    version, or `content` for the first. Raises Conflict `in_work` when one is in work already."""
    siblings = kind._default_manager.filter(**{kind.parent_name: parent})
    newest = siblings.order_by("-number").first()
    if newest is not None and newest.in_work:
        raise Conflict(
            _("Version %(number)s is in work already.") % {"number": newest.number},
            code="in_work",
            details={"version": str(newest.pk)},
        )
    if newest is not None:
        content = {name: getattr(newest, name) for name in kind.content_names}
    top = siblings.aggregate(top=Max("number"))["top"] or 0
    version = kind(
        **{kind.parent_name: parent},
        number=top + 1,
        edited_by_id=actor.user_id,
        edited_at=now,
        **content,
    )
    version.content_hash = content_hash(version.canonical())
    version.save(force_insert=True)
    _record(verb, version, actor, now)
    return version


def locked(kind: type[V], version_id: UUID, *, draft: bool = False) -> V:
    """The version with its row locked. Raises NotFound, or Conflict `not_a_draft`."""
    version = (
        kind._default_manager.select_for_update(of=("self",))
        .select_related(kind.parent_name)
        .filter(pk=version_id)
        .first()
    )
    if version is None:
        raise NotFound(_("There is no such version."))
    if draft and version.state != State.DRAFT:
        raise Conflict(
            _("Version %(number)s was submitted; its words are fixed. Make a new version.")
            % {"number": version.number},
            code="not_a_draft",
        )
    return version


def require_fresh(version: ReviewedVersion, revision: int | None) -> None:
    """Raise Conflict `stale_draft` when somebody saved since `revision`."""
    if revision is not None and revision != version.revision:
        raise Conflict(
            _("%(who)s saved this draft while you were editing it. Nothing was overwritten.")
            % {"who": version.edited_by},
            code="stale_draft",
            details={"revision": version.revision, "shown_revision": revision},
        )


def save(version: ReviewedVersion, *, actor: Actor, now: dt.datetime) -> None:
    """Store the content that the caller has set on a draft."""
    version.revision += 1
    version.edited_by_id, version.edited_at = actor.user_id, now
    version.content_hash = content_hash(version.canonical())
    version.save()
    _record("saved", version, actor, now, revision=version.revision)


def submit(version: ReviewedVersion, *, actor: Actor, now: dt.datetime) -> None:
    """Send a draft to a second person; its content is fixed from here."""
    MACHINE.check(old=version.state, new=State.IN_REVIEW)
    version.state = State.IN_REVIEW.value
    version.submitted_by_id, version.submitted_at = actor.user_id, now
    version.save()
    _record("submitted", version, actor, now, content=version.canonical())


def approve(version: V, *, shown_hash: str, actor: Actor, now: dt.datetime) -> V:
    """Put in force exactly what was shown, as a person who had no hand in it, with a fresh
    second factor. What was in force is superseded. Raises Conflict `stale_approval`."""
    MACHINE.check(old=version.state, new=State.APPROVED)
    require_other_person(actor, version.contributors)
    if shown_hash != version.content_hash:
        raise Conflict(
            _("Your screen shows other content than the one under review. Look at it again."),
            code="stale_approval",
        )
    require_step_up(actor, now)
    siblings = type(version)._default_manager.filter(**{version.parent_name: version.parent_id})
    for old in siblings.select_for_update(of=("self",)).filter(state=State.APPROVED):
        old.state = State.SUPERSEDED.value
        old.save(update_fields=["state"])
    return _decide("approved", version, State.APPROVED, actor, now, "")


def give_back(version: V, *, reason: str, actor: Actor, now: dt.datetime) -> V:
    """Return a version with a reason; work goes on in a new one."""
    MACHINE.check(old=version.state, new=State.RETURNED, reason=reason)
    require_other_person(actor, version.contributors)
    return _decide("returned", version, State.RETURNED, actor, now, reason)


def _decide(verb: str, version: V, state: State, actor: Actor, now: dt.datetime, reason: str) -> V:
    version.state = state.value
    version.decided_by_id, version.decided_at, version.reason = actor.user_id, now, reason
    version.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    _record(verb, version, actor, now, reason=reason)
    return version


def _record(
    verb: str, version: ReviewedVersion, actor: Actor, now: dt.datetime, **payload: Any
) -> None:
    journal.write(
        action=f"{version.record_prefix}.{verb}",
        actor=actor,
        now=now,
        object=version.object_ref,
        incident=version.ledger_incident,
        payload={
            **version.ledger_facts,
            "number": version.number,
            "content_hash": version.content_hash,
            **payload,
        },
    )
