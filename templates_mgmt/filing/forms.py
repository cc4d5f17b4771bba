"""Forms around filing records and re-reviews."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from templates_mgmt.filing import binding, rules
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import LANGUAGE_LABELS, Channel, Language

_INSTANT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        input_formats=[_INSTANT, "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_INSTANT),
    )


def _day(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class FilingForm(forms.Form):
    """What the author states about a draft; a row of carrier fields per language of its SMS."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    communication_class = forms.ChoiceField(
        label=_("Class of communication"),
        choices=rules.class_choices,
        help_text=_("Retail: more than 25 retail investors within 30 days. Correspondence: at "
                    "most 25. Institutional: institutions only."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Source of data"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where figures, tables and charts in the text come from."),
    )
    effective_from = _moment(_("Effective from"), _("Blank: as soon as it is approved."))
    expires_at = _moment(_("Expires"), _("Blank: not by itself. Later it can only come forward."))
    review_months = forms.IntegerField(
        label=_("Months between re-reviews"),
        required=False,
        min_value=1,
        max_value=rules.MAX_MONTHS,
        help_text=_("Blank: no periodic re-review."),
    )
    review_due = _day(_("First re-review"), help_text=_("Blank: one interval after submission."))

    def __init__(self, *args: Any, version: TemplateVersion, **kwargs: Any) -> None:
        filing = binding.filing_of(version)
        terms = filing.terms() if filing else binding.first_terms(version)
        known = {each.language: each for each in terms.carriers}
        spoken = {v.language for v in version.variants.all() if v.channel == Channel.SMS}
        self.languages = [item for item in Language if item in spoken]
        initial: dict[str, Any] = {
            "revision": filing.revision if filing else 0,
            **{name: getattr(terms, name) for name in (
                "communication_class", "source", "effective_from", "expires_at",
                "review_months", "review_due")},
        }  # fmt: skip
        for language in self.languages:
            if carrier := known.get(language.value):
                initial |= {
                    f"carrier_{language.value}": carrier.carrier,
                    f"id_{language.value}": carrier.template_id,
                    f"status_{language.value}": carrier.status,
                }
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for language in self.languages:
            self._add_carrier(language)

    def _add_carrier(self, language: Language) -> None:
        name = {"language": LANGUAGE_LABELS[language]}
        self.fields[f"carrier_{language.value}"] = forms.CharField(
            label=_("Carrier, %(language)s") % name, required=False, max_length=60
        )
        self.fields[f"id_{language.value}"] = forms.CharField(
            label=_("Template id there, %(language)s") % name, required=False, max_length=80
        )
        self.fields[f"status_{language.value}"] = forms.ChoiceField(
            label=_("Status there, %(language)s") % name,
            required=False,
            choices=rules.carrier_choices,
        )

    def carrier_rows(self) -> list[list[forms.BoundField]]:
        """The carrier fields, language by language."""
        return [
            [self[f"{name}_{language.value}"] for name in ("carrier", "id", "status")]
            for language in self.languages
        ]

    def terms(self) -> dict[str, Any]:
        """The arguments of `services.save_filing`; call on a valid form."""
        data = self.cleaned_data
        names = ("communication_class", "source", "effective_from", "expires_at",
                 "review_months", "review_due", "revision")  # fmt: skip
        carriers = [
            {
                "language": language.value,
                "carrier": data[f"carrier_{language.value}"],
                "template_id": data[f"id_{language.value}"],
                "status": data[f"status_{language.value}"],
            }
            for language in self.languages
            if data[f"id_{language.value}"] or data[f"carrier_{language.value}"]
        ]
        return {**{name: data[name] for name in names}, "carriers": carriers}


class ShortenForm(forms.Form):
    """An earlier expiry, and why."""

    expires_at = _moment(_("New expiry"), required=True)
    reason = forms.CharField(label=_("Reason"), max_length=2000)


class CarrierForm(forms.Form):
    """What a carrier says about its template."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(item.value, label) for item, label in LANGUAGE_LABELS.items()],
    )
    carrier = forms.CharField(label=_("Carrier"), required=False, max_length=60)
    template_id = forms.CharField(
        label=_("Template id there"),
        required=False,
        max_length=80,
        help_text=_("Blank: the one that is known."),
    )
    status = forms.ChoiceField(label=_("Status there"), choices=rules.carrier_choices)


class KeepForm(forms.Form):
    """Why a version is still right."""

    reason = forms.CharField(
        label=_("Still right because"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class PeriodForm(forms.Form):
    """From when until when, and as what."""

    since = _day(_("From"), required=True)
    until = _day(_("Until"), required=True)
    format = forms.ChoiceField(label=_("Format"), choices=[("csv", "CSV"), ("json", "JSON")])

    @classmethod
    def this_year(cls) -> PeriodForm:
        """The form for the year so far."""
        today = timezone.localdate()
        return cls(initial={"since": dt.date(today.year, 1, 1), "until": today, "format": "csv"})
