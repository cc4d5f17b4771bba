"""What the pages show, made from what the selectors return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.diff import AFTER, BEFORE, marked
from core.models import User
from templates_mgmt import lint, rules, selectors
from templates_mgmt.lexicon.selectors import in_force
from templates_mgmt.lint.channels import CHAT_BYTES, PUSH_BODY, PUSH_TITLE
from templates_mgmt.models import (
    Contributor,
    Decision,
    Justification,
    Template,
    TemplateVersion,
)
from templates_mgmt.rendering import PLACEHOLDER
from templates_mgmt.rules import Content, State, Verb
from templates_mgmt.selectors import FieldDiff, OpenDecision, Preview
from templates_mgmt.settings import link_hosts, sms_price
from templates_mgmt.sms import SmsLength
from templates_mgmt.writing import facts
from templates_mgmt.writing.script import Section, seconds, sections
from templates_mgmt.writing.selectors import justified
from templates_mgmt.writing.values import Kind

Text = str | Promise

FIELD_LABELS: dict[str, Text] = {
    "title": _("Title"),
    "key_points": _("Key points"),
    "action": _("Action needed"),
    "deadline": _("Deadline"),
    "risk": _("Risk statement"),
    "subject": _("Subject"),
    "body": _("Text"),
    "body_html": _("HTML"),
    "placeholders": _("Placeholders"),
    "facts": _("Facts"),
}


KIND_LABELS: dict[str, Text] = {
    Kind.DATE: _("Date"),
    Kind.TIME: _("Time"),
    Kind.AMOUNT: _("Amount"),
    Kind.PERCENT: _("Percentage"),
    Kind.PERIOD: _("Period"),
    Kind.PHONE: _("Phone number"),
    Kind.NUMBER: _("Number"),
    Kind.PLACEHOLDER: _("Text"),
}


@dataclass(frozen=True, slots=True)
class Button:
    """A decision as a button; `key` is its keyboard shortcut."""

    verb: str
    label: Text
    icon: str
    style: str
    key: str


BUTTONS = (
    Button(Verb.APPROVE, _("Approve"), "check", "primary", "a"),
    Button(Verb.RETURN, _("Return to the author"), "undo", "", "r"),
    Button(Verb.REJECT, _("Reject for good"), "x-circle", "danger", "x"),
    Button(Verb.WITHDRAW, _("Take back from review"), "undo", "", "w"),
    Button(Verb.RETIRE, _("Retire"), "archive", "", "e"),
    Button(Verb.RECALL, _("Recall at once"), "ban", "danger", "c"),
)

OUTCOMES: dict[str, Text] = {
    State.IN_REVIEW: _("Your approval counts. The plan of review asks for another one."),
    State.APPROVED: _("Approved. Notices can use this version now."),
    State.RETURNED: _("Returned. Its authors go on in a new version."),
    State.REJECTED: _("Rejected."),
    State.RETIRED: _("Retired. No new notice can use this version."),
    State.RECALLED: _("Recalled. Nothing more is sent from this version."),
}


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """A preview with its language's name and the HTML that the page may hold."""

    channel: str
    language: Text
    lang: str
    subject: str
    text: str
    html: SafeString
    sms: SmsLength | None
    cost: str
    error: str
    size: str
    sections: list[Section]


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with its place in words and the editor's field to mend it in."""

    finding: lint.Finding
    where: str
    anchor: str
    fingerprint: str
    reason: Justification | None
    overridable: bool


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """One changed text: old and new with marks, and both in one."""

    where: str
    old: SafeString
    new: SafeString
    both: SafeString


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text as written, with its placeholders marked."""

    where: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Entry:
    """One step in the history of a template."""

    kind: str
    what: str
    who: User | None
    at: dt.datetime
    reason: str
    version: TemplateVersion


def look(
    content: Content,
    version: TemplateVersion | None = None,
    values: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """How `content` looks to investors, a row per channel, filled with `values` over the examples,
    and what lint says, with the reasons given in `version`."""
    shown = [_shown(preview) for preview in selectors.previews(content, values)]
    reasons = justified(version) if version is not None else {}
    findings = []
    for finding in lint.lint(content, in_force(), link_hosts()):
        print_of_it = lint.fingerprint(finding, content)
        reason = reasons.get(print_of_it)
        findings.append(_shown_finding(finding, print_of_it, reason))
    severities = [item.finding.severity for item in findings if item.reason is None]
    return {
        "previews": [
            (channel, list(row)) for channel, row in groupby(shown, lambda item: item.channel)
        ],
        "findings": findings,
        "error_count": severities.count(lint.Severity.ERROR),
        "warning_count": severities.count(lint.Severity.WARNING),
        "fact_table": fact_table(content),
        "facts": [
            (rules.LANGUAGE_LABELS[rules.Language(code)], code, content.facts[code])
            for code in content.languages
        ],
    }


def fact_table(content: Content) -> dict[str, Any] | None:
    """The values of the facts against all texts; None when there are none to compare."""
    rows = facts.table(content)
    if not rows:
        return None
    return {
        "columns": content.channels,
        "rows": [
            {
                "kind": KIND_LABELS[row.kind],
                "mandatory": row.mandatory,
                "written": list(dict.fromkeys(row.written.values())),
                "cells": [_cell(row, channel) for channel in content.channels],
            }
            for row in rows
        ],
    }


def _cell(row: facts.Row, channel: str) -> tuple[str, list[Text]]:
    """Whether a channel says a value, and in which languages it does not if only in some."""
    cells = [cell for cell in row.cells if cell.channel == channel]
    silent: list[Text] = [
        rules.LANGUAGE_LABELS[rules.Language(cell.language)] for cell in cells if not cell.said
    ]
    state = ("error" if row.mandatory else "no") if silent else "yes"
    return state, silent if len(silent) < len(cells) else []


def _shown(preview: Preview) -> ShownPreview:
    return ShownPreview(
        preview.channel,
        rules.LANGUAGE_LABELS[rules.Language(preview.language)],
        {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}.get(preview.language, preview.language),
        preview.subject,
        preview.text,
        mark_safe(preview.html),  # noqa: S308 — rendering sanitised the words, escaped the values
        preview.sms,
        _cost(preview.sms),
        preview.error,
        _size(preview),
        sections(preview.text, preview.language)
        if preview.channel == rules.Channel.HOTLINE
        else [],
    )


def _size(preview: Preview) -> str:
    """How much of what its channel shows or takes a text uses; blank where nothing is counted."""
    match preview.channel:
        case rules.Channel.PUSH:
            return gettext("title %(title)s of %(most_title)s, text %(text)s of %(most_text)s "
                           "characters") % {
                "title": len(preview.subject), "most_title": PUSH_TITLE,
                "text": len(preview.text), "most_text": PUSH_BODY,
            }  # fmt: skip
        case rules.Channel.CHAT:
            size = {"size": len(preview.text.encode()), "most": CHAT_BYTES}
            return gettext("%(size)s of %(most)s bytes") % size
        case rules.Channel.HOTLINE:
            spoken = [part.text for part in sections(preview.text, preview.language) if part.spoken]
            return gettext("about %(seconds)s seconds to read aloud") % {
                "seconds": seconds("\n".join(spoken))
            }
    return ""


def _cost(length: SmsLength | None) -> str:
    price = sms_price() if length is not None else None
    if length is None or price is None:
        return ""
    return f"{(price[0] * length.segments).normalize():f} {price[1]}"


def _shown_finding(
    finding: lint.Finding, fingerprint: str, reason: Justification | None
) -> ShownFinding:
    place = finding.place
    anchor = ""
    if place.channel:
        anchor = f"id_text-{place.channel}-{place.language}-{place.field or 'body'}"
    elif place.language:
        field = "title" if place.field in {"facts", ""} else place.field
        anchor = f"id_facts-{place.language}-{field}"
    elif place.field.startswith("placeholders"):
        anchor = "placeholders"
    return ShownFinding(
        finding,
        where(place.channel, place.language, place.field),
        anchor,
        fingerprint,
        reason,
        finding.code in lint.OVERRIDABLE,
    )


def where(channel: str, language: str, field: str) -> str:
    """A place in words, for example “SMS · English · Text”."""
    field, _dot, name = field.partition(".")
    words = [
        rules.CHANNEL_LABELS[rules.Channel(channel)] if channel else "",
        rules.LANGUAGE_LABELS[rules.Language(language)] if language else "",
        FIELD_LABELS.get(field, field),
        name,
    ]
    return " · ".join(str(word) for word in words if word) or gettext("Whole version")


def differences(found: Iterable[FieldDiff]) -> list[ShownDifference]:
    """Differences with deletions and insertions marked up."""
    return [
        ShownDifference(
            where(item.channel, item.language, item.field),
            marked(item.spans, BEFORE),
            marked(item.spans, AFTER),
            marked(item.spans),
        )
        for item in found
    ]


def texts(content: Content) -> list[ShownText]:
    """Every text as written, its placeholders marked, by channel and language."""
    return [
        ShownText(where(variant.channel, variant.language, field), _highlighted(text))
        for variant in content.variants
        for field in ("subject", "body", "body_html")
        if (text := getattr(variant, field))
    ]


def _highlighted(text: str) -> SafeString:
    parts = PLACEHOLDER.split(text)
    return format_html_join(
        "",
        "{}{}",
        (
            (part, "")
            if at % 2 == 0
            else (format_html('<span class="placeholder">{}</span>', part), "")
            for at, part in enumerate(parts)
        ),
    )


def decisions(open_now: list[OpenDecision]) -> list[Button]:
    """The buttons that this actor may press now."""
    allowed = {item.verb for item in open_now if not item.barred}
    return [button for button in BUTTONS if button.verb in allowed]


def barred(open_now: list[OpenDecision]) -> list[str]:
    """Why this actor cannot decide what is waiting for a decision; blank when they can."""
    if any(not item.barred for item in open_now if item.verb in rules.REVIEW_VERBS):
        return []
    return list(
        dict.fromkeys(
            item.barred for item in open_now if item.barred and item.verb in rules.REVIEW_VERBS
        )
    )


def outcome(version: TemplateVersion) -> str:
    """What the decision just taken means."""
    return str(OUTCOMES[version.state])


def versions_of(template: Template) -> list[TemplateVersion]:
    """All versions with their people, newest first."""
    return list(
        TemplateVersion.objects.filter(template=template)
        .select_related("template", "created_by", "edited_by", "submitted_by", "decided_by")
        .prefetch_related("variants")
        .order_by("-number")
    )


def contributors_of(version: TemplateVersion) -> list[User]:
    """Whose words or submission are in the version: none of them can approve it."""
    rows = Contributor.objects.filter(version=version).select_related("user").order_by("id")
    return [row.user for row in rows]


def history_of(version: TemplateVersion) -> list[Entry]:
    """Submissions and decisions of this version and the ones before it, newest first."""
    versions = list(
        TemplateVersion.objects.filter(
            template=version.template_id, number__lte=version.number
        ).select_related("created_by", "submitted_by")
    )
    taken = Decision.objects.filter(version__in=versions).select_related("user", "version")
    entries = [
        Entry(item.decision_state, item.get_decision_display(), item.user, item.at, item.reason,
              item.version)
        for item in taken
    ]  # fmt: skip
    for item in versions:
        entries.append(
            Entry("draft", gettext("Started"), item.created_by, item.created_at, "", item)
        )
        if item.submitted_at is not None:
            entries.append(
                Entry(
                    "in_review",
                    gettext("Submitted"),
                    item.submitted_by,
                    item.submitted_at,
                    item.note,
                    item,
                )
            )
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
