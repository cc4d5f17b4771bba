"""The migration that brings older installations to the record kinds that ship now."""

from __future__ import annotations

import importlib
import json

import pytest
from django.db import connections

from audit.retention.models import RetentionSchedule
from audit.retention.rules import kinds_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
MIGRATION = importlib.import_module("audit.migrations.0017_read_actions")
OLD = '[["audit.", "business"], ["investor.", "business"]]'
OTHER = '[["audit.", "books"]]'
TABLE = "audit_retentionschedule"


@pytest.fixture
def owner():
    """The owner's connection, whose version 1 is an old one; all is undone."""
    connection = connections["owner"]
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        set_kinds(cursor, 1, OLD)
        yield cursor
    connection.rollback()
    connection.set_autocommit(True)


def set_kinds(cursor, number: int, kinds: str) -> None:
    cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER {TABLE}_guard")
    cursor.execute(f"UPDATE {TABLE} SET assignments = %s WHERE number = %s", [kinds, number])
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_guard")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def add_version(cursor, number: int, kinds: str) -> None:
    cursor.execute(
        f"INSERT INTO {TABLE} (id, number, state, jurisdictions, lines, assignments, reason, "
        "editors, drafted_at, decision_reason) VALUES (gen_random_uuid(), %s, 'draft', "
        "'{CN}', '{}', %s, 'later', '{}', now(), '')",
        [number, kinds],
    )
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def kinds(cursor) -> dict[int, list]:
    cursor.execute(f"SELECT number, assignments::text FROM {TABLE} ORDER BY number")
    return {number: json.loads(text) for number, text in cursor.fetchall()}


def written(cursor) -> int:
    cursor.execute("SELECT count(*) FROM audit_historicalretentionschedule")
    return int(cursor.fetchone()[0])


def test_old_kinds_and_their_copies_are_renewed_and_others_stay(owner):
    add_version(owner, 2, OLD)
    add_version(owner, 3, OTHER)
    before = written(owner)
    owner.execute(MIGRATION.RENEW)
    assert kinds(owner) == {1: MIGRATION.SEED, 2: MIGRATION.SEED, 3: [["audit.", "books"]]}
    assert written(owner) == before + 2
    owner.execute(
        f"SELECT tgenabled FROM pg_trigger WHERE tgname = '{TABLE}_guard' "
        f"AND tgrelid = '{TABLE}'::regclass"
    )
    assert owner.fetchone() == ("A",)


def test_it_is_harmless_where_they_are_there_already(owner):
    owner.execute(MIGRATION.RENEW)
    before = written(owner)
    owner.execute(MIGRATION.RENEW)
    assert written(owner) == before


def test_a_fresh_installation_has_them():
    shipped = RetentionSchedule.objects.get(number=1).assignments
    assert shipped == MIGRATION.SEED
    assert kinds_of("investor.viewed", shipped) == {"telemetry"}
    assert kinds_of("investor.created", shipped) == {"business", "identity"}
