"""Forms of indicators, goals, readings, costs and benefits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.reviewed.forms import WordsForm
from crisis.indicators import rules
from crisis.indicators.measures import MEASURES
from crisis.indicators.models import IndicatorTableVersion
from crisis.indicators.rules import Indicator

SPARE = 1  # empty rows at the end of the form


def source_choices() -> list[tuple[str, Any]]:
    """Where a value comes from."""
    return [("", _("Written by hand")), *((code, each.label) for code, each in MEASURES.items())]


class RowForm(forms.Form):
    """One indicator. A row without a code is left out."""

    code = forms.CharField(label=pgettext_lazy("indicator", "Code"), max_length=40, required=False)
    zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    source = forms.ChoiceField(label=_("Measured by"), choices=source_choices, required=False)
    better = forms.ChoiceField(
        label=_("Good is"), choices=list(rules.BETTER_LABELS.items()), required=False
    )
    warn = forms.CharField(label=_("Warning, %"), max_length=8, required=False)
    limit = forms.CharField(label=_("Limit, %"), max_length=8, required=False)

    def row(self) -> dict[str, Any]:
        """The row as `rules.clean_rows` reads it."""
        data = self.cleaned_data
        return data | {"name": {"zh-hans": data["zh"], "en": data["en"]}}


RowForms = forms.formset_factory(RowForm, extra=SPARE, max_num=rules.MAX_ROWS)


class TableForm(WordsForm):
    """The goals of a draft, and its rows in `rows`."""

    counted_from = forms.DateField(
        label=_("Incidence is counted from"), widget=forms.DateInput(attrs={"type": "date"})
    )
    incidence = forms.CharField(
        label=_("Change wanted each year, %"), help_text=_("For example -20, -30, -50")
    )
    benchmark_minutes = forms.CharField(label=_("Benchmark of response, minutes"))
    response_percent = forms.CharField(label=_("Wanted of it, %"))
    benefit_ratio = forms.CharField(label=_("Benefit wanted for one unit of cost"))

    refusal_fields = {
        f"goals.{name}": name
        for name in ("counted_from", "incidence", "benchmark_minutes", "response_percent",
                     "benefit_ratio")
    }  # fmt: skip

    def __init__(self, *args: Any, version: IndicatorTableVersion, **kwargs: Any) -> None:
        bound = bool(args and args[0])
        if not bound:
            goals = version.goals
            spoken = ", ".join(str(each) for each in goals["incidence"])
            kwargs["initial"] = goals | {"incidence": spoken, "revision": version.revision}
        super().__init__(*args, **kwargs)
        initial = [_shown(row) for row in version.indicators]
        self.rows = RowForms(args[0] if bound else None, initial=initial, prefix="row")

    def is_valid(self) -> bool:
        """Both the goals and every row."""
        return bool(super().is_valid()) and bool(self.rows.is_valid())

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        goals = {name: self.cleaned_data[name] for name in self.refusal_fields.values()}
        parts = goals["incidence"].replace("，", ",").split(",")
        goals["incidence"] = [part for part in parts if part.strip()]
        filled = [form.row() for form in self.rows if form.cleaned_data.get("code", "").strip()]
        return {
            "rows": filled,
            "goals": goals,
            "revision": self.cleaned_data["revision"],
        }


def _shown(row: Indicator) -> dict[str, Any]:
    return {
        "code": row.code, "zh": row.name["zh-hans"], "en": row.name["en"], "source": row.source,
        "better": row.better, "warn": row.warn, "limit": row.limit,
    }  # fmt: skip


class ReadingForm(forms.Form):
    """A value that somebody writes down."""

    code = forms.ChoiceField(label=_("Indicator"))
    month = forms.DateField(
        label=_("Month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )
    value = forms.CharField(label=_("Value, %"), max_length=8)
    note = forms.CharField(label=_("Where it comes from"), max_length=500)

    def __init__(self, *args: Any, indicators: list[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_hand = [(row.code, row.label) for row in indicators if not row.source]
        self.fields["code"].choices = by_hand  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """A cost of risk control, or a benefit of it."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2200)
    is_benefit = forms.TypedChoiceField(
        label=_("Kind"),
        choices=[("cost", _("Cost")), ("benefit", _("Benefit"))],
        coerce=lambda value: value == "benefit",
    )
    amount = forms.CharField(label=_("Amount in yuan"), max_length=16)
    what = forms.CharField(label=_("What"), max_length=200)
    reckoning = forms.CharField(label=_("How it was reckoned"), max_length=500)
