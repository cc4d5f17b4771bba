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
    (drafting, review, approval: records about the version but about no notice). By template: all
    about it, and about its versions wherever they were used. By investor or incident: all that
    name it. A period [since, until) of the time of recording narrows each; alone it takes all.
    """

    subject: str | None
    value: UUID | None
    versions: tuple[UUID, ...]
    since: dt.datetime | None
    until: dt.datetime | None

    @property
    def condition(self) -> str:
        """The condition in SQL; takes `parameters`."""
        parts = []
        if self.subject == "notice":
            parts.append("(r.notice = %s OR (r.version = ANY(%s) AND r.notice IS NULL))")
        elif self.subject == "template":
            parts.append("(r.template = %s OR r.version = ANY(%s))")
        elif self.subject is not None:
            parts.append(f"r.{self.subject} = %s")
        if self.since is not None:
            parts.append("(r.recorded_at >= %s AND r.recorded_at < %s)")
        return " AND ".join(parts)

    @property
    def parameters(self) -> list[Any]:
        """What the condition's placeholders stand for."""
        values: list[Any] = [] if self.subject is None else [self.value]
        if self.subject in {"notice", "template"}:
            values.append(list(self.versions))
        return values if self.since is None else [*values, self.since, self.until]

    def statement(self) -> dict[str, Any]:
        """The scope as the bag states it."""
        said: dict[str, Any] = {}
        if self.subject is not None:
            said[self.subject] = str(self.value)
        if self.subject in {"notice", "template"}:
            said["versions"] = sorted(str(version) for version in self.versions)
        if self.since is not None and self.until is not None:
            said |= {"from": isoformat(self.since), "to": isoformat(self.until)}
        return said


def scope_of(
    export: Export,
    driver: psycopg.Connection[Any],
    versions: tuple[UUID, ...] | None = None,
) -> Scope:
    """The scope of an export; versions of a notice's or template's come from the records, unless
    a build that began earlier fixed them."""
    subject, value = next(
        (
            (name, getattr(export, name))
            for name in ("notice", "template", "investor", "incident")
            if getattr(export, name) is not None
        ),
        (None, None),
    )
    if versions is None:
        versions = _versions(subject, value, driver)
    return Scope(subject, value, versions, export.period_from, export.period_to)


def _versions(
    subject: str | None, value: UUID | None, driver: psycopg.Connection[Any]
) -> tuple[UUID, ...]:
    if subject not in {"notice", "template"}:
        return ()
    rows = psycopg.Cursor(driver).execute(
        "SELECT DISTINCT r.version FROM audit_record r "  # noqa: S608
        f"WHERE r.{subject} = %s AND r.version IS NOT NULL",
        [value],
    )
    return tuple(row[0] for row in rows)
