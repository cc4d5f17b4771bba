"""Forms of consent texts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm
from investors import rules
from investors.consent_texts.models import ConsentTextVersion


class NewTextForm(forms.Form):
    """A purpose in a language that has no text yet."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=lambda: list(rules.PURPOSES.items()))
    language = forms.ChoiceField(
        label=_("Language"), choices=lambda: list(rules.CONSENT_LANGUAGES.items())
    )


class TextForm(WordsForm):
    """The words of a draft."""

    text = forms.CharField(
        label=_("Text"),
        help_text=_(
            "Say who handles what, why, how and for how long, and how to withdraw and use one's "
            "rights (PIPL Art. 17)."
        ),
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 18}),
    )

    @classmethod
    def of(cls, version: ConsentTextVersion) -> TextForm:
        """The form filled with a version's words."""
        return cls(initial={"text": version.text, "revision": version.revision})

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        return {"text": self.cleaned_data["text"], "revision": self.cleaned_data["revision"]}
