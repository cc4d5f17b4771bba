"""Which records an export holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from audit.models import Export
from core.clock import isoformat


@dataclass(frozen=True, slots=True)
class Scope:
    """The records of an export, as a condition on `audit_record r`.

    By notice: all records about that notice, and the trail of the template versions it used
    (drafting, review, approval: records about the version but about no notice). By period: all
    records written in [since, until).
    """

    notice: UUID | None
    versions: tuple[UUID, ...]
    since: dt.datetime | None
    until: dt.datetime | None

    @property
    def condition(self) -> str:
        """The condition in SQL; takes `parameters`."""
        if self.notice is not None:
            return "(r.notice = %s OR (r.version = ANY(%s) AND r.notice IS NULL))"
        return "(r.recorded_at >= %s AND r.recorded_at < %s)"

    @property
    def parameters(self) -> list[Any]:
        """What the condition's placeholders stand for."""
        if self.notice is not None:
            return [self.notice, list(self.versions)]
        return [self.since, self.until]

    def statement(self) -> dict[str, Any]:
        """The scope as the bag states it."""
        if self.notice is not None:
            return {
                "notice": str(self.notice),
                "versions": sorted(str(version) for version in self.versions),
            }
        assert self.since is not None
        assert self.until is not None
        return {"from": isoformat(self.since), "to": isoformat(self.until)}


def scope_of(export: Export, driver: psycopg.Connection[Any]) -> Scope:
    """The scope of a requested export; the notice's template versions come from its records."""
    versions: tuple[UUID, ...] = ()
    if export.notice is not None:
        rows = psycopg.Cursor(driver).execute(
            "SELECT DISTINCT r.version FROM audit_record r "
            "WHERE r.notice = %s AND r.version IS NOT NULL",
            [export.notice],
        )
        versions = tuple(row[0] for row in rows)
    return Scope(export.notice, versions, export.period_from, export.period_to)
