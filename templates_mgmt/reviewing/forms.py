"""Forms around reviews."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import User
from core.reviewed.forms import WordsForm
from templates_mgmt.models import TemplateVersion
from templates_mgmt.page_selectors import where
from templates_mgmt.reviewing.models import ReviewGroup, ReviewPlanVersion
from templates_mgmt.reviewing.rules import MAX_STAGES

_DAY = forms.DateInput(attrs={"type": "date"})


class AbsenceForm(forms.Form):
    """Who decides in one's place, from and until which day (both included)."""

    delegate = forms.ChoiceField(label=_("Who stands in"))
    starts = forms.DateField(label=_("From"), widget=_DAY)
    ends = forms.DateField(label=_("Until"), widget=_DAY)

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["delegate"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(person.pk), str(person)) for person in people]

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """The absence in the reader's time zone, as instants."""
        zone = timezone.get_current_timezone()
        midnight = dt.time(tzinfo=zone)
        first, last = self.cleaned_data["starts"], self.cleaned_data["ends"]
        return (
            dt.datetime.combine(first, midnight),
            dt.datetime.combine(last + dt.timedelta(days=1), midnight),
        )


class CommentForm(forms.Form):
    """A remark on a text of the version, and the very words it is about."""

    place = forms.ChoiceField(label=_("On"), required=False)
    excerpt = forms.CharField(
        label=_("The words it is about"), required=False, max_length=200,
        help_text=_("Copied from the text; left blank, the comment is about the whole text."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Comment"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, version: TemplateVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = _texts(version)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("The whole version")),
                         *((place, where(*place.split("/"))) for place in self.texts)]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Finds the words in the text that they are said to be from."""
        data = super().clean() or {}
        excerpt = data.get("excerpt", "")
        if not excerpt or self.errors:
            return data
        at = self.texts.get(data.get("place", ""), "").find(excerpt)
        if at < 0:
            raise forms.ValidationError(
                {"excerpt": _("These words are not in that text. Copy them from it.")}
            )
        return {**data, "start": at, "end": at + len(excerpt)}


def _texts(version: TemplateVersion) -> dict[str, str]:
    """Every text of a version by place, `channel/language/field`."""
    return {
        f"{variant.channel}/{variant.language}/{name}": text
        for variant in version.variants.all()
        for name in ("subject", "body", "body_html")
        if (text := getattr(variant, name))
    }


class PlanForm(WordsForm):
    """The stages of a plan, a row each; a row without names is left out."""

    def __init__(self, *args: Any, groups: list[ReviewGroup], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Any reviewer")), *((group.code, group.name) for group in groups)]
        for row in range(1, MAX_STAGES + 1):
            self.fields[f"zh_{row}"] = _text(_("Name in Chinese"))
            self.fields[f"en_{row}"] = _text(_("Name in English"))
            self.fields[f"group_{row}"] = forms.ChoiceField(
                label=_("Who approves"), choices=choices, required=False
            )
            self.fields[f"quorum_{row}"] = _number(_("How many persons"), 1)
            self.fields[f"days_{row}"] = _number(_("Working days"), 2)

    @classmethod
    def of(cls, version: ReviewPlanVersion, groups: list[ReviewGroup]) -> PlanForm:
        """The form filled with a version's stages."""
        initial: dict[str, Any] = {"revision": version.revision}
        for row, stage in enumerate(version.stages, 1):
            initial |= {
                f"zh_{row}": stage["name"].get("zh-hans", ""),
                f"en_{row}": stage["name"].get("en", ""),
                f"group_{row}": stage["group"],
                f"quorum_{row}": stage["quorum"],
                f"days_{row}": stage["days"],
            }
        return cls(initial=initial, groups=groups)

    def rows(self) -> list[list[forms.BoundField]]:
        """The fields, row by row."""
        names = ("zh", "en", "group", "quorum", "days")
        return [[self[f"{name}_{row}"] for name in names] for row in range(1, MAX_STAGES + 1)]

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save_plan`: the rows with a name; call on a valid form."""
        data = self.cleaned_data
        stages = [
            {
                "name": {"zh-hans": data[f"zh_{row}"], "en": data[f"en_{row}"]},
                "group": data[f"group_{row}"],
                "quorum": data[f"quorum_{row}"] or 1,
                "days": data[f"days_{row}"] or 2,
            }
            for row in range(1, MAX_STAGES + 1)
            if data[f"zh_{row}"] or data[f"en_{row}"]
        ]
        return {"stages": stages, "revision": data["revision"]}


def _text(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=60)


def _number(label: Any, initial: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, initial=initial)


class GroupForm(forms.Form):
    """A review group and its members."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("a–z, 0–9, - and _"))
    members = forms.MultipleChoiceField(
        label=_("Members"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["members"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(person.pk), str(person)) for person in people]
