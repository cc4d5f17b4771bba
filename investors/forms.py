"""Forms of the investors' pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import BusinessLine
from investors import rules
from investors.importing import columns
from investors.models import Investor

Choices = list[tuple[str, Any]]


class FilterForm(forms.Form):
    """What a list of investors may be narrowed by; it lives in the address."""

    q = forms.CharField(
        label=_("Customer number, phone or e-mail"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    line = forms.ChoiceField(label=_("Business line"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    risk = forms.ChoiceField(label=_("Risk level"), required=False)
    reach = forms.ChoiceField(label=_("Can be reached by"), required=False)

    def __init__(self, *args: Any, lines: Iterable[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        anything: Choices = [("", _("Any"))]
        self._choose("line", anything + [(line.code, line.name) for line in lines])
        self._choose("language", anything + list(Investor.Language.choices))
        levels: Choices = [(level, level) for level in rules.RISK_LEVELS]
        self._choose("risk", [*anything, *levels, ("none", _("Not known"))])
        reach: Choices = [
            ("0", _("Neither SMS nor e-mail")),
            ("1", _("One of the two")),
            ("2", _("SMS and e-mail")),
        ]
        self._choose("reach", anything + reach)

    def _choose(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class RevealForm(forms.Form):
    """Why a contact must be seen in full."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("It is kept with the record of this reveal."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SuppressForm(forms.Form):
    """Why nothing more may be sent to a contact."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class ConsentForm(forms.Form):
    """How consent was given or withdrawn."""

    method = forms.ChoiceField(
        label=_("How"),
        choices=[(code, rules.METHODS[code]) for code in ("phone", "paper", "branch")],
    )


class UploadForm(forms.Form):
    """A file to import, and into which business line."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX, in any encoding. Nothing is imported before you have seen a check."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(self, *args: Any, lines: Iterable[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(line.pk), line.name) for line in lines]


class MappingForm(forms.Form):
    """Which column feeds which field, and what to read some cells as."""

    substitutions = forms.CharField(
        label=_("Read some words as others"),
        required=False,
        max_length=20_000,
        help_text=_("One a line, for example: time_zone: EST = America/New_York"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    encoding = forms.CharField(
        label=_("Encoding"),
        required=False,
        max_length=40,
        help_text=_("Only if the sample below looks wrong, for example gb18030 or big5."),
    )

    def __init__(self, *args: Any, headers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Choices = [("", _("— leave out —"))]
        choices += [(header, header) for header in headers if header]
        for name, label in columns.FIELDS.items():
            self.fields[f"column_{name}"] = forms.ChoiceField(
                label=str(label), required=name in columns.REQUIRED, choices=choices
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The fields that choose a column, in order."""
        return [self[f"column_{name}"] for name in columns.FIELDS]

    def clean_substitutions(self) -> dict[str, dict[str, str]]:
        """Field → {written → meant}; a line that cannot be read is named."""
        values: dict[str, dict[str, str]] = {}
        for number, line in enumerate(self.cleaned_data["substitutions"].splitlines(), start=1):
            if not line.strip():
                continue
            name, colon, rest = line.partition(":")
            written, equals, meant = rest.partition("=")
            if not (colon and equals) or name.strip() not in columns.FIELDS:
                raise forms.ValidationError(
                    _("Line %(number)s: write “field: word = other word”; fields: %(known)s."),
                    params={"number": number, "known": ", ".join(columns.FIELDS)},
                )
            values.setdefault(name.strip(), {})[written.strip()] = meant.strip()
        return values

    def mapping(self) -> dict[str, Any]:
        """What `uploads.request_run` takes."""
        chosen = {name: self.cleaned_data[f"column_{name}"] or None for name in columns.FIELDS}
        return {
            "columns": chosen,
            "values": self.cleaned_data["substitutions"],
            "encoding": self.cleaned_data["encoding"],
        }


def initial_mapping(mapping: dict[str, Any]) -> dict[str, str]:
    """A stored mapping as the initial values of MappingForm."""
    initial = {
        f"column_{name}": header or "" for name, header in mapping.get("columns", {}).items()
    }
    lines = [
        f"{name}: {written} = {meant}"
        for name, table in mapping.get("values", {}).items()
        for written, meant in table.items()
    ]
    return {
        **initial,
        "substitutions": "\n".join(lines),
        "encoding": str(mapping.get("encoding") or ""),
    }
