"""Forms of clauses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from templates_mgmt.clauses.models import ClauseVersion
from templates_mgmt.rules import LANGUAGE_LABELS, Language


class NewClauseForm(forms.Form):
    """A new clause."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(label=_("Code"), max_length=31, help_text=_("a–z, 0–9 and _"))


class ClauseForm(WordsForm):
    """The words of a draft, one field a language."""

    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=300,
        help_text=_("The rule that asks for it, if any."),
    )
    refusal_fields = {f"texts.{language}": f"text_{language}" for language in Language}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language in Language:
            self.fields[f"text_{language}"] = forms.CharField(
                label=LANGUAGE_LABELS[language],
                required=False,
                widget=forms.Textarea(attrs={"rows": 3, "lang": language.value}),
            )

    @classmethod
    def of(cls, version: ClauseVersion) -> ClauseForm:
        """The form filled with a version's words."""
        texts = {f"text_{language}": text for language, text in version.texts.items()}
        return cls(initial={"source": version.source, "revision": version.revision, **texts})

    def text_fields(self) -> list[BoundField]:
        """The fields of the languages, in order."""
        return [self[f"text_{language}"] for language in Language]

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        return {
            "texts": {language.value: data[f"text_{language}"] for language in Language},
            "source": data["source"],
            "revision": data["revision"],
        }
