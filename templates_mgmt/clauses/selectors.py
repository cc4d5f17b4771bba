"""Clauses in force, and the templates that include them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.reviewed.rules import State
from core.roles import Capability
from templates_mgmt.clauses import rules
from templates_mgmt.clauses.models import Clause, ClauseVersion
from templates_mgmt.clauses.rules import Wording
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Content, Language

IN_USE = ("draft", "in_review", "approved")


def in_force() -> dict[str, Wording]:
    """The clauses in force by code; one query."""
    versions = ClauseVersion.objects.filter(state=State.APPROVED).select_related("clause")
    return {
        version.clause.code: Wording(version.clause.code, version.number, version.texts)
        for version in versions
    }


def with_clauses(content: Content) -> Content:
    """Content with the clauses in force, as saving it would pin them."""
    return replace(content, facts=rules.pin(content.facts, content.variants, in_force()))


def clauses(actor: Actor) -> list[Clause]:
    """All clauses with their versions, newest first."""
    require(actor, Capability.TEMPLATES_VIEW)
    return list(Clause.objects.prefetch_related("versions__edited_by", "versions__decided_by"))


def version_for(actor: Actor, version_id: UUID) -> ClauseVersion:
    """One version; raises NotFound."""
    require(actor, Capability.TEMPLATES_VIEW)
    found = (
        ClauseVersion.objects.select_related("clause", "edited_by", "decided_by")
        .filter(pk=version_id)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such version."))
    return found


@dataclass(frozen=True, slots=True)
class Use:
    """A version of a template that includes a clause, and the number that it pinned."""

    version: TemplateVersion
    pinned: int


def uses_of(code: str) -> list[Use]:
    """The versions in use that include the clause, by template; one query."""
    includes = Q()
    for language in Language:
        includes |= Q(**{f"facts__{language.value}__clauses__has_key": code})
    found = (
        TemplateVersion.objects.filter(includes, state__in=IN_USE)
        .select_related("template")
        .order_by("template__code", "-number")
    )
    return [Use(version, rules.pinned_numbers(version.facts)[code]) for version in found]
