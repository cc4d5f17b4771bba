"""Forms of clocks and of the clock table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crisis.clocks import rules
from crisis.clocks.describing import start_label
from crisis.clocks.models import ClockTableVersion
from crisis.clocks.rules import JURISDICTIONS, MET, MET_BY_LABELS, Row
from crisis.incidents.rules import MOMENT_LABELS, NATURE_LABELS, Tier

_MOMENTS = [(str(kind), label) for kind, label in MOMENT_LABELS.items()]


class ListForm(forms.Form):
    """Filters of the list of clocks."""

    which = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Running")),
            ("overdue", _("Overdue now")),
            ("breached", _("Ever missed")),
            ("all", _("All")),
        ],
    )
    jurisdiction = forms.ChoiceField(
        label=_("Jurisdiction"),
        required=False,
        choices=[("", _("Any")), *((code, label) for code, (label, _c) in JURISDICTIONS.items())],
    )
    exercise = forms.ChoiceField(
        label=_("Exercises"),
        required=False,
        choices=[("", _("Both")), ("no", _("Real incidents only")), ("yes", _("Exercises only"))],
    )

    def chosen(self) -> dict[str, str]:
        """The filters that are valid; the rest is no filter."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class ReasonForm(forms.Form):
    """Why a clock is paused, goes on or is called off."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class OperatorForm(forms.Form):
    """Whether the firm operates critical information infrastructure."""

    operator = forms.BooleanField(
        label=_("The firm operates critical information infrastructure"), required=False
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class RowForm(forms.Form):
    """One row of a draft."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("a–z, 0–9 and _"))
    name_zh = forms.CharField(label=_("Name in Simplified Chinese"), max_length=120)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    jurisdiction = forms.ChoiceField(
        label=_("Jurisdiction"),
        choices=[(code, label) for code, (label, _c) in JURISDICTIONS.items()],
        help_text=_("Its time zone and business days count."),
    )
    source = forms.CharField(label=_("Source"), max_length=300)
    starts = forms.MultipleChoiceField(
        label=_("Starts when"),
        help_text=_("The first of several counts."),
        widget=forms.CheckboxSelectMultiple,
    )
    amount = forms.IntegerField(label=_("Due after"), min_value=1)
    unit = forms.ChoiceField(
        label=_("Unit"), choices=[(str(k), v) for k, v in rules.UNIT_LABELS.items()]
    )
    cap_hours = forms.IntegerField(
        label=_("Cap in hours from awareness"), min_value=0, required=False,
        help_text=_("0: no cap"),
    )  # fmt: skip
    repeats = forms.ChoiceField(
        label=_("Repeats"), required=False,
        choices=[(str(k), v) for k, v in rules.REPEAT_LABELS.items()],
    )  # fmt: skip
    met_by = forms.ChoiceField(label=_("Met when"), choices=[*MET_BY_LABELS.items(), *_MOMENTS])
    latest = forms.BooleanField(
        label=_("Counts anew when what starts it is met again"), required=False
    )
    tiers = forms.CharField(
        label=_("Only for these tiers"), required=False, help_text=_("Codes, with spaces between")
    )
    natures = forms.MultipleChoiceField(
        label=_("Only for these natures"),
        required=False,
        choices=[(str(k), v) for k, v in NATURE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    moments = forms.MultipleChoiceField(
        label=_("Only if one of these was reached"),
        required=False,
        choices=_MOMENTS,
        widget=forms.CheckboxSelectMultiple,
    )
    infrastructure = forms.ChoiceField(
        label=_("Critical infrastructure"),
        choices=[(str(k), v) for k, v in rules.INFRASTRUCTURE_LABELS.items()],
    )
    enabled = forms.BooleanField(label=_("Switched on"), required=False)
    check = forms.CharField(
        label=_("What must be checked before it is switched on"), required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    revision = forms.IntegerField(widget=forms.HiddenInput)

    refusal_fields = {"name.zh-hans": "name_zh", "name.en": "name_en"}

    def __init__(self, version: ClockTableVersion, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = {row.code: row.label for row in version.parsed}
        after = [(f"{MET}{code}", start_label(f"{MET}{code}", names)) for code in names]
        self.fields["starts"].choices = [*_MOMENTS, *after]  # type: ignore[attr-defined]
        self.fields["tiers"].help_text = _("Codes, with spaces between: %(codes)s") % {
            "codes": " ".join(Tier)
        }

    @classmethod
    def of(cls, version: ClockTableVersion, row: Row | None) -> RowForm:
        """The form filled with a row, or for a new one."""
        initial: dict[str, Any] = {"revision": version.revision}
        if row is not None:
            kept = rules.canonical(row)
            initial |= {
                **kept,
                "name_zh": row.name.get("zh-hans", ""),
                "name_en": row.name.get("en", ""),
                "tiers": " ".join(row.tiers),
            }
        return cls(version, initial=initial)

    def row(self) -> dict[str, Any]:
        """The row for `services.table.save_row`; call on a valid form."""
        data = self.cleaned_data
        return {
            **data,
            "name": {"zh-hans": data["name_zh"], "en": data["name_en"]},
            "tiers": data["tiers"].split(),
            "cap_hours": data["cap_hours"] or 0,
        }
