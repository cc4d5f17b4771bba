"""An uploaded list of customer numbers: CSV, text or XLSX, with what is wrong by row. Read in
memory; nothing of it is stored."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import InvalidInput
from core.roles import Capability
from investors import vault
from investors.importing import columns, reading
from investors.models import Investor
from investors.rules.audience import MAX_IDS
from investors.rules.contacts import normal_ref
from investors.rules.refusals import Refused, reason

MAX_BYTES = 5 * 1024 * 1024
SHOWN = 100


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that is not taken. `shown` is its cell, shortened."""

    line: int
    shown: str
    reason: str


@dataclass(slots=True)
class ListRead:
    """Whom a list names, and what is wrong with it."""

    ids: list[UUID] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    rows: int = 0


class _InMemory:
    """A file of the upload as the importer's reader wants one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self, mode: str = "rb") -> IO[bytes]:
        return io.BytesIO(self._data)

    def stat(self) -> os.stat_result:
        return os.stat_result((0,) * 6 + (len(self._data),) + (0,) * 3)


def read_list(data: bytes, actor: Actor) -> ListRead:
    """The investors of the actor's business lines whom a list names, one query. The column is the
    one whose header means a customer number, else the only one. Who prepares notices may do this
    without seeing investors: all that comes back are pseudonyms.

    Raises Forbidden, and InvalidInput `upload` for a file that is too large, unreadable, or
    without such a column.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            _("The file has more than %(limit)s MB.") % {"limit": MAX_BYTES // 1024 // 1024},
            code="too_large",
            field="upload",
        )
    require(actor, Capability.NOTICES_PREPARE)
    facts, at = _sniffed(data)
    found = ListRead()
    wanted: dict[bytes, tuple[int, str]] = {}
    for row in reading.read_rows(facts):
        found.rows += 1
        if row.problem is not None:
            words = reason(row.problem.code, row.problem.args)
            found.problems.append(RowProblem(row.line, _short(" ".join(row.cells)), words))
            continue
        cell = row.cells[at]
        try:
            wanted.setdefault(vault.ref_hash(normal_ref(cell)), (row.line, cell))
        except Refused as refused:
            words = reason(refused.code, refused.args_, value=cell)
            found.problems.append(RowProblem(row.line, _short(cell), words))
    if len(wanted) > MAX_IDS:
        raise InvalidInput(
            _("A list names at most %(limit)s investors.") % {"limit": MAX_IDS}, field="upload"
        )
    _look_up(found, wanted, actor)
    return found


def _sniffed(data: bytes) -> tuple[reading.FileFacts, int]:
    source: Any = _InMemory(data)
    try:
        facts = reading.sniff(source)
    except InvalidInput as error:
        error.field = "upload"
        raise
    ref = columns.guess(facts.headers).get("ref")
    if ref is None and len(facts.headers) != 1:
        raise InvalidInput(
            _("No column of the file holds customer numbers; it has: %(known)s.")
            % {"known": ", ".join(facts.headers)},
            code="mapping",
            field="upload",
        )
    return facts, facts.headers.index(ref) if ref else 0


def _look_up(found: ListRead, wanted: dict[bytes, tuple[int, str]], actor: Actor) -> None:
    people = Investor.objects.all()
    if Capability.LINES_ALL not in actor.capabilities:
        people = people.in_lines(actor.lines)
    visible = people.filter(ref_hash__in=list(wanted))
    for investor_id, ref_hash in visible.order_by("pk").values_list("pk", "ref_hash"):
        found.ids.append(investor_id)
        wanted.pop(bytes(ref_hash), None)
    found.problems += [
        RowProblem(line, _short(cell), str(_("Nobody in your business lines has this number.")))
        for line, cell in wanted.values()
    ]
    found.problems.sort(key=lambda problem: problem.line)


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:39] + "…"
