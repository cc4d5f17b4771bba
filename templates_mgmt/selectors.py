"""Reads: what this actor may see, the content under an approval, previews and differences."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import clock
from core.access import require, require_line
from core.actor import Actor
from core.diff import Span, changed, word_diff
from core.errors import Conflict, InvalidInput, NotFound
from core.models import BusinessLine
from core.roles import Capability
from templates_mgmt import check_line, lint, rules
from templates_mgmt.filing import binding
from templates_mgmt.models import Template, TemplateVersion
from templates_mgmt.rendering import (
    FACT_NAMES,
    HTML_CHANNELS,
    CompiledVariant,
    compile_variant,
    derive_html,
    expand,
    fact_text,
    fact_texts,
)
from templates_mgmt.rules import Content, Placeholder, State, VariantText
from templates_mgmt.sms import SmsLength, sms_length

_BETWEEN_BLOCKS = re.compile(r">\s*\n\s*<")


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """Content that may be sent: its hash was derived again from the rows, and it is approved."""

    id: UUID
    template_id: UUID
    number: int
    category: str
    topic: str
    content_hash: str
    placeholders: tuple[Placeholder, ...]
    facts: Mapping[str, Mapping[str, Any]]
    variants: Mapping[tuple[str, str], VariantText]

    def compiled(self) -> dict[tuple[str, str], CompiledVariant]:
        """Every variant ready to be filled, by (channel, language)."""
        return {key: _compile(variant, self.facts) for key, variant in self.variants.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """A variant as an investor would see it, filled with the examples.

    `error` says why it cannot be rendered; the parts are then the raw texts.
    """

    channel: str
    language: str
    subject: str
    text: str
    html: str
    sms: SmsLength | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """The difference of one text between two versions; `channel` is blank for facts."""

    channel: str
    language: str
    field: str
    spans: tuple[Span, ...]


def templates_visible_to(actor: Actor) -> QuerySet[Template]:
    """Templates of the actor's business lines, each with its newest version's number and state
    and the number of its newest approved version."""
    require(actor, Capability.TEMPLATES_VIEW)
    templates = Template.objects.with_standing().select_related("business_line", "created_by")
    if Capability.LINES_ALL in actor.capabilities:
        return templates
    return templates.filter(business_line__in=actor.lines)


def find_templates(
    actor: Actor, *, state: str = "", category: str = "", line: str = "", search: str = ""
) -> QuerySet[Template]:
    """Visible templates narrowed by the state of the newest version, category, code of the
    business line, and words in code or name."""
    templates = templates_visible_to(actor)
    if state:
        templates = templates.filter(Q(newest_state=state))
    if category:
        templates = templates.filter(category=category)
    if line:
        templates = templates.filter(business_line__code=line)
    for word in search.split():
        templates = templates.filter(Q(name__icontains=word) | Q(code__icontains=word))
    return templates


def template_for(actor: Actor, template_id: UUID) -> Template:
    """One template; raises NotFound outside the actor's business lines."""
    template = templates_visible_to(actor).filter(pk=template_id).first()
    if template is None:
        raise NotFound(_("There is no such template."))
    return template


def version_for(actor: Actor, version_id: UUID) -> TemplateVersion:
    """One version with its template and people; raises NotFound outside the actor's lines."""
    require(actor, Capability.TEMPLATES_VIEW)
    version = (
        TemplateVersion.objects.select_related(
            "template__business_line",
            "created_by",
            "edited_by",
            "submitted_by",
            "decided_by",
            "based_on",
        )
        .filter(pk=version_id)
        .first()
    )
    if version is None:
        raise NotFound(_("There is no such version."))
    require_line(actor, version.template.business_line_id)
    return version


def content_of(version: TemplateVersion) -> Content:
    """The content of a version as the rules see it."""
    return Content(
        code=version.template.code,
        category=version.template.category,
        topic=version.template.topic_code,
        facts=version.facts,
        placeholders=tuple(Placeholder(**item) for item in version.placeholders),
        variants=tuple(
            VariantText(
                variant.channel, variant.language, variant.subject, variant.body, variant.body_html
            )
            for variant in version.variants.all()
        ),
    )


def approved_version(version_id: UUID, *, at: dt.datetime | None = None) -> ApprovedVersion:
    """The content of an approved version, for preparing and releasing (T3).

    Derives the hash from the rows again. Raises NotFound, or Conflict: `unapproved_content`
    when the version is not approved or its content is not what was approved, `not_effective` or
    `expired` when its filing record does not allow a new notice at `at` (by default now) (T10).
    """
    found = _with_variants(version_id)
    content = _content_under(found, frozenset({State.APPROVED}))
    if found is not None:
        binding.require_usable(found, at or clock.now())
    return content


def version_in_flight(version_id: UUID) -> ApprovedVersion:
    """The same for a notice that has been released: a version that was retired meanwhile still
    counts (no new notice may use it, but what is on its way arrives), a recalled one does not."""
    return _content_under(_with_variants(version_id), rules.SENDABLE)


def _with_variants(version_id: UUID) -> TemplateVersion | None:
    versions = TemplateVersion.objects.select_related("template", "filing")
    versions = versions.prefetch_related("variants")
    return versions.filter(pk=version_id).first()


def _content_under(version: TemplateVersion | None, states: frozenset[State]) -> ApprovedVersion:
    """The content of a version in one of `states`, its hash derived from the rows again."""
    if version is None:
        raise NotFound(_("There is no such version."))
    content = content_of(version)
    if version.state not in states or rules.content_hash(content) != version.content_hash:
        raise Conflict(
            _("Version %(number)s of “%(name)s” is not approved as it stands; nothing is sent.")
            % {"number": version.number, "name": version.template.name},
            code="unapproved_content",
            details={"version": str(version.pk), "state": version.state},
        )
    return ApprovedVersion(
        id=version.pk,
        template_id=version.template_id,
        number=version.number,
        category=content.category,
        topic=content.topic,
        content_hash=version.content_hash,
        placeholders=content.placeholders,
        facts=content.facts,
        variants={(variant.channel, variant.language): variant for variant in content.variants},
    )


def approved_versions_visible_to(
    actor: Actor, *, at: dt.datetime | None = None
) -> QuerySet[TemplateVersion]:
    """Approved versions of the actor's business lines, newest first, in effect and not expired
    at `at` (by default now): what a notice may use."""
    return (
        TemplateVersion.objects.filter(
            binding.usable_now(at or clock.now()),
            state=State.APPROVED,
            template__in=templates_visible_to(actor).values("pk"),
        )
        .select_related("template__business_line")
        .order_by("template__code", "-number")
    )


def last_approved_before(version: TemplateVersion) -> TemplateVersion | None:
    """The newest other version of the template that was once approved: what to compare with."""
    return (
        TemplateVersion.objects.filter(
            template=version.template_id, decisions__decision=rules.Verb.APPROVE
        )
        .exclude(pk=version.pk)
        .filter(number__lt=version.number)
        .order_by("-number")
        .first()
    )


def previews(content: Content, values: Mapping[str, str] | None = None) -> list[Preview]:
    """Every variant as it would be sent, check line included, filled with `values` over the
    examples, by channel, then language."""
    names = check_line.code_names(content.placeholders)
    line = check_line.values_of(check_line.EXAMPLE, settings.PUBLIC_URL, names)
    samples = {
        language: {**lint.sample_values(content, language), **line, **(values or {})}
        for language in rules.Language
    }
    order = {name: at for at, name in enumerate([*rules.Channel, *rules.Language])}
    variants = sorted(content.variants, key=lambda v: (order[v.channel], order[v.language]))
    return [
        _preview(
            check_line.with_check_line(variant, names),
            content,
            samples[rules.Language(variant.language)],
        )
        for variant in variants
    ]


def _preview(variant: VariantText, content: Content, values: Mapping[str, str]) -> Preview:
    facts = content.facts.get(variant.language, {})
    known = {**values, **fact_texts(facts)}
    error = ""
    try:
        rendered = _compile(variant, content.facts, preview=True).render(values)
        subject, text, html = rendered.subject, rendered.text, rendered.html
    except InvalidInput as problem:
        error = str(problem)
        subject, text = expand(variant.subject, known), expand(variant.body, known)
        html = derive_html(text) if variant.channel in HTML_CHANNELS else ""
    html = _BETWEEN_BLOCKS.sub("><", html)
    return Preview(
        variant.channel,
        variant.language,
        subject,
        text,
        html,
        sms_length(text) if variant.channel == "sms" else None,
        error,
    )


def _compile(
    variant: VariantText, facts: Mapping[str, Mapping[str, Any]], *, preview: bool = False
) -> CompiledVariant:
    """`preview` asks for the e-mail's fragment, which a page can hold, not a whole document."""
    return compile_variant(
        channel="inbox" if preview and variant.channel == "email" else variant.channel,
        language=variant.language,
        subject=variant.subject,
        body=variant.body,
        body_html=variant.body_html,
        facts=facts.get(variant.language, {}),
    )


def diff_versions(old: TemplateVersion, new: TemplateVersion) -> list[FieldDiff]:
    """Word differences, facts first, then per channel and language; equal texts are left out."""
    return diff_contents(content_of(old), content_of(new))


def diff_contents(before: Content, after: Content) -> list[FieldDiff]:
    """`diff_versions` on contents, stored or just typed."""
    out = []
    languages = [item for item in rules.Language if item in before.facts or item in after.facts]
    for language in languages:
        for name in FACT_NAMES:
            out.append(
                _field_diff(
                    ("", language.value, name),
                    fact_text(before.facts.get(language.value, {}), name),
                    fact_text(after.facts.get(language.value, {}), name),
                )
            )
    texts_before, texts_after = _texts(before), _texts(after)
    for key in dict.fromkeys([*texts_after, *texts_before]):
        out.append(_field_diff(key, texts_before.get(key, ""), texts_after.get(key, "")))
    out.append(_field_diff(("", "", "placeholders"), _names(before), _names(after)))
    return [item for item in out if changed(item.spans)]


def _field_diff(place: tuple[str, str, str], old: str, new: str) -> FieldDiff:
    return FieldDiff(*place, tuple(word_diff(old, new)))


def _texts(content: Content) -> dict[tuple[str, str, str], str]:
    return {
        (variant.channel, variant.language, field): getattr(variant, field)
        for variant in content.variants
        for field in ("subject", "body", "body_html")
    }


def _names(content: Content) -> str:
    return "\n".join(
        f"{item.name} ({item.type}, {item.source}"
        + (", personal" if item.personal else "")
        + f"): {item.example}"
        + "".join(f" · {language}: {text}" for language, text in item.examples.items())
        for item in content.placeholders
    )


@dataclass(frozen=True, slots=True)
class OpenDecision:
    """A decision that the state allows; `barred` says why this actor cannot take it."""

    verb: str
    barred: str = ""


def open_decisions(version: TemplateVersion, actor: Actor) -> list[OpenDecision]:
    """What can be decided about a version now, and by this actor or not. The services ask
    again; this only spares people a refusal."""
    contributors = set(version.contributors.values_list("user_id", flat=True))
    return [
        OpenDecision(verb.value, _barred(verb, actor, contributors))
        for verb, origins in rules.VERB_ORIGINS.items()
        if version.state in origins
    ]


def _barred(verb: rules.Verb, actor: Actor, contributors: set[UUID]) -> str:
    if rules.VERB_CAPABILITIES[verb] not in actor.capabilities:
        return gettext("Your roles do not include this decision.")
    if verb in rules.REVIEW_VERBS and actor.user_id in contributors:
        return gettext("You took part in this version, so another person must decide.")
    if verb == rules.Verb.WITHDRAW and actor.user_id not in contributors:
        return gettext("Only its authors can take a version back from review.")
    return ""


def lines_of(actor: Actor) -> list[BusinessLine]:
    """The business lines that the actor works in, by code."""
    lines = BusinessLine.objects.order_by("code")
    if Capability.LINES_ALL not in actor.capabilities:
        lines = lines.filter(pk__in=actor.lines)
    return list(lines)
