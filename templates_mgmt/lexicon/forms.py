"""Forms of word lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.reviewed.forms import WordsForm as BaseWordsForm
from templates_mgmt.lexicon.models import WordListVersion, severity_choices
from templates_mgmt.lexicon.rules import parse_examples


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "spellcheck": "false"})


class NewListForm(forms.Form):
    """A new list."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(label=_("Code"), max_length=60, help_text=_("a–z, 0–9, - and _"))


class WordsForm(BaseWordsForm):
    """The words of a draft."""

    severity = forms.ChoiceField(label=_("What a hit does"), choices=severity_choices)
    terms = forms.CharField(label=_("Terms, one a line"), widget=_lines(14))
    exceptions = forms.CharField(
        label=_("Words that excuse a term right after them, one a line"),
        required=False,
        widget=_lines(4),
    )
    why_zh = forms.CharField(label=_("Why, in Simplified Chinese"), widget=_lines(2))
    why_en = forms.CharField(label=_("Why, in English"), widget=_lines(2))
    fix_zh = forms.CharField(label=_("What to write instead, in Chinese"), widget=_lines(2))
    fix_en = forms.CharField(label=_("What to write instead, in English"), widget=_lines(2))
    examples = forms.CharField(
        label=_("Examples, one a line"),
        help_text=_("+ before a text in which the list must find something, - where it must not."),
        required=False,
        widget=_lines(6),
    )

    refusal_fields = {
        "why.zh-hans": "why_zh", "why.en": "why_en", "fix.zh-hans": "fix_zh", "fix.en": "fix_en",
    }  # fmt: skip

    @classmethod
    def of(cls, version: WordListVersion) -> WordsForm:
        """The form filled with a version's words."""
        examples = [f"{'+' if item['hit'] else '-'} {item['text']}" for item in version.examples]
        return cls(
            initial={
                "severity": version.severity,
                "terms": "\n".join(version.terms),
                "exceptions": "\n".join(version.exceptions),
                "why_zh": version.why.get("zh-hans", ""),
                "why_en": version.why.get("en", ""),
                "fix_zh": version.fix.get("zh-hans", ""),
                "fix_en": version.fix.get("en", ""),
                "examples": "\n".join(examples),
                "revision": version.revision,
            }
        )

    def words(self) -> dict[str, Any]:
        """The arguments of `services.save`; call on a valid form."""
        data = self.cleaned_data
        return {
            "severity": data["severity"],
            "terms": data["terms"].splitlines(),
            "exceptions": data["exceptions"].splitlines(),
            "why": {"zh-hans": data["why_zh"], "en": data["why_en"]},
            "fix": {"zh-hans": data["fix_zh"], "en": data["fix_en"]},
            "examples": parse_examples(data["examples"].splitlines()),
            "revision": data["revision"],
        }


class TryForm(forms.Form):
    """A text to try a list on."""

    text = forms.CharField(label=_("Try a text"), required=False, max_length=5000, widget=_lines(3))
