"""Reads of the history: pages, facets, answers to saved queries.

Nothing here writes: pages and the API go through `audit.browsing.services`, which record each
read.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.errors import QueryCanceled

from audit.browsing import labels, walking
from audit.browsing.models import QueryAnswer, SavedQuery
from audit.browsing.questions import Branch, Question, Term, question_of
from audit.browsing.rules import SUBJECTS, Kind, RecordFilter
from audit.canonical import canonical_text
from audit.models import Checkpoint, Leaf, Record
from audit.selectors import actor_names
from core import clock
from core.errors import Conflict, InvalidInput, NotFound
from core.pages import MAX_PAGE_SIZE, PAGE_SIZE, KeysetPage

SAMPLE = 1_000
"""Facets count within this many of the newest matches, never in all."""
ANSWER = 100_000
"""A saved query answers with at most this many records."""
PATIENCE = "8s"
# One question uses one processor: starting workers takes longer than a page does.
_ALONE = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
_WORDS_ALONE = "SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off"
_AS_BEFORE = "SET LOCAL enable_indexscan = DEFAULT; SET LOCAL enable_seqscan = DEFAULT"


class TooSlow(Conflict):
    """The question would read too much; nothing was shown."""

    code = "question_too_wide"
    title = _("The question is too wide")


@contextmanager
def patience() -> Iterator[None]:
    """A bound on how long one question may occupy the database."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'; {_ALONE}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooSlow(
            _("This would read too many records. Add a period, an action or an object.")
        ) from None


# --- pages ----------------------------------------------------------------------------------


def question_for(filters: RecordFilter) -> Question:
    """The question that `filters` puts to the ledger as it is."""
    text = filters.text.strip()
    known = actions() if text or filters.outcome else []
    placed = None
    if text.isascii() and text.isdigit() and len(text) < 19:
        placed = Leaf.objects.filter(index=int(text)).values_list("record", flat=True).first()
    return question_of(filters, actions=known, placed=placed)


def actions() -> list[str]:
    """The actions that occur, in order: a loose scan of the index, not of the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE seen AS ("
            "(SELECT action FROM audit_record ORDER BY action LIMIT 1) UNION ALL "
            "SELECT (SELECT action FROM audit_record r WHERE r.action > seen.action "
            "ORDER BY action LIMIT 1) FROM seen WHERE seen.action IS NOT NULL) "
            "SELECT action FROM seen WHERE action IS NOT NULL"
        )
        return [action for (action,) in cursor.fetchall()]


def page_of_records(
    filters: RecordFilter, *, cursor: str | None = None, size: int = PAGE_SIZE
) -> KeysetPage[Record]:
    """One page of matching records, newest first. Raises InvalidInput for a cursor that is none,
    TooSlow when the answer would take seconds."""
    size = max(1, min(size, MAX_PAGE_SIZE))
    backwards, place = _read_cursor(cursor) if cursor else (False, None)
    beyond = Term(f"r.id {'>' if backwards else '<'} %s", (place,)) if place else None
    order = "ASC" if backwards else "DESC"
    with patience():
        rows = _found(question_for(filters), limit=size + 1, beyond=beyond, order=order)
        ids = [row[0] for row in rows]
        more = len(ids) > size
        found = records(ids[:size])
    before, after = (more, True) if backwards else (place is not None, more)
    return KeysetPage(
        items=found,
        next_cursor=f"n{found[-1].pk.hex}" if found and after else None,
        previous_cursor=f"p{found[0].pk.hex}" if found and before else None,
    )


def records(ids: Iterable[UUID]) -> list[Record]:
    """These records, newest first, without what is sealed."""
    return list(Record.objects.filter(pk__in=list(ids)).defer("sealed").order_by("-id"))


def _read_cursor(cursor: str) -> tuple[bool, UUID]:
    side, place = cursor[:1], cursor[1:]
    try:
        if side not in {"n", "p"}:
            raise ValueError(side)
        return side == "p", UUID(hex=place)
    except ValueError:
        raise InvalidInput(
            _("This place in the list is not valid; start again."), field="cursor"
        ) from None


def _found(
    question: Question,
    columns: str = "r.id",
    *,
    limit: int,
    beyond: Term | None = None,
    order: str = "DESC",
) -> list[tuple[Any, ...]]:
    """The first `limit` rows in order of ids. What asks for words is asked apart."""
    wordy = tuple(branch for branch in question.branches if branch.by_words)
    others = tuple(branch for branch in question.branches if not branch.by_words)
    rows: list[tuple[Any, ...]] = []
    if others:
        rows = _rows(Question(others).sql(columns, limit=limit, beyond=beyond, order=order))
    if wordy:
        rows += _by_words(Question(wordy), columns, limit=limit, beyond=beyond, order=order)
        once = {row[0]: row for row in rows}
        rows = sorted(once.values(), key=lambda row: row[0], reverse=order == "DESC")[:limit]
    return rows


def _by_words(
    question: Question, columns: str, *, limit: int, beyond: Term | None, order: str
) -> list[tuple[Any, ...]]:
    """As `_found`, by the index of words, month by month until there are enough. The planner
    takes any beginning of a word for frequent, and would look for it row by row."""
    place = beyond.parameters[0] if beyond else None
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        cursor.execute(_WORDS_ALONE)
        for step in walking.steps(place, order, now=clock.now()):
            part = Question(tuple(branch & Branch((step,)) for branch in question.branches))
            left = limit - len(found)
            found += _rows(part.sql(columns, limit=left, beyond=beyond, order=order))
            if len(found) >= limit:
                break
        cursor.execute(_AS_BEFORE)
    return found


def _rows(query: Term) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


# --- facets ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facets:
    """How the newest matches divide. `found` is at most SAMPLE + 1; the counters hold codes, and
    `days` or months as ISO dates, newest first."""

    found: int
    actions: list[tuple[str, int]]
    actors: list[tuple[str, int]]
    kinds: list[tuple[str, int]]
    channels: list[tuple[str, int]]
    outcomes: list[tuple[str, int]]
    days: list[tuple[dt.date, int]]
    by_month: bool

    @property
    def cut(self) -> bool:
        """Whether there are more matches than were looked at, so that counts are lower bounds."""
        return self.found > SAMPLE


_FACETS = ", ".join(
    [
        "r.id",
        "r.action",
        "r.actor",
        "r.recorded_at",
        "r.payload ->> 'channel' AS channel",
        "split_part(r.object, ':', 1) AS kind",
        *(f"r.{name} IS NOT NULL AS has_{name}" for name in SUBJECTS),
    ]
)


def facets(filters: RecordFilter, zone: dt.tzinfo) -> Facets:
    """How the newest SAMPLE matches divide; days are those of `zone`."""
    with patience():
        return _divided(_sample(filters), zone)


def first_page(filters: RecordFilter, zone: dt.tzinfo) -> tuple[KeysetPage[Record], Facets]:
    """The first page and the facets, from one look at the newest matches."""
    with patience():
        rows = _sample(filters)
        found = records(row[0] for row in rows[:PAGE_SIZE])
    following = f"n{found[-1].pk.hex}" if len(rows) > PAGE_SIZE else None
    return KeysetPage(found, following, None), _divided(rows, zone)


def _sample(filters: RecordFilter) -> list[tuple[Any, ...]]:
    return _found(question_for(filters), _FACETS, limit=SAMPLE + 1)


def _divided(rows: list[tuple[Any, ...]], zone: dt.tzinfo) -> Facets:
    found, rows = len(rows), rows[:SAMPLE]
    kinds: Counter[str] = Counter()
    for row in rows:
        kinds.update(name for name, has in zip(SUBJECTS, row[6:], strict=True) if has)
        if row[5]:
            kinds[row[5]] += 1
    days, by_month = _days([row[3] for row in rows], zone)
    return Facets(
        found=found,
        actions=Counter(row[1] for row in rows).most_common(12),
        actors=Counter(row[2] for row in rows).most_common(8),
        kinds=kinds.most_common(12),
        channels=Counter(row[4] for row in rows if row[4]).most_common(8),
        outcomes=Counter(labels.outcome_of(row[1]).value for row in rows).most_common(),
        days=days,
        by_month=by_month,
    )


def _days(instants: list[dt.datetime], zone: dt.tzinfo) -> tuple[list[tuple[dt.date, int]], bool]:
    days = Counter(instant.astimezone(zone).date() for instant in instants)
    by_month = len(days) > 10
    if by_month:
        months: Counter[dt.date] = Counter()
        for day, count in days.items():
            months[day.replace(day=1)] += count
        days = months
    return sorted(days.items(), reverse=True)[:12], by_month


# --- as of ----------------------------------------------------------------------------------


def log_at(instant: dt.datetime) -> Checkpoint | None:
    """The newest checkpoint signed by `instant`: what anybody could have verified then."""
    return Checkpoint.objects.filter(signed_at__lte=instant).order_by("-size").first()


# --- saved queries --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found in the log of `size` leaves; `digest` stands for exactly that."""

    size: int
    found: int
    digest: bytes


def answer(filters: RecordFilter, *, typed: bytes | None, size: int) -> Answer:
    """The answer at `size` leaves. The digest is SHA-256 over the canonical query (a text counts
    by the hash of its ciphertext `typed`, so that it cannot be guessed from the digest) and the
    id and leaf hash of each record, in log order. Raises TooSlow when it would take too long."""
    digest = sha256(_statement(filters, typed, size))
    found = 0
    with patience():
        ids = question_for(filters).sql()
        query = Term(
            "SELECT l.record, l.hash FROM audit_leaf l "  # noqa: S608
            f"WHERE l.record IN ({ids.sql}) AND l.index < %s ORDER BY l.index",
            (*ids.parameters, size),
        )
        for record, leaf in _rows(query):
            digest.update(record.bytes + bytes(leaf))
            found += 1
    return Answer(size, found, digest.digest())


def _statement(filters: RecordFilter, typed: bytes | None, size: int) -> bytes:
    plain = {
        "filters": dict(filters.narrow()),
        "size": size,
        "typed": sha256(typed).hexdigest() if typed is not None else None,
    }
    return canonical_text(plain).encode()


def count_up_to(filters: RecordFilter, limit: int) -> int:
    """How many records match, counted to `limit` + 1 at most."""
    with patience():
        return len(_found(question_for(filters), limit=limit + 1))


def saved_queries() -> list[SavedQuery]:
    """The saved queries in use, newest first."""
    return list(SavedQuery.objects.filter(retired_at=None)[:200])


def saved_query(query_id: UUID) -> SavedQuery:
    """The saved query; raises NotFound."""
    found = SavedQuery.objects.filter(pk=query_id).first()
    if found is None:
        raise NotFound(_("There is no such query."))
    return found


def answers_to(query: SavedQuery, limit: int = 20) -> list[QueryAnswer]:
    """The newest answers, newest first."""
    return list(query.answers.all()[:limit])


# --- downloads ------------------------------------------------------------------------------


def newest(filters: RecordFilter, limit: int) -> list[UUID]:
    """The ids of the newest matches, at most `limit`."""
    with patience():
        return [row[0] for row in _found(question_for(filters), limit=limit)]


# --- timelines ------------------------------------------------------------------------------


def name_of(kind: Kind, identity: UUID) -> str:
    """What the oldest record about an object calls it (its code and title), or a person's name;
    empty for investors, who have only their pseudonym here."""
    if kind is Kind.STAFF:
        return actor_names([f"user:{identity}"]).get(f"user:{identity}", "")
    if kind is Kind.INVESTOR:
        return ""
    oldest = Record.objects.filter(**{kind.value: identity}).defer("sealed").order_by("id").first()
    content = oldest.content if oldest else {}
    words = [content.get(name) for name in ("code", "title", "name")]
    return " · ".join(word for word in words if isinstance(word, str) and word)
