"""Writing a template: its versions, their words, and their way into review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability
from templates_mgmt import lint, rules
from templates_mgmt.clauses import rules as clauses
from templates_mgmt.clauses.selectors import in_force as clauses_in_force
from templates_mgmt.filing import binding
from templates_mgmt.lexicon.selectors import in_force
from templates_mgmt.models import Template, TemplateVersion, Variant
from templates_mgmt.reviewing import rules as reviewing
from templates_mgmt.reviewing.selectors import (
    plan_for,
)
from templates_mgmt.rules import VERSIONS, State
from templates_mgmt.selectors import content_of
from templates_mgmt.services.common import find, locked, person_of, subjects_of
from templates_mgmt.settings import link_hosts
from templates_mgmt.writing import selectors as writing


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
    person = person_of(actor)
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
        base = find(TemplateVersion.objects.filter(pk=based_on))
    else:
        base = find(TemplateVersion.objects.filter(template=template_id).order_by("-number"))
    template = Template.objects.select_for_update().get(pk=base.template_id)
    require_line(actor, template.business_line_id)
    if base.state == State.DRAFT:
        raise Conflict(
            _("Version %(number)s is still a draft; edit that one.") % {"number": base.number},
            code="is_draft",
            details={"version": str(base.pk)},
        )
    top = template.versions.aggregate(top=Max("number"))["top"]
    version = _new_draft(template, number=top + 1, base=base, person=person_of(actor), now=now)
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
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    _require_draft(version)
    if revision is not None and revision != version.revision:
        raise Conflict(
            _("%(who)s saved this draft while you were editing it. Nothing was overwritten.")
            % {"who": version.edited_by},
            code="stale_draft",
            details={"revision": version.revision, "shown_revision": revision},
        )
    cleaned = rules.clean_facts(facts)
    version.placeholders = rules.clean_placeholders(placeholders)
    version.note = rules.clean_text(note, field="note", limit=2000)
    texts = rules.clean_variants(variants)
    version.facts = clauses.pin(cleaned, texts, clauses_in_force())
    version.revision += 1
    version.edited_by_id, version.edited_at = person_of(actor), now
    version.save()
    version.variants.all().delete()
    _write_variants(version, texts)
    record(
        action="template.draft_saved",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
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

    Raises InvalidInput `lint` with all findings in `details` when one of them is an error
    that nobody justified (`writing.services.justify`).
    """
    version = locked(version_id, actor, Capability.TEMPLATES_DRAFT)
    VERSIONS.check(old=version.state, new=State.IN_REVIEW)
    if revision is not None and revision != version.revision:
        raise Conflict(
            _("This draft was changed after you opened it. Look at it again, then submit."),
            code="stale_draft",
        )
    content = content_of(version)
    version.facts = clauses.pin(version.facts, content.variants, clauses_in_force())
    content = replace(content, facts=version.facts)
    findings = lint.lint(content, in_force(), link_hosts())
    if bad := writing.blocking(version, content, findings):
        raise InvalidInput(
            _("%(count)s findings must be mended before review.") % {"count": len(bad)},
            code="lint",
            details={"findings": [lint.as_dict(finding) for finding in bad]},
        )
    words, person = rules.content_hash(content), person_of(actor)
    filing_hash, filed = binding.fix(version, words=words, person=person, now=now)
    version.state = State.IN_REVIEW.value
    plan = plan_for(version.template.category) or reviewing.as_json(reviewing.DEFAULT)
    version.review_plan = plan
    version.due_at = reviewing.due(now, reviewing.from_json(plan)[0].days)
    version.content_hash = words
    version.submitted_by_id, version.submitted_at = person, now
    version.save()
    record(
        action="template.submitted",
        actor=actor,
        now=now,
        subjects=subjects_of(version),
        payload={
            "number": version.number,
            "content_hash": version.content_hash,
            "content": rules.canonical_content(content),
            "filing_hash": filing_hash,
            "filing": filed,
            "warnings": sorted({finding.code for finding in findings}),
            "justified": writing.reasons_recorded(version, content, findings),
        },
    )
    return version


def _require_draft(version: TemplateVersion) -> None:
    if version.state != State.DRAFT:
        raise Conflict(
            _("Version %(number)s was submitted; its words are fixed. Make a new version.")
            % {"number": version.number},
            code="not_a_draft",
            details={"state": version.state},
        )


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
        facts=_newly_pinned(base) if base else {},
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


def _newly_pinned(base: TemplateVersion) -> dict[str, Any]:
    """The facts of `base` with the clauses that are in force now."""
    return clauses.pin(base.facts, content_of(base).variants, clauses_in_force())


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
