"""The months of audit_record: same protection everywhere, made ahead by the owner's function."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import Error

from audit.browsing import tasks
from audit.models import Pending, Record
from audit.record import record
from core import clock
from core.actor import system

pytestmark = pytest.mark.django_db(transaction=True)

PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_record'::regclass
ORDER BY 1
"""
ALWAYS = """
SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'A'
AND tgname IN ('audit_record_append_only', 'audit_record_queue')
"""


def rows(statement: str, parameters: list[object] | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def write_one() -> None:
    with transaction.atomic():
        record(action="test.done", actor=system("test"), now=clock.now())


def test_a_record_lies_in_the_month_of_its_id():
    write_one()
    (place,) = rows("SELECT tableoid::regclass::text FROM audit_record")[0]
    assert place == f"audit_record_{clock.now():%Y_%m}"
    assert Pending.objects.count() == 1


def test_every_partition_refuses_the_application_and_has_all_triggers():
    names = [name for (name,) in rows(PARTITIONS)]
    assert len(names) > 15
    assert {"audit_record_before", "audit_record_after"} <= set(names)
    for name in names:
        assert rows(ALWAYS, [name]) == [(2,)], name
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            assert rows("SELECT has_table_privilege(%s, %s)", [name, right]) == [(False,)], name


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {0}",
        "INSERT INTO {0} SELECT * FROM audit_record",
        "UPDATE {0} SET action = 'test.edited'",
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "ALTER TABLE audit_record DETACH PARTITION {0}",
        "DROP TABLE {0}",
        "SELECT audit_add_month(now() + interval '9 years')",
        "SELECT audit_guard_partition('{0}')",
        "CREATE OR REPLACE FUNCTION audit_make_partitions() RETURNS integer LANGUAGE sql AS "
        "'SELECT 1'",
    ],
)
def test_the_application_cannot_go_round_the_parent(statement):
    write_one()
    month = f"audit_record_{clock.now():%Y_%m}"
    with pytest.raises(Error, match=r"permission denied|must be owner"):
        rows(statement.format(month))
    assert Record.objects.get().action == "test.done"


def test_triggers_hold_on_a_partition_named_directly_even_for_a_superuser(admin_conninfo):
    write_one()
    month = f"audit_record_{clock.now():%Y_%m}"
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for statement in ("UPDATE {0} SET action = 'test.edited'", "DELETE FROM {0}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                admin.execute(statement.format(month))
        admin.execute(
            f"INSERT INTO {month} SELECT audit_first_id(now()), now(), now(), 'test.direct', "
            "'system:x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL"
        )
    assert Pending.objects.count() == Record.objects.count() == 2


def test_months_are_made_ahead_only_when_few_are_left(admin_conninfo):
    assert tasks.make_partitions() == 0
    now = clock.now()
    following = (now.replace(day=1) + dt.timedelta(days=32)).strftime("%Y-%m-01 00:00Z")
    with psycopg.connect(admin_conninfo) as admin:
        months = {name for (name,) in admin.execute(PARTITIONS)}
        ahead = {name for name in months if name[13:17].isdigit() and name[13:] > f"{now:%Y_%m}"}
        admin.execute("ALTER TABLE audit_record DETACH PARTITION audit_record_after")
        for name in ahead:
            admin.execute(f"DROP TABLE {name}")
        admin.execute(
            "DO $$ BEGIN EXECUTE format('ALTER TABLE audit_record ATTACH PARTITION "
            "audit_record_after FOR VALUES FROM (%L) TO (MAXVALUE)', "
            f"audit_first_id('{following}')); END $$"
        )
        admin.execute("SET LOCAL ROLE vouchsafe_app")
        assert admin.execute("SELECT audit_make_partitions()").fetchone() == (15,)
        assert admin.execute("SELECT audit_make_partitions()").fetchone() == (0,)
        admin.execute("RESET ROLE")
        made = {name for (name,) in admin.execute(PARTITIONS)}
        assert made >= months
        for name in made:
            assert admin.execute(ALWAYS, [name]).fetchone() == (2,), name
            may = admin.execute("SELECT has_table_privilege('vouchsafe_app', %s, 'SELECT')", [name])
            assert may.fetchone() == (False,), name
        admin.rollback()


def test_the_bound_of_a_month_is_the_first_id_of_its_first_instant():
    from audit.browsing.questions import first_id

    instant = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    assert rows("SELECT audit_first_id(%s)", [instant]) == [(first_id(instant),)]
    assert clock.uuid7() > first_id(clock.now() - dt.timedelta(milliseconds=5))
