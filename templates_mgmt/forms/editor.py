"""The editor: all the words of a version in one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from django import forms

from core.errors import VouchsafeError
from templates_mgmt import rules
from templates_mgmt.forms.parts import (
    FactsForm,
    NoteForm,
    PlaceholderForm,
    VariantForm,
    declared_as_row,
)
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Channel, Language

BLANK_PLACEHOLDERS = 3


MAX_PLACEHOLDERS = 40
_RARE = frozenset({Channel.PUSH, Channel.CHAT, Channel.HOTLINE})


class EditorForm:
    """All the words of a version in one form: facts, placeholders, variants.

    Bound to typed `data` it never drops a word: whatever the rules refuse is shown again.
    """

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, version: TemplateVersion | None = None
    ) -> None:
        words = _words_of(version) if version is not None else {}
        self.note = NoteForm(data, initial=words.get("note"), prefix="note")
        self.facts = {
            language.value: FactsForm(
                data,
                initial=words.get(("facts", language.value)),
                prefix=f"facts-{language}",
                use_required_attribute=False,
            )
            for language in Language
        }
        self.variants = {
            (channel.value, language.value): VariantForm(
                data,
                initial=words.get((channel.value, language.value)),
                prefix=f"text-{channel}-{language}",
                channel=channel.value,
            )
            for channel in Channel
            for language in Language
        }
        declared = words.get("placeholders", [])
        count = _rows(data) if data is not None else len(declared) + BLANK_PLACEHOLDERS
        self.placeholders = [
            PlaceholderForm(
                data,
                initial=declared_as_row(declared[row]) if row < len(declared) else None,
                prefix=f"placeholder-{row}",
                row=row + 1,
            )
            for row in range(count)
        ]
        self.errors: list[tuple[str, str]] = []
        for form in self._all():
            form.is_valid()

    def _all(self) -> Iterator[forms.Form]:
        yield self.note
        yield from self.facts.values()
        yield from self.placeholders
        yield from self.variants.values()

    @property
    def row_count(self) -> int:
        """How many placeholder rows the form shows."""
        return len(self.placeholders)

    def languages(self) -> list[tuple[str, Any, FactsForm, bool]]:
        """(code, name, fact form, whether to show it open) by language."""
        return [
            (
                language.value,
                rules.LANGUAGE_LABELS[language],
                self.facts[language.value],
                language != Language.ZH_HANT or self._uses(language.value),
            )
            for language in Language
        ]

    def channels(self) -> list[tuple[str, bool, list[tuple[str, Any, VariantForm, bool]]]]:
        """(channel, whether to open it, [(language, name, form, whether to open it)]). Channels
        that few templates are written for open once they have words."""
        return [
            (
                channel.value,
                channel not in _RARE
                or any(
                    self._written(self.variants[channel.value, language.value])
                    for language in Language
                ),
                [
                    (code, name, self.variants[channel.value, code], shown)
                    for code, name, _form, shown in self.languages()
                ],
            )
            for channel in Channel
        ]

    def _uses(self, language: str) -> bool:
        texts: list[forms.Form] = [self.facts[language]]
        texts += [form for (_c, code), form in self.variants.items() if code == language]
        return any(self._written(form) for form in texts)

    @staticmethod
    def _written(form: forms.Form) -> bool:
        return any(form[name].value() for name in form.fields)

    def words(self) -> dict[str, Any]:
        """The typed words as the arguments of `save_draft`."""
        return {
            "facts": {
                language: {
                    **form.cleaned_data,
                    "key_points": form.cleaned_data.get("key_points", "").splitlines(),
                }
                for language, form in self.facts.items()
            },
            "placeholders": [
                {**form.cleaned_data, "examples": form.examples()}
                for form in self.placeholders
                if form.cleaned_data.get("name")
            ],
            "variants": [
                {"channel": channel, "language": language, **form.cleaned_data}
                for (channel, language), form in self.variants.items()
            ],
            "note": self.note.cleaned_data.get("note", ""),
        }

    def content(self, version: TemplateVersion) -> rules.Content:
        """The typed words as content; raises InvalidInput as saving would."""
        words = self.words()
        return rules.Content(
            code=version.template.code,
            category=version.template.category,
            topic=version.template.topic_code,
            facts=rules.clean_facts(words["facts"]),
            placeholders=tuple(
                rules.Placeholder(**item)
                for item in rules.clean_placeholders(words["placeholders"])
            ),
            variants=tuple(rules.clean_variants(words["variants"])),
        )

    @property
    def is_bound(self) -> bool:
        """Whether this holds typed data."""
        return self.note.is_bound

    def is_valid(self) -> bool:
        """Whether the forms could read everything (no NUL, known choices)."""
        for form in self._all():
            for name, problems in form.errors.items():
                self.errors.append((form[name].auto_id, str(problems[0])))
        return not self.errors

    def html_changed(self, saved: TemplateVersion) -> list[str]:
        """The texts whose typed HTML was not all kept, as `channel · language`."""
        kept = {(v.channel, v.language): v.body_html for v in saved.variants.all()}
        return [
            f"{rules.CHANNEL_LABELS[Channel(key[0])]} · {rules.LANGUAGE_LABELS[Language(key[1])]}"
            for key, form in self.variants.items()
            if _Tags(form.cleaned_data.get("body_html", "")).found != _Tags(kept.get(key, "")).found
        ]

    def refuse(self, error: VouchsafeError) -> None:
        """Show a refusal beside the field that it names, and in the list above the form."""
        form, name = self._place(error.field or "")
        anchor = ""
        if form is not None and name in form.fields:
            form.add_error(name, str(error.message))
            anchor = form[name].auto_id
        self.errors.append((anchor, str(error.message)))

    def _place(self, field: str) -> tuple[forms.Form | None, str]:
        match field.split("."):
            case ["facts", language, name] if language in self.facts:
                return self.facts[language], name
            case ["variants", channel, language, name] if (channel, language) in self.variants:
                return self.variants[channel, language], name
            case ["placeholders", wanted]:
                for form in self.placeholders:
                    if form.cleaned_data.get("name", "").strip() == wanted:
                        return form, "name"
            case ["note"]:
                return self.note, "note"
        return None, ""


def _words_of(version: TemplateVersion) -> dict[Any, Any]:
    words: dict[Any, Any] = {
        ("facts", language): {**facts, "key_points": "\n".join(facts.get("key_points") or [])}
        for language, facts in version.facts.items()
    }
    for variant in version.variants.all():
        words[variant.channel, variant.language] = {
            "subject": variant.subject,
            "body": variant.body,
            "body_html": variant.body_html,
        }
    return {**words, "placeholders": version.placeholders, "note": {"note": version.note}}


class _Tags(HTMLParser):
    """Collects the start tags of some HTML with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *sorted(name for name, _value in attrs if name != "rel")))


def _rows(data: Mapping[str, Any]) -> int:
    try:
        return max(0, min(int(data.get("rows", "")), MAX_PLACEHOLDERS))
    except ValueError:
        return BLANK_PLACEHOLDERS
