"""The fields of a form that ask for the values of a notice: one each, or one for each language
where the value holds words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from comms import values
from comms.values import MAX_VALUE, Value
from templates_mgmt.rules import LANGUAGE_LABELS, Language, Placeholder, PlaceholderType

PREFIX = "value_"
_WIDGETS = {
    PlaceholderType.DATE: lambda: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    PlaceholderType.TIME: lambda: forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
}


class ValueFields(forms.Form):
    """A form with such fields. Subclasses call `add_values` once their own fields are there."""

    asked: dict[str, tuple[str, ...]]

    def add_values(self, placeholders: Iterable[Placeholder], languages: Sequence[str]) -> None:
        """A field for each placeholder whose value is entered for each notice."""
        self.asked = {}
        for item in values.entered(placeholders):
            self.asked[item.name] = tuple(languages) if values.holds_words(item) else ()
            for language in self.asked[item.name] or ("",):
                self.fields[field_name(item.name, language)] = _field(item, language)

    @property
    def value_fields(self) -> list[forms.BoundField]:
        """These fields, in the template's order."""
        return [
            self[field_name(name, language)]
            for name, languages in self.asked.items()
            for language in languages or ("",)
        ]

    def values(self) -> dict[str, Value]:
        """What was entered, by placeholder."""
        data = self.cleaned_data
        return {
            name: {at: data[field_name(name, at)] for at in languages}
            if languages
            else data[field_name(name)]
            for name, languages in self.asked.items()
        }


def field_name(name: str, language: str = "") -> str:
    """The field of one placeholder in one language. A placeholder's name has no hyphen."""
    return f"{PREFIX}{name}-{language}" if language else f"{PREFIX}{name}"


def field_of(error: str) -> str:
    """The field that an error about `values.<name>` or `values.<name>.<language>` belongs to."""
    name, _dot, language = error.removeprefix("values.").partition(".")
    return field_name(name, language)


def initial_of(stored: Mapping[str, Any]) -> dict[str, str]:
    """A notice's values as the form's initial ones. A text of before there were languages stands
    in every language, to be mended."""
    found: dict[str, str] = {}
    for name, value in stored.items():
        if isinstance(value, Mapping):
            found |= {field_name(name, language): text for language, text in value.items()}
        else:
            names = [field_name(name), *(field_name(name, at.value) for at in Language)]
            found |= dict.fromkeys(names, str(value))
    return found


def words_of(stored: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """A notice's values for reading: (placeholder, language in words or "", text)."""
    rows = []
    for name, value in stored.items():
        if isinstance(value, Mapping):
            rows += [
                (name, str(LANGUAGE_LABELS[language]), value[language.value])
                for language in Language
                if language.value in value
            ]
        else:
            rows.append((name, "", str(value)))
    return rows


def _field(placeholder: Placeholder, language: str) -> forms.Field:
    """A field that asks for one value the way its type wants it."""
    help_text: Any = ""
    if placeholder.example:
        help_text = _("For example: %(example)s") % {"example": placeholder.example}
    label: Any = placeholder.name
    if language:
        label = _("%(name)s in %(language)s") % {
            "name": placeholder.name,
            "language": LANGUAGE_LABELS[Language(language)],
        }
    field = forms.CharField(label=label, required=True, max_length=MAX_VALUE, help_text=help_text)
    if language:
        field.widget.attrs["lang"] = language
    if placeholder.type in _WIDGETS:
        field.widget = _WIDGETS[PlaceholderType(placeholder.type)]()
        field.widget.is_required = True
    return field
