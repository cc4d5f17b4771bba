"""The parts of the editor: facts, placeholders, one text, the note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from templates_mgmt import rules
from templates_mgmt.forms.common import choices_of, text_area
from templates_mgmt.rendering import HTML_CHANNELS, SUBJECT_CHANNELS
from templates_mgmt.rules import Channel, Language

_EXAMPLE_FIELDS = {Language.EN.value: "example_en", Language.ZH_HANT.value: "example_hant"}


_ROWS = {Channel.SMS: 4, Channel.PUSH: 4, Channel.HOTLINE: 14}
_HELP = {
    Channel.PUSH: _("A card shows about 240 characters, and 65 of the title."),
    Channel.CHAT: _("Plain text for WeCom, DingTalk and Lark; at most 2,048 bytes."),
    Channel.HOTLINE: _(
        "What an agent reads aloud. Parts begin with a heading on a line of its own: [Greeting], "
        "[Identity check], [Tell], [Do not say]; in Chinese 【开场】 【核实身份】 【告知】 "
        "【不要说】."
    ),
}


class FactsForm(forms.Form):
    """The fact block of one language."""

    title = forms.CharField(label=_("Title"), required=False)
    key_points = forms.CharField(
        label=_("Key points, one a line"), required=False, widget=text_area(4)
    )
    action = forms.CharField(label=_("Action needed"), required=False, widget=text_area(2))
    deadline = forms.CharField(label=_("Deadline"), required=False)
    risk = forms.CharField(label=_("Risk statement"), required=False, widget=text_area(2))


class PlaceholderForm(forms.Form):
    """One declared placeholder; a row without a name is no row."""

    name = forms.CharField(label=_("Name"), required=False)
    type = forms.ChoiceField(
        label=_("Type"), required=False, choices=choices_of(rules.PLACEHOLDER_TYPE_LABELS)
    )
    source = forms.ChoiceField(
        label=_("Source"), required=False, choices=choices_of(rules.SOURCE_LABELS)
    )
    example = forms.CharField(label=_("Example"), required=False)
    example_en = forms.CharField(label=_("English example, if another"), required=False)
    example_hant = forms.CharField(
        label=_("Traditional Chinese example, if another"), required=False
    )
    personal = forms.BooleanField(label=_("Personal"), required=False)

    def __init__(self, *args: Any, row: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label} {row}"

    def examples(self) -> dict[str, str]:
        """The examples of the languages that have one of their own."""
        return {code: self.cleaned_data.get(name, "") for code, name in _EXAMPLE_FIELDS.items()}


class VariantForm(forms.Form):
    """The words for one channel in one language."""

    subject = forms.CharField(label=_("Subject"), required=False)
    body = forms.CharField(label=_("Text"), required=False, widget=text_area(6))
    body_html = forms.CharField(
        label=_("HTML"),
        required=False,
        widget=text_area(6),
        help_text=_("Leave it blank to have it made from the text."),
    )

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        for name in [
            *(["subject"] if channel not in SUBJECT_CHANNELS else []),
            *(["body_html"] if channel not in HTML_CHANNELS else []),
        ]:
            del self.fields[name]
        if channel == Channel.PUSH:
            self.fields["subject"].label = _("Title")
        self.fields["body"].widget.attrs["rows"] = _ROWS.get(Channel(channel), 9)
        self.fields["body"].help_text = _HELP.get(Channel(channel), "")


class NoteForm(forms.Form):
    """What the author tells the reviewer."""

    note = forms.CharField(
        label=_("Note to the reviewer"),
        required=False,
        widget=text_area(2),
        help_text=_("What changed and why. It is not sent to investors."),
    )


def declared_as_row(item: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration as a row shows it: the Chinese example stands for all languages without one
    of their own."""
    examples = item.get("examples") or {}
    first = examples.get(Language.ZH_HANS.value) or item["example"]
    others = {
        name: own
        for code, name in _EXAMPLE_FIELDS.items()
        if (own := examples.get(code) or item["example"]) != first
    }
    return {**item, "example": first, **others}
