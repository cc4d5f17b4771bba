"""The form of a draft."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from crisis.handbook.models import HandbookVersion


def _area() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 24})


class HandbookForm(WordsForm):
    """The words of a draft."""

    refusal_fields = {"text.zh-hans": "zh", "text.en": "en"}

    zh = forms.CharField(
        label=_("Simplified Chinese"),
        help_text=_("# begins a heading, - an item of a list."),
        required=False,
        widget=_area(),
    )
    en = forms.CharField(
        label=_("English"),
        help_text=_("# begins a heading, - an item of a list."),
        required=False,
        widget=_area(),
    )
    changes = forms.CharField(label=_("What is new"), max_length=500, required=False)

    @classmethod
    def of(cls, version: HandbookVersion) -> HandbookForm:
        """The form filled with a version's words."""
        return cls(
            initial={
                "zh": version.words.get("zh-hans", ""),
                "en": version.words.get("en", ""),
                "changes": version.changes,
                "revision": version.revision,
            }
        )

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        return {
            "words": {"zh-hans": data["zh"], "en": data["en"]},
            "changes": data["changes"],
            "revision": data["revision"],
        }
