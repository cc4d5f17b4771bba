"""Forms of incidents. Each names its fields as the service behind it does."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import User
from crisis.incidents import rules
from crisis.incidents.models import Incident, moment_choices, nature_choices, state_choices
from crisis.incidents.rules import LEAD, MAX_ENTRY, SCOPE_LISTS
from crisis.plans import rules as plans
from crisis.plans import selectors as plan_selectors

INSTANT = "%Y-%m-%dT%H:%M"
SCOPE_LABELS = {
    "systems": _("Systems hit"),
    "branches": _("Branches hit"),
    "products": _("Products hit"),
    "channels": _("Channels hit"),
}
_BREAKS = re.compile(r"[\n,，、;；]")


class Instant(forms.DateTimeField):
    """An instant in the reader's zone, to the minute."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            input_formats=[INSTANT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=INSTANT),
            **options,
        )


class Names(forms.CharField):
    """Several names in one field, apart by a comma or a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=4000, **options)

    def clean(self, value: Any) -> Any:
        """The names as a list."""
        return [part.strip() for part in _BREAKS.split(super().clean(value)) if part.strip()]


def words_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    """A few sentences."""
    return forms.CharField(
        label=label, required=required, max_length=MAX_ENTRY, help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class MoveForm(forms.Form):
    """A form about one incident; `words()` are the arguments of the service behind it."""

    def __init__(self, data: Any = None, *, incident: Incident, **options: Any) -> None:
        super().__init__(data, **options)
        self.incident = incident

    def words(self) -> dict[str, Any]:
        """The arguments of the service; call on a valid form."""
        return dict(self.cleaned_data)


class FilterForm(forms.Form):
    """What the list is narrowed to."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    state = forms.ChoiceField(label=_("State"), required=False)
    nature = forms.ChoiceField(label=_("Nature"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("all")), ("real", _("Incidents")), ("exercise", _("Exercises"))],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        every = [("", _("all"))]
        self.fields["state"].choices = [*every, ("open", _("Open")), *state_choices()]  # type: ignore[attr-defined]
        self.fields["nature"].choices = [*every, *nature_choices()]  # type: ignore[attr-defined]


class StartForm(forms.Form):
    """An incident in one tap: only the title must be there."""

    title = forms.CharField(
        label=_("What happened?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    since = Instant(label=_("Since when?"), required=False, help_text=_("Blank: just now."))
    nature = forms.ChoiceField(label=_("Nature"), required=False)
    exercise = forms.BooleanField(
        label=_("This is an exercise"),
        required=False,
        help_text=_("It cannot be changed later, and nothing of it reaches an investor."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["nature"].choices = [("", _("not known yet")), *nature_choices()]  # type: ignore[attr-defined]


class LogForm(forms.Form):
    """One line of the timeline."""

    text = forms.CharField(required=False, max_length=MAX_ENTRY, strip=True)
    at = Instant(required=False)
    written_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])
    client_id = forms.UUIDField(required=False)

    def clean_written_at(self) -> Any:
        """The device's time; it names its zone (ISO 8601)."""
        return self.cleaned_data["written_at"]


class VerifyForm(MoveForm):
    """Nature and scope, and the tier where it differs from the rule's."""

    nature = forms.ChoiceField(label=_("Nature"))
    systems = Names(label=SCOPE_LABELS["systems"], help_text=_("Apart by commas."))
    channels = Names(label=SCOPE_LABELS["channels"])
    products = Names(label=SCOPE_LABELS["products"])
    branches = Names(label=SCOPE_LABELS["branches"])
    investors = forms.IntegerField(
        label=_("Investors hit"),
        required=False,
        min_value=0,
        max_value=10**9,
        help_text=_("An estimate; 0 when nobody is."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    tier = forms.ChoiceField(label=_("Tier"), required=False)
    reason = words_field(_("Reason, if the tier differs from the rule of the plan"), required=False)
    refusal_fields = {"scope": "systems", **{f"scope.{name}": name for name in SCOPE_LISTS},
                      "scope.investors": "investors"}  # fmt: skip

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["nature"].choices = [("", "–"), *nature_choices()]  # type: ignore[attr-defined]
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            ("", _("as the rule of the plan says")), *_tiers(self.incident)
        ]  # fmt: skip
        self.initial.setdefault("nature", self.incident.nature)
        scope = self.incident.scope
        for name in SCOPE_LISTS:
            self.initial.setdefault(name, ", ".join(scope.get(name, ())))
        self.initial.setdefault("investors", scope.get("investors"))

    def words(self) -> dict[str, Any]:
        """Nature, scope, tier and reason."""
        given = dict(self.cleaned_data)
        scope = {name: given.pop(name) for name in (*SCOPE_LISTS, "investors")}
        return {**given, "scope": scope}


class TierForm(MoveForm):
    """Another tier, and why."""

    tier = forms.ChoiceField(label=_("New tier"))
    reason = words_field(_("Reason"))

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        others = [pair for pair in _tiers(self.incident) if pair[0] != self.incident.tier]
        self.fields["tier"].choices = others  # type: ignore[attr-defined]


class RestoreForm(MoveForm):
    """Since when it works again."""

    at = Instant(label=_("Restored at"), required=False, help_text=_("Blank: just now."))
    words_ = words_field(_("What was done"), required=False)
    refusal_fields = {"words": "words_"}

    def words(self) -> dict[str, Any]:
        """The instant and the words."""
        return {"at": self.cleaned_data["at"], "words": self.cleaned_data["words_"]}


class ReasonForm(MoveForm):
    """A reason."""

    reason = words_field(_("Reason"))


class CloseForm(MoveForm):
    """Closing words, and why it is closed with duties open."""

    closing = words_field(_("Closing words"), help_text=_("What it was, what was done."))
    despite = words_field(
        _("Why it is closed although duties are open"),
        required=False,
        help_text=_("Only when duties are open; their clocks run on."),
    )
    refusal_fields = {"words": "closing"}

    def words(self) -> dict[str, Any]:
        """The closing words."""
        return {"words": self.cleaned_data["closing"], "despite": self.cleaned_data["despite"]}


class MomentForm(MoveForm):
    """A moment at which duties begin."""

    kind = forms.ChoiceField(label=_("What was found"))
    at = Instant(
        label=_("When it was so"), required=False,
        help_text=_("Blank: just now. The clocks count from then."),
    )  # fmt: skip
    note = words_field(_("Note"), required=False)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        reached = set(self.incident.moments.values_list("kind", flat=True))
        left = set(rules.BY_HAND) - reached
        self.fields["kind"].choices = [pair for pair in moment_choices() if pair[0] in left]  # type: ignore[attr-defined]


class RoleForm(MoveForm):
    """Who has a role."""

    role = forms.ChoiceField(label=_("Role"))
    person = forms.ModelChoiceField(
        label=_("Person"), queryset=User.objects.none(), required=False, empty_label=_("nobody")
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        posts = [(post.code, post.label) for post in plans.posts(self.incident.plan)]
        self.fields["role"].choices = [(LEAD, _("Lead")), *posts]  # type: ignore[attr-defined]
        able = [user.pk for user in plan_selectors.people()]
        self.fields["person"].queryset = User.objects.filter(pk__in=able)  # type: ignore[attr-defined]

    def words(self) -> dict[str, Any]:
        """The role and the person."""
        person = self.cleaned_data["person"]
        return {"role": self.cleaned_data["role"], "person_id": person.pk if person else None}


class DuplicateForm(MoveForm):
    """The open incident that this one is a duplicate of."""

    into = forms.ModelChoiceField(
        label=_("It is the same as"), queryset=Incident.objects.none(), empty_label=None
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        others = Incident.objects.open().filter(exercise=self.incident.exercise)
        self.fields["into"].queryset = others.exclude(pk=self.incident.pk)  # type: ignore[attr-defined]
        self.fields["into"].label_from_instance = (  # type: ignore[attr-defined]
            lambda other: f"{other.code} {other.title}"
        )

    def words(self) -> dict[str, Any]:
        """The other incident."""
        return {"into_id": self.cleaned_data["into"].pk}


def _tiers(incident: Incident) -> list[tuple[str, str]]:
    return [(level.code, level.label) for level in plans.levels(incident.plan)]
