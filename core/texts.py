"""Texts that people write, as they are stored. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean_text(value: object, *, field: str, limit: int) -> str:
    """`value` with `\\n` line ends and without outer blanks; raises InvalidInput for control
    characters, naming the place, and for more than `limit` characters."""
    text = str(value or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := _CONTROLS.search(text):
        raise InvalidInput(
            _("Character %(position)s (U+%(code)s) cannot be used in a text.")
            % {"position": found.start() + 1, "code": f"{ord(found.group()):04X}"},
            code="control_character",
            field=field,
        )
    if len(text) > limit:
        raise InvalidInput(
            _("%(length)s characters are too many; at most %(limit)s.")
            % {"length": len(text), "limit": limit},
            code="too_long",
            field=field,
        )
    return text
