"""Records written in bulk read back as they were given, whatever characters they hold."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DataError, connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import store
from audit.leaf import Subjects, leaf_data, leaf_of_row
from audit.models import Record
from audit.record import draft, record, record_many
from core import clock
from core.actor import system

pytestmark = pytest.mark.django_db
text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text, text.filter(bool), st.binary(max_size=40) | st.none())
def test_any_text_survives_the_copy(told, thing, sealed):
    entry = draft(
        action="test.told",
        actor=system("test"),
        now=clock.now(),
        subjects=Subjects(object=thing, investor=clock.uuid7()),
        payload={"told": told},
        sealed=sealed,
    )
    with transaction.atomic():
        assert record_many([entry]) == 1
    row = Record.objects.annotate(text=Cast("payload", TextField())).get(pk=entry.id)
    assert (row.text, row.object, row.investor) == (
        entry.payload,
        thing,
        entry.subjects.investor,
    )
    assert (None if row.sealed is None else bytes(row.sealed)) == sealed
    assert (row.occurred_at, row.recorded_at) == (entry.occurred_at, entry.recorded_at)


moments = st.datetimes(timezones=st.just(dt.UTC)).filter(lambda moment: moment.year < 9999)
ids = st.uuids() | st.none()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.tuples(*[ids] * 7, text | st.none()), text, st.binary(max_size=9) | st.none(),
    moments, moments,
)  # fmt: skip
def test_three_ways_to_the_bytes_of_a_leaf_agree(subjects, told, sealed, occurred, recorded):
    """From the record in hand, from its row in Python, from its row in SQL."""
    entry = draft(
        action="test.told",
        actor=system("test"),
        now=recorded,
        occurred_at=occurred,
        subjects=Subjects(*subjects),
        payload={"told": told},
        sealed=sealed,
    )
    with transaction.atomic():
        record_many([entry])
    with store.binary() as cursor:
        query = f"SELECT {store.LEAF}, {store.ROW} FROM audit_record r WHERE r.id = %s"
        in_sql, *row = cursor.execute(query, [entry.id], binary=True).fetchall()[0]
    assert in_sql == leaf_of_row(*row) == leaf_data(entry)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text, text.filter(bool), st.binary(max_size=40) | st.none())
def test_any_text_survives_a_single_insert(told, thing, sealed):
    at = clock.now()
    with transaction.atomic():
        made = record(
            action="test.told",
            actor=system("test"),
            now=at,
            subjects=Subjects(object=thing, investor=clock.uuid7()),
            payload={"told": told},
            sealed=sealed,
        )
    row = Record.objects.get(pk=made)
    assert (row.content["told"], row.object, row.recorded_at) == (told, thing, at)
    assert (None if row.sealed is None else bytes(row.sealed)) == sealed


def test_single_inserts_are_planned_once():
    with transaction.atomic():
        for subjects in (Subjects(), Subjects(notice=clock.uuid7()), Subjects(object="thing:1")):
            record(action="test.told", actor=system("test"), now=clock.now(), subjects=subjects)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["INSERT INTO audit_record %"],
        )
        assert cursor.fetchone() == (1,)


def test_a_refused_insert_is_an_error_of_django():
    with pytest.raises(DataError), transaction.atomic():
        record(action="test." + "x" * 80, actor=system("test"), now=clock.now())
