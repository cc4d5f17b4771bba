"""Looking at an object as it stood: a read that is recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require, require_line
from core.actor import Actor
from core.clock import isoformat
from core.errors import InvalidInput, NotFound
from core.models import User
from portal.history.snapshots import KINDS, Kind

CHANGES = 50  # newest changes shown


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what it said then and what it says now; empty where it was not there."""

    label: str
    then: str
    now: str

    @property
    def changed(self) -> bool:
        """Whether it says something else today."""
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class Change:
    """One change on record: when, by whom, and the ledger record of it."""

    at: dt.datetime
    action: str
    person: str
    record: UUID | None


@dataclass(frozen=True, slots=True)
class Stood:
    """An object at an instant beside today. `there` says whether it existed then."""

    kind: Kind
    title: str
    at: dt.datetime
    there: bool
    rows: list[Row]
    changes: list[Change]

    @property
    def changed(self) -> int:
        """How many fields differ."""
        return sum(row.changed for row in self.rows)


def view_as_of(
    *, kind: str, object_id: UUID, at: dt.datetime, actor: Actor, now: dt.datetime
) -> Stood:
    """The object `object_id` as it stood at `at`, and how today differs; recorded
    (`history.viewed`).

    Needs the right to see such objects, in their business line. Raises NotFound, and
    InvalidInput for an instant to come.
    """
    if kind not in KINDS:
        raise NotFound(_("There is no such object."))
    about = KINDS[kind]
    require(actor, about.capability)
    if at > now:
        raise InvalidInput(_("Choose an instant that has passed."), field="at")
    found = about.model._default_manager.filter(pk=object_id).first()
    if found is None:
        raise NotFound(_("There is no such object."))
    require_line(actor, about.line_of(found))
    then, today = about.read(found, at), about.read(found, now)
    with transaction.atomic():
        subjects = {about.subject: object_id} if about.subject else {}
        record(
            action="history.viewed",
            actor=actor,
            now=now,
            subjects=Subjects(**subjects, object=None if subjects else f"{kind}:{object_id}"),
            payload={"kind": kind, "as_of": isoformat(at)},
        )
    title = str(object_id) if kind == "investor" else str(found)
    return Stood(about, title, at, then is not None, _rows(then, today), _changes(about, found))


def _rows(then: dict[str, str] | None, today: dict[str, str] | None) -> list[Row]:
    before, after = then or {}, today or {}
    labels = dict.fromkeys(chain(before, after))
    return [Row(label, before.get(label, ""), after.get(label, "")) for label in labels]


def _changes(about: Kind, found: Any) -> list[Change]:
    rows: list[dict[str, Any]] = []
    columns = ("history_date", "history_change_reason", "history_user_id", "ledger_record")
    for model, condition in about.histories(found):
        rows += model.objects.filter(condition).values(*columns)[:CHANGES]
    rows.sort(key=lambda row: row["history_date"], reverse=True)
    people = {user.pk: str(user) for user in User.objects.filter(
        pk__in={row["history_user_id"] for row in rows if row["history_user_id"]}
    )}  # fmt: skip
    seen: dict[Any, Change] = {}
    for row in rows:  # one step may have changed several rows
        seen.setdefault(
            row["ledger_record"] or row["history_date"],
            Change(
                row["history_date"],
                row["history_change_reason"] or "",
                people.get(row["history_user_id"], ""),
                row["ledger_record"],
            ),
        )
    return list(seen.values())[:CHANGES]
