"""Pre-filling, checking and handing in of reports. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from crisis.reports.definitions import LONG, NUMBER, TEXT, TIME, Field, Form

# The facts of an incident that a form can be pre-filled from.
FACTS = (
    "code", "title", "nature", "tier", "since", "aware", "classified", "material", "paid",
    "restored", "systems", "products", "investors", "measures", "contact",
)  # fmt: skip
LIMITS = {TEXT: 300, LONG: 8000, TIME: 40, NUMBER: 12}
MAX_RECEIPT = 2 * 1024 * 1024  # bytes
_MAGIC = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


class How(StrEnum):
    """By which way a report was handed in."""

    PORTAL = "portal"
    EMAIL = "email"
    PHONE = "phone"
    PAPER = "paper"


HOW_LABELS = {
    How.PORTAL: _("Regulator's portal"),
    How.EMAIL: _("E-mail"),
    How.PHONE: _("Telephone"),
    How.PAPER: _("Paper"),
}


def written_time(at: dt.datetime, zone: ZoneInfo) -> str:
    """An instant as a form shows it: to the minute, with the offset of the jurisdiction."""
    return at.astimezone(zone).isoformat(sep=" ", timespec="minutes")


def prefilled(form: Form, facts: Mapping[str, str]) -> dict[str, str]:
    """The answers that the incident itself gives; empty where it does not know."""
    return {field.name: facts.get(field.fill, "")[: LIMITS[field.kind]] for field in form.fields}


def clean_answers(form: Form, raw: Mapping[str, Any]) -> dict[str, str]:
    """The answers in their bounds. Raises InvalidInput `answers.<name>`."""
    unknown = sorted(set(raw) - {field.name for field in form.fields})
    if unknown:
        raise InvalidInput(_("This form has no such field."), field=f"answers.{unknown[0]}")
    return {field.name: _clean(field, str(raw.get(field.name) or "")) for field in form.fields}


def _clean(field: Field, text: str) -> str:
    text, where = text.replace("\r\n", "\n").strip(), f"answers.{field.name}"
    limit = LIMITS[field.kind]
    if len(text) > limit:
        raise InvalidInput(
            _("At most %(limit)s characters.") % {"limit": limit}, code="too_long", field=where
        )
    if not text:
        return ""
    if field.kind == NUMBER and not text.isdecimal():
        raise InvalidInput(_("Give a whole number."), field=where)
    if field.kind == TIME:
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise InvalidInput(
                _("Write the time with its offset, as in 2026-03-02 14:05+08:00."), field=where
            )
    return text


def missing(form: Form, answers: Mapping[str, str]) -> list[Field]:
    """The fields that must be filled and are not."""
    return [field for field in form.fields if field.required and not answers.get(field.name)]


def commitments(salt: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Each answer as a salted SHA-256: what the hash and the ledger see of it, so that the log
    tells nobody the words, and any change of them shows."""
    return {
        name: hashlib.sha256(f"{salt}{name}\0{text}".encode()).hexdigest()
        for name, text in answers.items()
    }


def receipt_type(content: bytes) -> str:
    """The type of a receipt by its content. Raises InvalidInput `receipt`."""
    if len(content) > MAX_RECEIPT:
        raise InvalidInput(_("A receipt has at most 2 MB."), code="too_large", field="receipt")
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return kind
    raise InvalidInput(_("A receipt is a PDF, PNG or JPEG file."), field="receipt")
