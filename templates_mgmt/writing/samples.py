"""Invented investors to look at a text with, ordinary and awkward ones. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from templates_mgmt.lint.base import Text
from templates_mgmt.rules.content import Content, Source


@dataclass(frozen=True, slots=True)
class Sample:
    """An invented investor; `name` is None where the examples of the placeholders stand."""

    code: str
    label: Text
    name: str | None
    reference: str = "C10001"
    blank: bool = False


SAMPLES = (
    Sample("examples", _("The examples of the placeholders"), None),
    Sample(
        "long",
        _("A very long name"),
        "Maria Alexandra Konstantinopolskaya-Featherstonehaugh de la Vega y Echeverria",
        "C1000100010001000100010001",
    ),
    Sample("one", _("A name of one character"), "李"),
    Sample("rtl", _("A name written from right to left"), "فاطمة الزهراء"),
    Sample("emoji", _("A name with a symbol outside the basic plane"), "𠮷野 😀"),
    Sample("blank", _("No value at all"), "", "", True),
)


def values_for(content: Content, code: str) -> dict[str, str]:
    """The values that the sample `code` puts over the examples; an unknown one puts none."""
    sample = next((item for item in SAMPLES if item.code == code), SAMPLES[0])
    if sample.name is None:
        return {}
    if sample.blank:
        return {item.name: "" for item in content.placeholders}
    by_source = {Source.INVESTOR_NAME: sample.name, Source.INVESTOR_REF: sample.reference}
    return {
        item.name: by_source[Source(item.source)]
        for item in content.placeholders
        if item.source in by_source
    }
