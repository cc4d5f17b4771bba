"""States and moves of a reviewed version. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, Move


class State(StrEnum):
    """Where a version stands. The approved one is in force."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETURNED = "returned"
    SUPERSEDED = "superseded"


STATE_LABELS = {
    State.DRAFT: _("Draft"),
    State.IN_REVIEW: _("In review"),
    State.APPROVED: _("In force"),
    State.RETURNED: _("Returned"),
    State.SUPERSEDED: _("Superseded"),
}
IN_WORK = frozenset({State.DRAFT, State.IN_REVIEW})

MACHINE = Machine(
    name="version",
    moves={
        (State.DRAFT, State.IN_REVIEW): Move("submit"),
        (State.IN_REVIEW, State.APPROVED): Move("approve"),
        (State.IN_REVIEW, State.RETURNED): Move("return", reason=True),
        (State.APPROVED, State.SUPERSEDED): Move("supersede"),
    },
)


def content_hash(content: Mapping[str, Any]) -> str:
    """Hex SHA-256 of canonical content: strings, integers, booleans, lists and objects, whose
    sorted compact JSON is their RFC 8785 form as long as keys are ASCII."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
