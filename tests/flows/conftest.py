"""Fixtures of the journeys."""

from __future__ import annotations

from tests.comms.conftest import null_providers

__all__ = ["null_providers"]
