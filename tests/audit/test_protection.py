"""The running application cannot change the ledger (L2)."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction

from audit.leaf import Subjects
from audit.models import Pending, Record
from audit.record import draft, record, record_many
from core import clock
from core.actor import system

pytestmark = pytest.mark.django_db(transaction=True)

BYPASSES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "SELECT * FROM {table} FOR UPDATE",
    "DROP TABLE {table}",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE sql AS $$ SELECT NULL $$",
]


def write_one() -> None:
    with transaction.atomic():
        record(action="test.done", actor=system("test"), now=clock.now(), payload={"n": 1})


@pytest.mark.parametrize("statement", BYPASSES)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("audit_record", "action"),
        ("audit_leaf", "hash"),
        ("audit_tile", "hashes"),
        ("audit_checkpoint", "note"),
    ],
)
def test_application_role_cannot_change_the_ledger(statement, table, column):
    write_one()
    refused = pytest.raises(Exception, match=r"denied|append-only|must be owner")
    with refused, connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, column=column))
    assert Record.objects.count() == 1


def test_triggers_stop_the_owner_too_even_as_replica(admin_conninfo):
    write_one()
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            admin.execute("DELETE FROM audit_record")
    assert Record.objects.count() == 1


def test_every_way_of_inserting_queues_the_record():
    write_one()
    with transaction.atomic():
        record_many(
            draft(
                action="test.bulk",
                actor=system("test"),
                now=clock.now(),
                subjects=Subjects(object=f"thing:{n}"),
            )
            for n in range(3)
        )
    assert set(Pending.objects.values_list("record", flat=True)) == set(
        Record.objects.values_list("id", flat=True)
    )
    assert Pending.objects.count() == 4


def test_a_record_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        record(action="test.done", actor=system("test"), now=clock.now())
    assert Record.objects.count() == 0
