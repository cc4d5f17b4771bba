"""Writes on word lists: one person drafts and submits, another puts in force what she saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.reviewed import steps
from core.reviewed.rules import State
from core.roles import Capability
from templates_mgmt.filing import causes
from templates_mgmt.lexicon import rules
from templates_mgmt.lexicon.models import WordList, WordListVersion
from templates_mgmt.lexicon.rules import Severity
from templates_mgmt.lexicon.selectors import impact_of
from templates_mgmt.rules import clean_identity, clean_text

KEEP = Capability.TEMPLATES_REVIEW


@transaction.atomic
def create_list(*, code: str, name: str, actor: Actor, now: dt.datetime) -> WordListVersion:
    """A new list with a blank draft, which is returned; needs TEMPLATES_REVIEW."""
    steps.require_person(actor, KEEP)
    fields = clean_identity(code=code, name=name, category="risk", topic_code="any")
    if WordList.objects.filter(code=fields["code"]).exists():
        raise InvalidInput(
            _("There is a word list “%(code)s” already.") % {"code": fields["code"]},
            code="duplicate",
            field="code",
        )
    made = WordList.objects.create(code=fields["code"], name=fields["name"], created_at=now)
    return steps.start(WordListVersion, made, actor=actor, now=now, verb="created")


@transaction.atomic
def new_version(*, list_id: UUID, actor: Actor, now: dt.datetime) -> WordListVersion:
    """A draft with the words of the newest version; Conflict when one is in work already."""
    steps.require_person(actor, KEEP)
    found = WordList.objects.select_for_update().filter(pk=list_id).first()
    if found is None:
        raise NotFound(_("There is no such word list."))
    return steps.start(WordListVersion, found, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    severity: str,
    why: Mapping[str, str],
    fix: Mapping[str, str],
    terms: Iterable[str],
    exceptions: Iterable[str],
    examples: Iterable[Mapping[str, Any]],
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> WordListVersion:
    """Replace the words of a draft. Raises InvalidInput naming field and line, or Conflict
    `stale_draft` when somebody saved since `revision`."""
    steps.require_person(actor, KEEP)
    version = steps.locked(WordListVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    if severity not in set(Severity):
        raise InvalidInput(_("Choose what a hit does."), field="severity")
    version.severity = severity
    version.why = rules.clean_texts(why, field="why")
    version.fix = rules.clean_texts(fix, field="fix")
    version.terms = rules.clean_terms(terms, field="terms")
    version.exceptions = rules.clean_terms(exceptions, field="exceptions")
    version.examples = rules.clean_examples(examples)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> WordListVersion:
    """Send a draft to a second person. Raises InvalidInput `examples` when one does not come out
    as it says, or when there is no term."""
    steps.require_person(actor, KEEP)
    version = steps.locked(WordListVersion, version_id, draft=True)
    if not version.terms or not version.why:
        raise InvalidInput(_("A list needs terms and a reason."), field="terms")
    if wrong := rules.wrong_examples(version.words):
        number, example = wrong[0]
        raise InvalidInput(
            _("%(count)s examples come out otherwise; the first is number %(number)s: “%(text)s”.")
            % {"count": len(wrong), "number": number, "text": example.text},
            code="examples",
            field="examples",
            details={"examples": [number for number, _example in wrong]},
        )
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(
    *, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime
) -> WordListVersion:
    """Put exactly what was shown in force; needs a fresh second factor and a person who had no
    hand in it. Every approved template that it flags anew gets a re-review."""
    steps.require_person(actor, KEEP)
    version = steps.locked(WordListVersion, version_id)
    impact = impact_of(version) if version.state == State.IN_REVIEW else []
    steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)
    causes.word_list_in_force(version, impact, actor=actor, now=now)
    return version


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> WordListVersion:
    """Give a version back with a reason; work goes on in a new version."""
    steps.require_person(actor, KEEP)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(WordListVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
