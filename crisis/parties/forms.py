"""Forms of third parties."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis.parties.models import Party, kind_choices, proof_choices

_DATE = forms.DateInput(attrs={"type": "date"})


class PartyForm(forms.Form):
    """A party as it is to be."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=kind_choices)
    does = forms.CharField(label=_("What it does for us"), max_length=300, required=False)
    systems = forms.CharField(
        label=_("Our systems that hang on it, one a line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    stands_in = forms.ModelChoiceField(
        label=_("Backup of"), queryset=Party.objects.none(), required=False
    )

    def __init__(self, *args: Any, party: Party | None = None, **kwargs: Any) -> None:
        if party is not None:
            kwargs["initial"] = {
                "name": party.name,
                "kind": party.kind,
                "does": party.does,
                "systems": "\n".join(party.systems),
                "stands_in": party.stands_in_id,
            }
        super().__init__(*args, **kwargs)
        others = Party.objects.filter(ended_at=None)
        if party is not None:
            others = others.exclude(pk=party.pk)
        self.fields["stands_in"].queryset = others  # type: ignore[attr-defined]

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save_party`; call on a valid form."""
        data = dict(self.cleaned_data)
        other = data.pop("stands_in")
        return data | {
            "systems": data["systems"].splitlines(),
            "stands_in": other.pk if other else None,
        }


class ContactForm(forms.Form):
    """Whom to call there."""

    prefix = "contact"
    duty = forms.CharField(label=_("Duty"), max_length=120)
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)


class ProofForm(forms.Form):
    """A certificate, contract, test or audit."""

    prefix = "proof"
    kind = forms.ChoiceField(label=_("Kind"), choices=proof_choices)
    title = forms.CharField(label=_("Title"), max_length=160)
    held_on = forms.DateField(label=_("Date"), widget=_DATE)
    ends_on = forms.DateField(label=_("Holds through"), widget=_DATE)
    reference = forms.CharField(label=_("Where it is kept"), max_length=300, required=False)
    outcome = forms.CharField(label=_("Outcome"), max_length=300, required=False)


class EndForm(forms.Form):
    """Why something ends."""

    prefix = "end"
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
