"""Forms of templates: filters, a new template, the editor of a draft, a decision.

Django's forms hold what was typed; what is accepted is decided in `rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import VouchsafeError
from core.models import BusinessLine
from templates_mgmt import rules
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rendering import HTML_CHANNELS, SUBJECT_CHANNELS
from templates_mgmt.rules import Channel, Language

_EXAMPLE_FIELDS = {Language.EN.value: "example_en", Language.ZH_HANT.value: "example_hant"}
BLANK_PLACEHOLDERS = 3
MAX_PLACEHOLDERS = 40


def _choices(labels: Mapping[Any, Any], blank: Any = None) -> list[tuple[str, Any]]:
    listed = [(str(value), label) for value, label in labels.items()]
    return [("", blank), *listed] if blank is not None else listed


class FilterForm(forms.Form):
    """Filters of the list; they live in the address."""

    q = forms.CharField(label=_("Name or code"), required=False, max_length=120)
    state = forms.ChoiceField(
        label=_("State of the newest version"),
        required=False,
        choices=_choices(rules.STATE_LABELS, _("Any")),
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=_choices(rules.CATEGORY_LABELS, _("Any"))
    )
    line = forms.ChoiceField(label=_("Business line"), required=False)

    def __init__(self, *args: Any, lines: list[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Any")), *((line.code, line.name) for line in lines)]


class NewTemplateForm(forms.Form):
    """A new template."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("a–z, 0–9, - and _. It cannot be changed later."),
    )
    category = forms.ChoiceField(
        label=_("Category"),
        choices=_choices(rules.CATEGORY_LABELS),
        help_text=_("Decides which facts are mandatory."),
    )
    topic_code = forms.ChoiceField(
        label=_("Topic"),
        choices=_choices(rules.TOPIC_LABELS),
        help_text=_("What investors subscribe to; mandatory topics reach everyone."),
    )
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(self, *args: Any, lines: list[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(line.pk), line.name) for line in lines]

    refusal_fields = {"line_id": "line"}


class ExampleForm(forms.Form):
    """A new template from an example of the library."""

    example = forms.ChoiceField(label=_("Example"))
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(
        self, *args: Any, lines: list[BusinessLine], examples: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("line", [(str(line.pk), line.name) for line in lines]),
            ("example", examples),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class FactsForm(forms.Form):
    """The fact block of one language."""

    title = forms.CharField(label=_("Title"), required=False)
    key_points = forms.CharField(label=_("Key points, one a line"), required=False, widget=_area(4))
    action = forms.CharField(label=_("Action needed"), required=False, widget=_area(2))
    deadline = forms.CharField(label=_("Deadline"), required=False)
    risk = forms.CharField(label=_("Risk statement"), required=False, widget=_area(2))


class PlaceholderForm(forms.Form):
    """One declared placeholder; a row without a name is no row."""

    name = forms.CharField(label=_("Name"), required=False)
    type = forms.ChoiceField(
        label=_("Type"), required=False, choices=_choices(rules.PLACEHOLDER_TYPE_LABELS)
    )
    source = forms.ChoiceField(
        label=_("Source"), required=False, choices=_choices(rules.SOURCE_LABELS)
    )
    example = forms.CharField(label=_("Example"), required=False)
    example_en = forms.CharField(label=_("English example, if another"), required=False)
    example_hant = forms.CharField(
        label=_("Traditional Chinese example, if another"), required=False
    )
    personal = forms.BooleanField(label=_("Personal"), required=False)

    def __init__(self, *args: Any, row: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label} {row}"

    def examples(self) -> dict[str, str]:
        """The examples of the languages that have one of their own."""
        return {code: self.cleaned_data.get(name, "") for code, name in _EXAMPLE_FIELDS.items()}


class VariantForm(forms.Form):
    """The words for one channel in one language."""

    subject = forms.CharField(label=_("Subject"), required=False)
    body = forms.CharField(label=_("Text"), required=False, widget=_area(6))
    body_html = forms.CharField(
        label=_("HTML"),
        required=False,
        widget=_area(6),
        help_text=_("Leave it blank to have it made from the text."),
    )

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        for name in [
            *(["subject"] if channel not in SUBJECT_CHANNELS else []),
            *(["body_html"] if channel not in HTML_CHANNELS else []),
        ]:
            del self.fields[name]
        self.fields["body"].widget.attrs["rows"] = 4 if channel == Channel.SMS else 9


class NoteForm(forms.Form):
    """What the author tells the reviewer."""

    note = forms.CharField(
        label=_("Note to the reviewer"),
        required=False,
        widget=_area(2),
        help_text=_("What changed and why. It is not sent to investors."),
    )


def _declared(item: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration as a row shows it: the Chinese example stands for all languages without one
    of their own."""
    examples = item.get("examples") or {}
    first = examples.get(Language.ZH_HANS.value) or item["example"]
    others = {
        name: own
        for code, name in _EXAMPLE_FIELDS.items()
        if (own := examples.get(code) or item["example"]) != first
    }
    return {**item, "example": first, **others}


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
                initial=_declared(declared[row]) if row < len(declared) else None,
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

    def channels(self) -> list[tuple[str, list[tuple[str, Any, VariantForm, bool]]]]:
        """(channel, [(language, name, form, whether to show it open)])."""
        return [
            (
                channel.value,
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
        return any(form[name].value() for form in texts for name in form.fields)

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


class DecisionForm(forms.Form):
    """A decision about a version, with its reason."""

    reason = forms.CharField(
        label=_("Reason or remark"),
        required=False,
        max_length=2000,
        widget=_area(4),
        help_text=_("Approval may have a remark; every other decision needs a reason."),
    )
    shown_hash = forms.CharField(widget=forms.HiddenInput, required=False)
