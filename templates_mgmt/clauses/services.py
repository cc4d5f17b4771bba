"""Writes on clauses: one person drafts and submits, another puts in force what she saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import InvalidInput, NotFound
from core.reviewed import steps
from core.roles import Capability
from templates_mgmt.clauses import rules
from templates_mgmt.clauses.models import Clause, ClauseVersion
from templates_mgmt.filing import causes
from templates_mgmt.rules import clean_text

KEEP = Capability.TEMPLATES_REVIEW


@transaction.atomic
def create_clause(*, code: str, name: str, actor: Actor, now: dt.datetime) -> ClauseVersion:
    """A new clause with a blank draft, which is returned; needs TEMPLATES_REVIEW."""
    steps.require_person(actor, KEEP)
    code = rules.clean_code(code)
    name = clean_text(name, field="name", limit=120)
    if not name:
        raise InvalidInput(_("A clause needs a name."), code="required", field="name")
    if Clause.objects.filter(code=code).exists():
        raise InvalidInput(
            _("There is a clause “%(code)s” already.") % {"code": code},
            code="duplicate",
            field="code",
        )
    made = Clause.objects.create(code=code, name=name, created_at=now)
    return steps.start(ClauseVersion, made, actor=actor, now=now, verb="created")


@transaction.atomic
def new_version(*, clause_id: UUID, actor: Actor, now: dt.datetime) -> ClauseVersion:
    """A draft with the words of the newest version; Conflict when one is in work already."""
    steps.require_person(actor, KEEP)
    found = Clause.objects.select_for_update().filter(pk=clause_id).first()
    if found is None:
        raise NotFound(_("There is no such clause."))
    return steps.start(ClauseVersion, found, actor=actor, now=now, verb="version_started")


@transaction.atomic
def save(
    *,
    version_id: UUID,
    texts: Mapping[str, str],
    source: str,
    actor: Actor,
    now: dt.datetime,
    revision: int | None = None,
) -> ClauseVersion:
    """Replace the words of a draft; `texts` by language. Raises InvalidInput naming the field,
    or Conflict `stale_draft` when somebody saved since `revision`."""
    steps.require_person(actor, KEEP)
    version = steps.locked(ClauseVersion, version_id, draft=True)
    steps.require_fresh(version, revision)
    version.texts = rules.clean_texts(texts)
    version.source = clean_text(source, field="source", limit=300)
    steps.save(version, actor=actor, now=now)
    return version


@transaction.atomic
def submit(*, version_id: UUID, actor: Actor, now: dt.datetime) -> ClauseVersion:
    """Send a draft to a second person. Raises InvalidInput while it has no words."""
    steps.require_person(actor, KEEP)
    version = steps.locked(ClauseVersion, version_id, draft=True)
    rules.clean_texts(version.texts)
    steps.submit(version, actor=actor, now=now)
    return version


@transaction.atomic
def approve(*, version_id: UUID, shown_hash: str, actor: Actor, now: dt.datetime) -> ClauseVersion:
    """Put exactly what was shown in force; needs a fresh second factor and a person who had no
    hand in it. Templates that pinned an earlier wording stay as they were approved, and each gets
    a re-review that is open until a version with the new wording replaces it, or a second person
    says why the earlier wording is still right (T9)."""
    steps.require_person(actor, KEEP)
    version = steps.locked(ClauseVersion, version_id)
    steps.approve(version, shown_hash=shown_hash, actor=actor, now=now)
    causes.clause_in_force(version, actor=actor, now=now)
    return version


@transaction.atomic
def return_version(
    *, version_id: UUID, reason: str, actor: Actor, now: dt.datetime
) -> ClauseVersion:
    """Give a version back with a reason; work goes on in a new version."""
    steps.require_person(actor, KEEP)
    reason = clean_text(reason, field="reason", limit=2000)
    version = steps.locked(ClauseVersion, version_id)
    return steps.give_back(version, reason=reason, actor=actor, now=now)
