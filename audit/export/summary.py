"""What the report says, gathered while the records stream by; bounded whatever their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_ACTS = 400  # acts of people that the report lists; the rest is in records.csv


@dataclass(slots=True)
class Summary:
    """Counts, the acts of people, and the deliveries by outcome and channel."""

    records: int = 0
    first: str = ""
    last: str = ""
    actions: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[tuple[str, str]] = field(default_factory=Counter)
    acts: list[dict[str, Any]] = field(default_factory=list)
    more_acts: int = 0

    def add(self, record: dict[str, Any]) -> None:
        """Take one record (its leaf, parsed) into account."""
        self.records += 1
        at = record["recorded_at"]
        self.first = min(self.first or at, at)
        self.last = max(self.last, at)
        self.actions[record["action"]] += 1
        if "delivery" in record["subjects"]:
            channel = record["payload"].get("channel", "")
            self.deliveries[record["action"], channel if isinstance(channel, str) else ""] += 1
        elif record["actor"].startswith(("user:", "key:")):
            self._add_act(record)

    def _add_act(self, record: dict[str, Any]) -> None:
        if len(self.acts) == _ACTS:
            self.more_acts += 1
            return
        self.acts.append(
            {
                "at": record["occurred_at"],
                "action": record["action"],
                "actor": record["actor"],
                "id": record["id"],
            }
        )
