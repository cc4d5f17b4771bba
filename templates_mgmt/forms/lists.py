"""Forms of the list, and of a new template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.models import BusinessLine
from templates_mgmt import rules
from templates_mgmt.forms.common import choices_of


class FilterForm(forms.Form):
    """Filters of the list; they live in the address."""

    q = forms.CharField(label=_("Name or code"), required=False, max_length=120)
    state = forms.ChoiceField(
        label=_("State of the newest version"),
        required=False,
        choices=choices_of(rules.STATE_LABELS, _("Any")),
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=choices_of(rules.CATEGORY_LABELS, _("Any"))
    )
    line = forms.ChoiceField(label=_("Business line"), required=False)

    def __init__(self, *args: Any, lines: list[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Any")), *((line.code, line.name) for line in lines)]


class NewTemplateForm(forms.Form):
    """A new template."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("a–z, 0–9, - and _. It cannot be changed later."),
    )
    category = forms.ChoiceField(
        label=_("Category"),
        choices=choices_of(rules.CATEGORY_LABELS),
        help_text=_("Decides which facts are mandatory."),
    )
    topic_code = forms.ChoiceField(
        label=_("Topic"),
        choices=choices_of(rules.TOPIC_LABELS),
        help_text=_("What investors subscribe to; mandatory topics reach everyone."),
    )
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(self, *args: Any, lines: list[BusinessLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(line.pk), line.name) for line in lines]

    refusal_fields = {"line_id": "line"}


class ExampleForm(forms.Form):
    """A new template from an example of the library."""

    example = forms.ChoiceField(label=_("Example"))
    line = forms.ChoiceField(label=_("Business line"))

    def __init__(
        self, *args: Any, lines: list[BusinessLine], examples: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("line", [(str(line.pk), line.name) for line in lines]),
            ("example", examples),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
