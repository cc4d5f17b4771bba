"""A filter of the history as SQL that walks indexes.

The ids of a page come from a handful of branches, each a plain conjunction whose order an index
gives, each cut after one page: `(… ORDER BY id DESC LIMIT n) UNION (…)`. An OR inside one WHERE
would make PostgreSQL collect and sort everything that matches.

A set of actions is a branch that looks at each action by itself (LATERAL). A period is a range
of ids, which carry their time, and a second branch for the few records whose clocks disagreed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from audit.browsing import labels, rules
from audit.browsing.rules import Kind, Outcome, RecordFilter

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EQUAL = ("action", "actor", "object", "notice", "delivery", "investor", "template", "version",
          "incident")  # fmt: skip


class Term(NamedTuple):
    """A condition on `audit_record r` and its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A conjunction; with `actions`, once for each of them. `words` says that the index of words
    answers it, whatever the planner thinks of walking the primary key instead; `scarce` that
    another index leaves so little that none is needed."""

    terms: tuple[Term, ...] = ()
    actions: frozenset[str] | None = None
    words: bool = False
    scarce: bool = False

    def __and__(self, other: Branch) -> Branch:
        actions = self.actions
        if other.actions is not None:
            actions = other.actions if actions is None else actions & other.actions
        return Branch(
            self.terms + other.terms,
            actions,
            self.words or other.words,
            self.scarce or other.scarce,
        )

    def folded(self) -> Branch:
        """With `actions` as a condition where words are looked up, or they would be for each."""
        if self.actions is None or not self.by_words:
            return self
        term = Term("r.action = ANY (%s::text[])", (sorted(self.actions),))
        return Branch((*self.terms, term), None, self.words, self.scarce)

    @property
    def by_words(self) -> bool:
        """Whether the index of words has to answer."""
        return self.words and not self.scarce


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: records that pass any of the branches."""

    branches: tuple[Branch, ...] = (Branch(),)

    def sql(
        self,
        columns: str = "r.id",
        *,
        limit: int | None = None,
        beyond: Term | None = None,
        order: str = "DESC",
    ) -> Term:
        """The query for `columns` (the first one r.id), each record once, in order of ids when
        there is a limit. `beyond` is where the page begins."""
        cut = Cut(columns, limit, beyond, order)
        parts = [cut.branch(branch) for branch in self.branches]
        parameters = tuple(value for part in parts for value in part.parameters)
        if len(parts) == 1:
            return parts[0]
        union = " UNION ".join(f"({part.sql})" for part in parts)
        return Term(f"SELECT * FROM ({union}) found {cut.end.format('id')}", parameters)  # noqa: S608


@dataclass(frozen=True, slots=True)
class Cut:
    """How a branch is turned into SQL; see `Question.sql`."""

    columns: str
    limit: int | None
    beyond: Term | None
    order: str

    @property
    def end(self) -> str:
        """The tail of the query; takes the name of the id."""
        return f"ORDER BY {{}} {self.order} LIMIT {self.limit}" if self.limit else ""

    def branch(self, branch: Branch) -> Term:
        terms = [*branch.terms, *([self.beyond] if self.beyond else [])]
        parameters = tuple(value for term in terms for value in term.parameters)
        conditions = [f"({term.sql})" for term in terms]
        if branch.actions is None:
            return Term(self._plain(conditions), parameters)
        inner = self._plain(["r.action = asked.action", *conditions])
        return Term(
            "SELECT one.* FROM unnest(%s::text[]) AS asked(action) "  # noqa: S608
            f"CROSS JOIN LATERAL ({inner}) one {self.end.format('one.id')}",
            (sorted(branch.actions), *parameters),
        )

    def _plain(self, conditions: list[str]) -> str:
        where = " AND ".join(conditions) or "true"
        return f"SELECT {self.columns} FROM audit_record r WHERE {where} {self.end.format('r.id')}"  # noqa: S608


@dataclass(slots=True)
class _Known:
    """What has to be looked up before a question can be put."""

    actions: Sequence[str] = field(default_factory=tuple)
    placed: UUID | None = None  # the record at the place in the log that the text names


def question_of(
    filters: RecordFilter, *, actions: Sequence[str] = (), placed: UUID | None = None
) -> Question:
    """The question that a filter puts. `actions` are those that occur in the ledger, needed for
    a text or an outcome; `placed` is the record whose place in the log is the text."""
    known = _Known(actions, placed)
    alternatives = [
        _period(filters),
        _staff(filters),
        _outcome(filters, known),
        _text(filters, known),
    ]
    common = Branch(tuple(_common(filters)))
    branches = []
    for combination in product(*(each for each in alternatives if each)):
        whole = common
        for branch in combination:
            whole &= branch
        branches.append(whole.folded())
    return Question(tuple(branches))


def _common(filters: RecordFilter) -> Iterable[Term]:
    for name in _EQUAL:
        if value := getattr(filters, name):
            yield Term(f"r.{name} = %s", (value,))
    if filters.channel:
        yield Term("r.payload ->> 'channel' = %s", (filters.channel,))
    if filters.kind in set(Kind):
        yield Term(f"r.{Kind(filters.kind).value} IS NOT NULL")
    elif filters.kind:
        yield Term("r.object IS NOT NULL")
        yield Term("split_part(r.object, ':', 1) = %s", (filters.kind,))


def first_id(instant: dt.datetime) -> UUID:
    """The smallest UUIDv7 of an instant; `audit_first_id` in SQL."""
    milliseconds = (instant - EPOCH) // dt.timedelta(milliseconds=1)
    return UUID(int=max(0, min(milliseconds, 2**48 - 1)) << 80)


def _period(filters: RecordFilter) -> list[Branch]:
    since, end = filters.since, filters.end
    exact, ids = [], []
    try:
        if since:
            exact.append(Term("r.recorded_at >= %s", (since,)))
            ids.append(Term("r.id >= %s", (first_id(since - rules.DRIFT),)))
        if end:
            exact.append(Term("r.recorded_at < %s", (end,)))
            later = end + rules.DRIFT + dt.timedelta(milliseconds=2)
            ids.append(Term("r.id < %s", (first_id(later),)))
    except OverflowError:  # at the ends of the calendar there is nothing to cut off
        ids = []
    if not exact:
        return []
    drifted = Term("audit_drifted(r.id, r.recorded_at)")
    return [Branch((*ids, *exact)), Branch((drifted, *exact), scarce=True)]


def _staff(filters: RecordFilter) -> list[Branch]:
    if not filters.staff:
        return []
    return [
        Branch((Term("r.staff = %s", (filters.staff,)),)),
        Branch((Term("r.actor = %s", (f"user:{filters.staff}",)),)),
    ]


def _outcome(filters: RecordFilter, known: _Known) -> list[Branch]:
    if not filters.outcome:
        return []
    wanted = Outcome(filters.outcome)
    ended = {action: labels.outcome_of(action) for action in known.actions}
    if wanted is Outcome.DONE:
        others = [action for action, outcome in ended.items() if outcome is not wanted]
        return [Branch((Term("r.action <> ALL (%s::text[])", (others,)),))]
    those = [action for action, outcome in ended.items() if outcome is wanted]
    if filters.selective or filters.action or filters.actor:
        return [Branch((Term("r.action = ANY (%s::text[])", (those,)),))]
    return [Branch(actions=frozenset(those))]


def _text(filters: RecordFilter, known: _Known) -> list[Branch]:
    text = filters.text.strip()
    if not text:
        return []
    try:
        return _identity(UUID(text))
    except ValueError:
        pass
    branches = []
    if ":" in text:  # so are actors and objects written
        branches = [Branch((Term(f"r.{name} = %s", (text,)),)) for name in ("actor", "object")]
    if known.placed:
        branches.append(Branch((Term("r.id = %s", (known.placed,)),)))
    if called := labels.called(text, list(known.actions)):
        if filters.selective:
            branches.append(Branch((Term("r.action = ANY (%s::text[])", (called,)),)))
        else:
            branches.append(Branch(actions=frozenset(called)))
    if filters.selective:
        branches.append(Branch((Term("r.payload::text ILIKE %s", (f"%{_escaped(text)}%",)),)))
    elif query := rules.tsquery(text):
        branches.append(_words(text, query))
    return branches


def _identity(identity: UUID) -> list[Branch]:
    conditions = [
        Term("r.id = %s", (identity,)),
        Term("r.actor = %s", (f"user:{identity}",)),
        *(Term(f"r.{name} = %s", (identity,)) for name in rules.SUBJECTS),
    ]
    return [Branch((condition,)) for condition in conditions]


def _words(text: str, query: str) -> Branch:
    whole = [
        Term("r.payload::text LIKE %s", (f"%{_escaped(run)}%",)) for run in rules.stretches(text)
    ]
    return Branch(
        (
            Term("audit_wordy(r.action)"),
            Term("audit_words(r.payload) @@ %s::tsquery", (query,)),
            *whole,
        ),
        words=True,
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
