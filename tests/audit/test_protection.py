"""The running application cannot change the ledger (L2)."""

from __future__ import annotations

from contextlib import nullcontext

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from audit.leaf import Subjects
from audit.models import Leaf, Pending, Record
from audit.record import draft, record, record_many
from core import clock
from core.actor import system
from tests.audit.builders import grow

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {
    "audit_record": "action", "audit_leaf": "hash", "audit_tile": "hashes",
    "audit_checkpoint": "note", "audit_keyrotation": "note", "audit_cosignature": "line",
    "audit_timestamp": "response",
}  # fmt: skip

# What each table is tried with; {t} is the table, {c} one of its columns, {k} its key.
ON_A_TABLE = [
    "UPDATE {t} SET {c} = {c}",
    "UPDATE ONLY {t} SET {c} = {c} WHERE false",
    "WITH changed AS (UPDATE {t} SET {c} = {c} RETURNING 1) SELECT count(*) FROM changed",
    "DELETE FROM {t}",
    "DELETE FROM {t} USING {t} AS other WHERE false",
    "WITH gone AS (DELETE FROM {t} RETURNING 1) SELECT count(*) FROM gone",
    "TRUNCATE {t}",
    "TRUNCATE {t} CASCADE",
    "MERGE INTO {t} USING {t} AS s ON {t}.{k} = s.{k} WHEN MATCHED THEN UPDATE SET {c} = s.{c}",
    "MERGE INTO {t} USING {t} AS s ON {t}.{k} = s.{k} WHEN MATCHED THEN DELETE",
    "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT ({k}) DO UPDATE SET {c} = excluded.{c}",
    "SELECT * FROM {t} FOR UPDATE",
    "SELECT * FROM {t} FOR NO KEY UPDATE",
    "SELECT * FROM {t} FOR SHARE",
    "SELECT * FROM {t} FOR KEY SHARE",
    "LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE {t} IN SHARE MODE",
    "ALTER TABLE {t} DISABLE TRIGGER ALL",
    "ALTER TABLE {t} DISABLE TRIGGER USER",
    "ALTER TABLE {t} ENABLE REPLICA TRIGGER {t}_append_only",
    "ALTER TABLE {t} ALTER COLUMN {c} TYPE text USING 'x'",
    "ALTER TABLE {t} DROP COLUMN {c}",
    "ALTER TABLE {t} RENAME TO renamed",
    "ALTER TABLE {t} SET SCHEMA pg_temp",
    "ALTER TABLE {t} OWNER TO vouchsafe_app",
    "ALTER TABLE {t} DISABLE RULE mine",
    "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {t} NO INHERIT {t}",
    "DROP TABLE {t} CASCADE",
    "DROP TRIGGER {t}_append_only ON {t}",
    "CREATE OR REPLACE TRIGGER {t}_append_only BEFORE INSERT ON {t} "
    "EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER mine BEFORE INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION "
    "suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {t} DO INSTEAD NOTHING",
    "CREATE POLICY mine ON {t} USING (false)",
    "CREATE TEMP TABLE child () INHERITS ({t})",
    "CREATE TABLE child PARTITION OF {t} DEFAULT",
    "CREATE INDEX mine ON {t} ({k})",
    "CLUSTER {t} USING {t}_pkey",
    "REINDEX TABLE {t}",
    "COPY {t} FROM PROGRAM 'true'",
    "COPY {t} TO '/dev/null'",
    "CREATE TEMP VIEW seen AS SELECT * FROM {t}; UPDATE seen SET {c} = {c}",
    "DO $$ BEGIN EXECUTE 'DELETE FROM {t}'; END $$",
    "UPDATE pg_catalog.pg_trigger SET tgenabled = 'D' WHERE tgrelid = '{t}'::regclass",
    "UPDATE pg_catalog.pg_class SET relowner = 1 WHERE oid = '{t}'::regclass",
]

# What needs no table.
ANYWHERE = [
    "SET session_replication_role = replica",
    "SET ROLE vouchsafe_owner",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION vouchsafe_owner",
    "SELECT set_config('session_replication_role', 'replica', false)",
    "SET allow_system_table_mods = on",
    "ALTER ROLE vouchsafe_app SUPERUSER",
    "ALTER ROLE vouchsafe_owner PASSWORD 'x'",
    "GRANT vouchsafe_owner TO vouchsafe_app",
    "CREATE ROLE another",
    "ALTER SYSTEM SET session_replication_role = replica",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "CREATE OR REPLACE FUNCTION audit_queue() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "DROP FUNCTION audit_refuse() CASCADE",
    "ALTER FUNCTION audit_queue() SECURITY INVOKER",
    "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT $1 $$",
    "CREATE SCHEMA mine",
    "DROP SCHEMA public CASCADE",
    "DROP OWNED BY vouchsafe_owner",
    "REASSIGN OWNED BY vouchsafe_owner TO vouchsafe_app",
    "CREATE EVENT TRIGGER mine ON sql_drop EXECUTE FUNCTION audit_refuse()",
    "CREATE PUBLICATION mine FOR ALL TABLES",
    "CREATE SUBSCRIPTION mine CONNECTION '' PUBLICATION mine",
    "CREATE EXTENSION file_fdw",
    "CREATE LANGUAGE plpython3u",
    "ALTER DEFAULT PRIVILEGES FOR ROLE vouchsafe_owner GRANT ALL ON TABLES TO vouchsafe_app",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT audit_guard_partition('audit_record')",
    "SELECT audit_add_month(now())",
    "INSERT INTO audit_pending SELECT gen_random_uuid()",
    "UPDATE audit_pending SET record = record",
    "TRUNCATE audit_pending",
    "DELETE FROM {partition}",
    "INSERT INTO {partition} SELECT * FROM audit_record",
    "SELECT * FROM {partition}",
    "ALTER TABLE audit_record DETACH PARTITION {partition}",
    "DROP TABLE {partition}",
]
# Other ways of being refused than for want of rights: no such partition tree, no such child …
NOT_FOR_RIGHTS = {"42809", "42P16", "42501", "0A000", "58P01", "42704", "42602", "55000"}


def write_one() -> None:
    with transaction.atomic():
        record(action="test.done", actor=system("test"), now=clock.now(), payload={"n": 1})


def fingerprint(conninfo: str) -> list[object]:
    """Every row of the ledger, every trigger on it and right to it, as a superuser sees them."""
    with psycopg.connect(conninfo) as admin:
        rows = [
            admin.execute(f"SELECT md5(coalesce(string_agg(x::text, '' ORDER BY x::text), '')) "
                          f"FROM {table} x").fetchone()
            for table in TABLES
        ]  # fmt: skip
        triggers = admin.execute(
            "SELECT tgrelid::regclass::text, tgname, tgenabled, tgfoid FROM pg_trigger "
            "WHERE tgname LIKE 'audit%' ORDER BY 1, 2"
        ).fetchall()
        rights = admin.execute(
            "SELECT relname, relowner, relacl::text FROM pg_class WHERE relname LIKE 'audit%' "
            "ORDER BY 1"
        ).fetchall()
        return [rows, triggers, rights]


def refused(statement: str, *, block: bool = True) -> str | None:
    """Run as the application role, in a transaction block or on its own; None when PostgreSQL
    refuses, else what happened."""
    try:
        with (
            transaction.atomic() if block else nullcontext(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("vouchsafe_app",)
            cursor.execute(statement)
    except DatabaseError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        return None if state in NOT_FOR_RIGHTS else f"{state}: {error}"
    return "it was allowed"


@pytest.mark.parametrize("table", TABLES)
def test_application_role_cannot_change_the_ledger(table, admin_conninfo):
    grow(3)
    before = fingerprint(admin_conninfo)
    with psycopg.connect(admin_conninfo) as admin:
        key = admin.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
            "AND a.attnum = i.indkey[0] WHERE i.indisprimary AND i.indrelid = %s::regclass",
            [table],
        ).fetchone()
    assert key is not None
    got_through = {
        statement: what
        for statement in ON_A_TABLE
        if (what := refused(statement.format(t=table, c=TABLES[table], k=key[0])))
    }
    assert got_through == {}
    assert fingerprint(admin_conninfo) == before


def test_application_role_cannot_become_more_than_it_is(admin_conninfo):
    grow(3)
    before = fingerprint(admin_conninfo)
    with psycopg.connect(admin_conninfo) as admin:
        names = admin.execute(
            "SELECT current_database(), max(tableoid::regclass::text) FROM audit_record"
        ).fetchone()
    assert names is not None
    got_through = {
        statement: what
        for statement in ANYWHERE
        if (what := refused(statement.format(database=names[0], partition=names[1]), block=False))
    }
    assert got_through == {}
    assert fingerprint(admin_conninfo) == before


def test_a_grant_to_oneself_grants_nothing(admin_conninfo):
    """PostgreSQL only warns."""
    before = fingerprint(admin_conninfo)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"GRANT ALL ON {table} TO vouchsafe_app WITH GRANT OPTION")
    assert fingerprint(admin_conninfo) == before


def test_what_is_copied_in_never_replaces_a_row():
    grow(3)
    leaf = Leaf.objects.get(index=1)
    with (
        pytest.raises(psycopg.errors.UniqueViolation),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy("COPY audit_leaf (index, record, hash) FROM STDIN") as copy,
    ):
        copy.write(f"1\t{leaf.record}\t\\\\x00\n")
    assert bytes(Leaf.objects.get(index=1).hash) == bytes(leaf.hash)


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
