"""Writes on templates. Each is one transaction with its ledger record; the triggers of
migration 0002 hold the same rules against everything that does not come this way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line, require_other_person, require_step_up
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability
from templates_mgmt import lint, rules
from templates_mgmt.models import Decision, Template, TemplateVersion, Variant
from templates_mgmt.rules import VERB_STATES, VERSIONS, State, Verb
from templates_mgmt.selectors import content_of


@transaction.atomic
def create_template(
    *,
    code: str,
    name: str,
    category: str,
    topic_code: str,
    line_id: UUID,
    actor: Actor,
    now: dt.datetime,
) -> TemplateVersion:
    """A template with its first, blank draft, which is returned. Raises InvalidInput naming the
    field, or NotFound for a business line that the actor does not work in."""
    require(actor, Capability.TEMPLATES_DRAFT)
    require_line(actor, line_id)
    person = _person(actor)
    if not BusinessLine.objects.filter(pk=line_id).exists():
        raise NotFound(_("There is no such business line."))
    fields = rules.clean_identity(code=code, name=name, category=category, topic_code=topic_code)
    template = Template(**fields, business_line_id=line_id, created_by_id=person, created_at=now)
    try:
        with transaction.atomic():
            template.save(force_insert=True)
    except IntegrityError:
        raise InvalidInput(
            _("There is a template with the code “%(code)s” already.") % {"code": fields["code"]},
            code="duplicate",
            field="code",
        ) from None
    version = _new_draft(template, number=1, base=None, person=person, now=now)
    record(
        action="template.created",
        actor=actor,
        now=now,
        subjects=Subjects(template=template.pk, version=version.pk),
        payload={**fields, "business_line": str(line_id)},
    )
    return version


@transaction.atomic
def new_version(
    *,
    actor: Actor,
    now: dt.datetime,
    template_id: UUID | None = None,
    based_on: UUID | None = None,
) -> TemplateVersion:
    """A new draft with the words of the version `based_on`, by default of the newest one.

    Raises Conflict `is_draft` when that one is a draft itself: edit it instead.
    """
    require(actor, Capability.TEMPLATES_DRAFT)
    if based_on is None and template_id is None:
        raise InvalidInput(_("Name a template or a version."), field="based_on")
    if based_on is not None:
        base = _find(TemplateVersion.objects.filter(pk=based_on))
    else:
        base = _find(TemplateVersion.objects.filter(template=template_id).order_by("-number"))
    template = Template.objects.select_for_update().get(pk=base.template_id)
    require_line(actor, template.business_line_id)
    if base.state == State.DRAFT:
        raise Conflict(
            _("Version %(number)s is still a draft; edit that one.") % {"number": base.number},
            code="is_draft",
            details={"version": str(base.pk)},
        )
    top = template.versions.aggregate(top=Max("number"))["top"]
    version = _new_draft(template, number=top + 1, base=base, person=_person(actor), now=now)
    record(
        action="template.version_started",
        actor=actor,
        now=now,
        subjects=Subjects(template=template.pk, version=version.pk),
        payload={"number": version.number, "based_on": str(base.pk)},
    )
    return version


@transaction.atomic
def save_draft(
    *,
    version_id: UUID,
    facts: Mapping[str, Mapping[str, Any]],
    placeholders: Iterable[Mapping[str, Any]],
    variants: Iterable[Mapping[str, Any]],
    actor: Actor,
    now: dt.datetime,
    note: str = "",
    revision: int | None = None,
) -> TemplateVersion:
    """Replace the words of a draft; whoever saves becomes a contributor.

    `revision` is the one that the editor started from: when somebody saved meanwhile, Conflict
    `stale_draft` is raised and nothing is written. Raises InvalidInput naming the field.
    """
    version = _locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    _require_draft(version)
    if revision is not None and revision != version.revision:
        raise Conflict(
            _("%(who)s saved this draft while you were editing it. Nothing was overwritten.")
            % {"who": version.edited_by},
            code="stale_draft",
            details={"revision": version.revision, "shown_revision": revision},
        )
    version.facts = rules.clean_facts(facts)
    version.placeholders = rules.clean_placeholders(placeholders)
    version.note = rules.clean_text(note, field="note", limit=2000)
    texts = rules.clean_variants(variants)
    version.revision += 1
    version.edited_by_id, version.edited_at = _person(actor), now
    version.save()
    version.variants.all().delete()
    _write_variants(version, texts)
    record(
        action="template.draft_saved",
        actor=actor,
        now=now,
        subjects=_subjects(version),
        payload={
            "number": version.number,
            "revision": version.revision,
            "content_hash": rules.content_hash(content_of(version)),
        },
    )
    return version


@transaction.atomic
def submit(
    *, version_id: UUID, actor: Actor, now: dt.datetime, revision: int | None = None
) -> TemplateVersion:
    """Send a draft to review; from here its words are fixed and bound to their hash.

    Raises InvalidInput `lint` with all findings in `details` when one of them is an error.
    """
    version = _locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    VERSIONS.check(old=version.state, new=State.IN_REVIEW)
    if revision is not None and revision != version.revision:
        raise Conflict(
            _("This draft was changed after you opened it. Look at it again, then submit."),
            code="stale_draft",
        )
    content = content_of(version)
    findings = lint.lint(content)
    if bad := lint.errors(findings):
        raise InvalidInput(
            _("%(count)s findings must be mended before review.") % {"count": len(bad)},
            code="lint",
            details={"findings": [lint.as_dict(finding) for finding in bad]},
        )
    version.state = State.IN_REVIEW.value
    version.content_hash = rules.content_hash(content)
    version.submitted_by_id, version.submitted_at = _person(actor), now
    version.save()
    record(
        action="template.submitted",
        actor=actor,
        now=now,
        subjects=_subjects(version),
        payload={
            "number": version.number,
            "content_hash": version.content_hash,
            "content": rules.canonical_content(content),
            "warnings": sorted({finding.code for finding in findings}),
        },
    )
    return version


def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime, reason: str = ""
) -> TemplateVersion:
    """Approve exactly the content that was on the approver's screen (T2, T3).

    `shown_hash` is the hash of what was shown; Conflict `stale_approval` when it is another.
    Needs a fresh second factor, and a person who contributed nothing to the version. `reason`
    is an optional remark.
    """
    return _decide(
        Verb.APPROVE,
        version_id=version_id,
        actor=actor,
        now=now,
        reason=reason,
        shown_hash=shown_hash,
    )


def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> TemplateVersion:
    """Give a version back to its authors, who go on in a new version."""
    return _decide(Verb.RETURN, version_id=version_id, actor=actor, now=now, reason=reason)


def reject(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Refuse a version for good."""
    return _decide(Verb.REJECT, version_id=version_id, actor=actor, now=now, reason=reason)


def withdraw(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Take one's own version back from review."""
    return _decide(Verb.WITHDRAW, version_id=version_id, actor=actor, now=now, reason=reason)


def retire(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Take a version out of use."""
    return _decide(Verb.RETIRE, version_id=version_id, actor=actor, now=now, reason=reason)


def recall(*, version_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> TemplateVersion:
    """Stop an approved version at once, also for messages still queued: sending asks again."""
    return _decide(Verb.RECALL, version_id=version_id, actor=actor, now=now, reason=reason)


@transaction.atomic
def _decide(
    verb: Verb,
    *,
    version_id: UUID,
    actor: Actor,
    now: dt.datetime,
    reason: str = "",
    shown_hash: str | None = None,
) -> TemplateVersion:
    version = _locked(version_id, actor, rules.VERB_CAPABILITIES[verb])
    target = VERB_STATES[verb]
    reason = rules.clean_text(reason, field="reason", limit=2000)
    VERSIONS.check(old=version.state, new=target, reason=reason)
    contributors = set(version.contributors.values_list("user_id", flat=True))
    if verb in rules.REVIEW_VERBS:
        require_other_person(actor, contributors)
    elif verb == Verb.WITHDRAW and actor.user_id not in contributors:
        raise Forbidden(_("Only its authors can take a version back from review."))
    if verb == Verb.APPROVE:
        _require_same_content(version, shown_hash)
        require_step_up(actor, now)
    person = _person(actor)
    Decision.objects.create(
        version=version,
        user_id=person,
        decision=verb.value,
        content_hash=version.content_hash,
        reason=reason,
        at=now,
    )
    version.state = target.value
    version.decided_by_id, version.decided_at, version.reason = person, now, reason
    version.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    record(
        action=f"template.{rules.VERB_ACTIONS[verb]}",
        actor=actor,
        now=now,
        subjects=_subjects(version),
        payload={
            "number": version.number,
            "content_hash": version.content_hash,
            "reason": reason,
        },
    )
    return version


def _require_same_content(version: TemplateVersion, shown_hash: str | None) -> None:
    if shown_hash != version.content_hash:
        raise Conflict(
            _("Your screen shows other content than the one under review. Look at it again."),
            code="stale_approval",
        )
    if rules.content_hash(content_of(version)) != version.content_hash:
        raise Conflict(
            _("The stored content does not match its hash. Return this version and tell audit."),
            code="unapproved_content",
        )


def _locked(version_id: UUID, actor: Actor, capability: Capability) -> TemplateVersion:
    """The version with its row locked, for an actor with `capability` in its business line."""
    require(actor, capability)
    version = _find(
        TemplateVersion.objects.select_for_update(of=("self",))
        .select_related("template", "edited_by")
        .filter(pk=version_id)
    )
    require_line(actor, version.template.business_line_id)
    return version


def _find(versions: Any) -> TemplateVersion:
    version: TemplateVersion | None = versions.first()
    if version is None:
        raise NotFound(_("There is no such version."))
    return version


def _require_draft(version: TemplateVersion) -> None:
    if version.state != State.DRAFT:
        raise Conflict(
            _("Version %(number)s was submitted; its words are fixed. Make a new version.")
            % {"number": version.number},
            code="not_a_draft",
            details={"state": version.state},
        )


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    return actor.user_id


def _new_draft(
    template: Template,
    *,
    number: int,
    base: TemplateVersion | None,
    person: UUID,
    now: dt.datetime,
) -> TemplateVersion:
    version = TemplateVersion.objects.create(
        template=template,
        number=number,
        facts=base.facts if base else {},
        placeholders=base.placeholders if base else [],
        based_on=base,
        created_by_id=person,
        created_at=now,
        edited_by_id=person,
        edited_at=now,
    )
    if base:
        _write_variants(version, content_of(base).variants)
    return version


def _write_variants(version: TemplateVersion, texts: Iterable[rules.VariantText]) -> None:
    Variant.objects.bulk_create(
        Variant(
            version=version,
            channel=text.channel,
            language=text.language,
            subject=text.subject,
            body=text.body,
            body_html=text.body_html,
        )
        for text in texts
    )


def _subjects(version: TemplateVersion) -> Subjects:
    return Subjects(template=version.template_id, version=version.pk)
