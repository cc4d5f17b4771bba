"""The draft of the activation criteria as a form, and the filters of signals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from crisis.criteria import rules
from crisis.criteria.models import CriterionSetVersion
from crisis.incidents.rules import NATURE_LABELS
from crisis.rows import count_field, rows_shown

_ROW = (
    "code", "zh", "en", "measure", "comparison", "threshold", "unit", "combine", "window",
    "source", "nature", "enabled",
)  # fmt: skip


def _text(label: Any, length: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, help_text=help_text)


def _choice(label: Any, labels: dict[Any, Any]) -> forms.ChoiceField:
    choices = [(str(value), text) for value, text in labels.items()]
    return forms.ChoiceField(label=label, choices=choices, required=False)


def _row() -> dict[str, forms.Field]:
    return {
        "code": _text(_("Code"), 39, _("a–z, 0–9 and _")),
        "zh": _text(_("Name in Chinese"), 80),
        "en": _text(_("Name in English"), 80),
        "measure": _text(_("Measure"), 39, _("Its code, as monitors report it")),
        "comparison": _choice(_("Is met by"), rules.COMPARISON_LABELS),
        "threshold": _text(_("Threshold"), 20),
        "unit": _text(_("Unit"), 30),
        "combine": _choice(_("What is compared"), rules.COMBINE_LABELS),
        "window": forms.IntegerField(
            label=_("Window, minutes"), required=False, min_value=0, help_text=_("0: none")
        ),
        "source": _text(_("Source"), 39, _("Blank: whoever reports it")),
        "nature": _choice(_("Nature of the incident"), NATURE_LABELS),
        "enabled": forms.BooleanField(label=_("Switched on"), required=False),
    }


class CriteriaForm(WordsForm):
    """All criteria, a row each; a row without a code is left out."""

    def __init__(self, *args: Any, filled: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        data = self.data if self.is_bound else None
        self.size = rows_shown(data, "criteria", filled, rules.MAX_CRITERIA)
        self.fields["rows_criteria"] = count_field(self.size)
        for n in range(1, self.size + 1):
            self.fields |= {f"{name}_{n}": field for name, field in _row().items()}
        self.refusal_fields = {
            f"criteria.{n}.{name}": f"{'zh' if name == 'name' else name}_{n}"
            for n in range(1, self.size + 1)
            for name in (*_ROW, "name")
        }

    @classmethod
    def of(cls, version: CriterionSetVersion) -> CriteriaForm:
        """The form filled with a version's criteria."""
        rows = version.content["criteria"]
        initial: dict[str, Any] = {"revision": version.revision}
        for n, row in enumerate(rows, 1):
            names = {"zh": row["name"]["zh-hans"], "en": row["name"]["en"]}
            initial |= {f"{name}_{n}": {**row, **names}[name] for name in _ROW}
        return cls(initial=initial, filled=len(rows))

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        rows = [
            {name: self.cleaned_data[f"{name}_{n}"] for name in _ROW}
            for n in range(1, self.size + 1)
        ]
        criteria = [
            {**row, "name": {"zh-hans": row["zh"], "en": row["en"]}} for row in rows if row["code"]
        ]
        return {"content": {"criteria": criteria}, "revision": self.cleaned_data["revision"]}

    def rows(self) -> list[list[forms.BoundField]]:
        """The fields, row by row."""
        return [[self[f"{name}_{n}"] for name in _ROW] for n in range(1, self.size + 1)]


class SignalFilter(forms.Form):
    """Filters of the list of signals."""

    measure = forms.CharField(label=_("Measure"), required=False, max_length=39)
    outcome = forms.ChoiceField(
        label=_("Led to"), required=False,
        choices=[("", _("Anything")), *((str(k), v) for k, v in rules.OUTCOME_LABELS.items())],
    )  # fmt: skip

    def chosen(self) -> dict[str, str]:
        """The filters that are valid; the rest is no filter."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
