"""The walk of a search for words over the months: nothing left out, nothing twice, in order."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import example, given
from hypothesis import strategies as st

from audit.browsing import selectors, walking
from audit.browsing.questions import Term, first_id
from audit.browsing.rules import RecordFilter
from audit.record import record_many
from tests.audit.test_browse import entry

NOW = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)
IDS = st.uuids() | st.datetimes(timezones=st.just(dt.UTC)).map(first_id)


def holds(term: Term, id: UUID) -> bool:
    """The condition, by the letter."""
    conditions = term.sql.split(" AND ")
    return all(
        id >= bound if ">=" in condition else id < bound
        for condition, bound in zip(conditions, term.parameters, strict=True)
    )


@given(place=st.none() | IDS, ids=st.lists(IDS, min_size=2, max_size=2), order=st.booleans())
@example(place=UUID(int=2**128 - 1), ids=[UUID(int=0), UUID(int=2**128 - 1)], order=True)
@example(place=UUID(int=0), ids=[UUID(int=0), UUID(int=2**128 - 1)], order=False)
@example(place=UUID(int=2**128 - 1), ids=[UUID(int=0), UUID(int=2**127 + 2**126)], order=False)
def test_every_id_is_in_exactly_one_step_and_steps_follow_the_order(place, ids, order):
    steps = list(walking.steps(place, "DESC" if order else "ASC", now=NOW))
    places = []
    for id in ids:
        there = [n for n, step in enumerate(steps) if holds(step, id)]
        assert len(there) == 1, id
        places += there
    first, second = places
    if first != second:
        assert (first < second) == ((ids[0] > ids[1]) == order)


def test_the_first_step_is_the_month_of_the_place():
    place = first_id(dt.datetime(2026, 3, 15, tzinfo=dt.UTC))
    first = next(walking.steps(place, "DESC", now=NOW))
    assert first.parameters == (first_id(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)),)
    first = next(walking.steps(place, "ASC", now=NOW))
    assert first.parameters == (first_id(dt.datetime(2026, 4, 1, tzinfo=dt.UTC)),)


@pytest.mark.django_db(transaction=True)
def test_a_full_page_asks_no_further_month_and_a_short_one_asks_all(monkeypatch):
    at = dt.datetime.now(dt.UTC)
    with transaction.atomic():
        record_many(
            entry(n, action="notice.created", at=at - dt.timedelta(days=40 * n), text="Trading")
            for n in range(40)
        )
    asked = []
    plain = selectors._rows
    monkeypatch.setattr(selectors, "_rows", lambda query: asked.append(1) or plain(query))
    few = selectors.page_of_records(RecordFilter(text="trading"), size=1)
    assert len(few.items) == 1
    assert 1 < len(asked) < 5
    asked.clear()
    every = selectors.page_of_records(RecordFilter(text="trading"), size=100)
    assert len(every.items) == 40
    assert len(asked) == len(walking.STEPS) + 2
    back = selectors.page_of_records(
        RecordFilter(text="trading"), cursor=f"p{every.items[-1].pk.hex}", size=5
    )
    assert [row.pk for row in back.items] == [row.pk for row in every.items[34:39]]


@pytest.mark.django_db(transaction=True)
def test_settings_of_the_walk_end_with_it():
    with selectors.patience():
        selectors.first_page(RecordFilter(text="trading"), dt.UTC)
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_indexscan")
            assert cursor.fetchone() == ("on",)
