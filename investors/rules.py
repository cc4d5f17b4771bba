"""Pure decisions about investors: vocabularies, normal forms, consent and whom a notice is for."""

from __future__ import annotations

DEFAULT_TIME_ZONE = "Asia/Shanghai"
RISK_LEVELS = ("R1", "R2", "R3", "R4", "R5")
