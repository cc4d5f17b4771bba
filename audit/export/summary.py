"""What the report says, gathered while the records stream by; bounded whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from audit import store
from audit.export.scope import Scope

_ACTS = 400  # acts of people that the report lists; the rest is in records.csv
_KINDS = 500  # actions and channels that are counted apart; the rest together
_OTHER = "…"


@dataclass(slots=True)
class Summary:
    """Counts, the acts of people, and the deliveries by channel and outcome."""

    records: int = 0
    first: str = ""
    last: str = ""
    actions: Counter[str] = field(default_factory=Counter)
    acts: list[dict[str, Any]] = field(default_factory=list)
    more_acts: int = 0
    outcomes: list[tuple[str, str, int]] = field(default_factory=list)
    """(channel, outcome, deliveries)"""

    def add(self, record: dict[str, Any]) -> None:
        """Take one record (its leaf, parsed) into account."""
        self.records += 1
        at = record["recorded_at"]
        if not self.first or at < self.first:
            self.first = at
        if at > self.last:
            self.last = at
        action = record["action"]
        self.actions[
            action if action in self.actions or len(self.actions) < _KINDS else _OTHER
        ] += 1
        if record["actor"].startswith(("user:", "key:")) and "delivery" not in record["subjects"]:
            self._add_act(record)

    def _add_act(self, record: dict[str, Any]) -> None:
        if len(self.acts) == _ACTS:
            self.more_acts += 1
            return
        self.acts.append(
            {"at": record["occurred_at"], "action": record["action"], "actor": record["actor"]}
        )

    def dump(self) -> dict[str, Any]:
        """Itself as JSON, without the outcomes, which are asked for at the end."""
        return {
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "actions": dict(self.actions),
            "acts": self.acts,
            "more_acts": self.more_acts,
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Summary:
        """What `dump` made."""
        return cls(**{**data, "actions": Counter(data["actions"])})

    def of_outcome(self, *outcomes: str) -> int:
        """How many deliveries ended so."""
        return sum(count for _channel, outcome, count in self.outcomes if outcome in outcomes)


# What became of each delivery, from its records in scope: the strongest evidence of reading
# first; between delivered and failed, whichever came later.
_OUTCOMES = """
SELECT coalesce(channel, ''), outcome, count(*) FROM (
    SELECT max(r.payload::jsonb ->> 'channel') AS channel, CASE
        WHEN bool_or(r.action IN ('delivery.acknowledged', 'delivery.answered'))
            THEN 'acknowledged'
        WHEN bool_or(r.action IN ('delivery.viewed', 'delivery.opened', 'delivery.clicked'))
            THEN 'read'
        WHEN max(l.index) FILTER (WHERE r.action IN ('delivery.failed', 'delivery.bounced'))
            > coalesce(max(l.index) FILTER (WHERE r.action = 'delivery.delivered'), -1)
            THEN 'failed'
        WHEN bool_or(r.action = 'delivery.delivered') THEN 'delivered'
        WHEN bool_or(r.action = 'delivery.unconfirmed') THEN 'unconfirmed'
        WHEN bool_or(r.action = 'delivery.accepted') THEN 'accepted'
        WHEN bool_or(r.action = 'delivery.refused') THEN 'refused'
        WHEN bool_or(r.action = 'delivery.cancelled') THEN 'cancelled'
        WHEN bool_or(r.action = 'delivery.not_needed') THEN 'not_needed'
        ELSE 'open' END AS outcome
    FROM audit_record r JOIN audit_leaf l ON l.record = r.id
    WHERE {condition} AND l.index < %s AND r.delivery IS NOT NULL
    GROUP BY r.delivery
) AS each GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %s
"""


def outcomes(
    scope: Scope, size: int, driver: psycopg.Connection[Any]
) -> list[tuple[str, str, int]]:
    """(channel, outcome, deliveries) of the deliveries in scope, as the log of `size` tells it."""
    query = _OUTCOMES.format(condition=scope.condition)
    cursor = store.binary(driver)
    return cursor.execute(query, [*scope.parameters, size, _KINDS]).fetchall()
