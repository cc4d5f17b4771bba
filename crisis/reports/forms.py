"""Forms of reports to regulators."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from crisis.reports import rules
from crisis.reports.definitions import LONG, NUMBER, TIME, Field
from crisis.reports.models import RegulatorReportVersion, how_choices


class AnswersForm(WordsForm):
    """The answers of a draft, one field per field of the report's form."""

    def __init__(self, version: RegulatorReportVersion, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asked = version.report.form.fields
        for field in self.asked:
            self.fields[field.name] = _control(field)
        self.refusal_fields = {f"answers.{field.name}": field.name for field in self.asked}

    @classmethod
    def of(cls, version: RegulatorReportVersion) -> AnswersForm:
        """The form filled with the version's answers."""
        return cls(version, initial={**version.answers, "revision": version.revision})

    def visible(self) -> list[Any]:
        """The bound fields in the order of the report."""
        return [self[field.name] for field in self.asked]

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        return {
            "answers": {field.name: data[field.name] for field in self.asked},
            "revision": data["revision"],
        }


def _control(field: Field) -> forms.CharField:
    limit = rules.LIMITS[field.kind]
    hint: Any = "" if field.required else _("If known")
    if field.kind == LONG:
        widget: forms.Widget = forms.Textarea(attrs={"rows": 4})
    else:
        widget = forms.TextInput(attrs={"inputmode": "numeric"} if field.kind == NUMBER else {})
    if field.kind == TIME:
        hint = _("With the offset, as in 2026-03-02 14:05+08:00")
    # A draft may be saved with gaps; submitting it names them.
    return forms.CharField(
        label=field.label, max_length=limit, required=False, help_text=hint, widget=widget
    )


class HandInForm(forms.Form):
    """How an approved report was handed in."""

    how = forms.ChoiceField(label=_("How"), choices=how_choices)
    reference = forms.CharField(label=_("Reference of the regulator"), max_length=120)
    at = forms.DateTimeField(
        label=_("Handed in at"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        ),
    )
    receipt = forms.FileField(
        label=_("Receipt"), required=False, help_text=_("PDF, PNG or JPEG, up to 2 MB")
    )
    receipt_text = forms.CharField(
        label=_("Receipt in words"),
        required=False,
        max_length=2000,
        help_text=_("Who took it and when, if there is no file"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @classmethod
    def at_now(cls, now: dt.datetime) -> HandInForm:
        """The form as it first stands."""
        return cls(initial={"at": now})

    def fields_given(self) -> dict[str, Any]:
        """The arguments of `services.hand_in`; call on a valid form."""
        data = dict(self.cleaned_data)
        upload = data.pop("receipt", None)
        if upload is None:
            return data
        content = upload.read(rules.MAX_RECEIPT + 1)
        return {**data, "receipt": content, "receipt_name": upload.name or ""}
