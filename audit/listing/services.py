"""Taking a list away as a file."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from audit.services import sealed_by_reader
from core.access import require_step_up
from core.actor import Actor
from core.errors import InvalidInput
from core.lists import csvfile
from core.pages import MAX_PAGE_SIZE, KeysetPage, Row, keyset_page

MOST = 100_000
"""The rows that one file holds at most; more is a regulator export."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A table on disk, at its beginning, deleted when it is closed; `name` for the reader."""

    file: IO[bytes]
    name: str
    rows: int
    sha256: str


def pages(queryset: QuerySet[Row], *, order: Sequence[str] = ("-id",)) -> Iterator[list[Row]]:
    """All rows in the order of the list, a page at a time, so that memory stays bounded."""
    cursor: str | None = None
    while True:
        page: KeysetPage[Row] = keyset_page(queryset, cursor, MAX_PAGE_SIZE, order=order)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def require_bounded(queryset: QuerySet[Model]) -> None:
    """Raise InvalidInput (`too_many`) when a file of `queryset` would be too long."""
    if queryset.order_by()[: MOST + 1].count() > MOST:
        raise InvalidInput(
            _("More than %(most)s rows match. Narrow the list with its filters.")
            % {"most": f"{MOST:,}"},
            code="too_many",
        )


@transaction.atomic
def export_list(
    *,
    list_name: str,
    columns: Sequence[object],
    rows: Iterable[Sequence[object]],
    filters: Mapping[str, object],
    actor: Actor,
    now: dt.datetime,
    searched: str = "",
    notice: UUID | None = None,
) -> ListFile:
    """Write the list as it was filtered, and record what was taken: `list.exported` with the
    filters, the number of rows and the file's SHA-256; a text that was searched for is sealed
    under the reader's key. Nothing is handed out before it is recorded.

    The caller has checked that the actor may see every row. Raises StepUpRequired (P1).
    """
    require_step_up(actor, now)
    file = tempfile.TemporaryFile()  # noqa: SIM115  its reader closes it
    try:
        count, digest = _write(file, columns, rows)
        record(
            action="list.exported",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, notice=notice, object=f"list:{list_name}"),
            payload={
                "list": list_name,
                "filters": {name: str(value) for name, value in filters.items() if value},
                "searched_text": bool(searched),
                "rows": count,
                "sha256": digest,
            },
            sealed=sealed_by_reader(searched, actor=actor, now=now),
        )
    except BaseException:
        file.close()
        raise
    return ListFile(file, f"{list_name}-{now:%Y%m%dT%H%M%SZ}.csv", count, digest)


def _write(
    file: IO[bytes], columns: Sequence[object], rows: Iterable[Sequence[object]]
) -> tuple[int, str]:
    """Write the table; how many rows it has, and its hex SHA-256."""
    digest, count = hashlib.sha256(), -1
    for line in _lines(columns, rows):
        file.write(line)
        digest.update(line)
        count += 1
    file.seek(0)
    return count, digest.hexdigest()


def _lines(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    yield csvfile.MARK + csvfile.line(columns)
    for row in rows:
        yield csvfile.line(row)
