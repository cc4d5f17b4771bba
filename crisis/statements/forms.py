"""Forms of statements, and of the notice to those whom an incident hit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from comms.forms import NoticeForm
from comms.value_fields import ValueFields, field_of
from core.models import User
from crisis.statements.models import phase_choices, place_choices
from crisis.statements.rules import Place
from templates_mgmt.rules import Language, Placeholder


class AffectedForm(NoticeForm):
    """A notice whose audience is what an incident hit, or an uploaded list."""

    upload = forms.FileField(
        label=_("List of customer numbers (CSV or XLSX)"),
        required=False,
        help_text=_("Only these investors, still narrowed by what is chosen above."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["refs"]

    def clean(self) -> dict[str, Any]:
        """A list is an audience too."""
        data = super().clean()
        if data.get("upload") and not data.get("everyone"):
            self.errors.pop("everyone", None)
        return data


class StatementForm(ValueFields):
    """Words on an approved wording: how far things are, where it is read, and the values."""

    phase = forms.ChoiceField(label=_("How far things are"), choices=phase_choices)
    places = forms.MultipleChoiceField(
        label=_("Where it is read"),
        choices=place_choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Place.PUBLIC.value],
    )
    spokesperson = forms.ModelChoiceField(
        label=_("Spokesperson"), queryset=User.objects.none(), required=False,
        help_text=_("Named by the plan or by the incident; never shown to the public."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        placeholders: Iterable[Placeholder],
        written: Collection[str],
        speakers: Iterable[User],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        named = User.objects.filter(pk__in=[user.pk for user in speakers])
        self.fields["spokesperson"].queryset = named  # type: ignore[attr-defined]
        self.add_values(placeholders, [item.value for item in Language if item.value in written])
        self.refusal_fields = _Renamed()

    def arguments(self) -> dict[str, Any]:
        """What `services.draft` takes; call on a valid form."""
        data = self.cleaned_data
        return {
            "phase": data["phase"],
            "places": data["places"],
            "values": self.values(),
            "spokesperson": data["spokesperson"].pk if data["spokesperson"] else None,
        }


class _Renamed(dict[str, str]):
    """`values.<name>` of the service is a field of the form."""

    def get(self, name: str, default: Any = None) -> Any:
        return field_of(name) if name.startswith("values.") else super().get(name, default)


class NoteForm(forms.Form):
    """An update for the staff."""

    text = forms.CharField(
        label=_("Update for the staff"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stays inside the firm: no notice and no statement can take these words."),
    )


class DropForm(forms.Form):
    """Why a draft is given up."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
