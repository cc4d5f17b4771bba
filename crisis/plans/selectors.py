"""The plan in force."""

from __future__ import annotations

from typing import Any


def frozen_plan() -> dict[str, Any]:
    """The content of the plan in force, to be frozen onto an incident."""
    return {}
