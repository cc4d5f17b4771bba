"""The database tells which tables each transaction changed.

A superuser puts a row trigger on every table: it notes the table and the top-level transaction
id, which savepoints share. So "in the same transaction" is PostgreSQL's word, not ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# Tables that may change without a record, and why.
PLUMBING = {
    "audit_pending": "the sequencer's queue, filled from records",
    "audit_leaf": "the log itself",
    "audit_tile": "the log itself",
    "audit_checkpoint": "the log itself",
    "audit_sequencerstate": "the log itself",
    "audit_cosignature": "a statement about the log; a record of it would ask for the next one",
    "audit_timestamp": "a statement about the log; a record of it would ask for the next one",
    "audit_attestor": "how asking witnesses and authorities goes; a failure is recorded",
    "audit_verification": "progress and result of a verification; request and end are recorded",
    "axes_accessattempt": "counting of failed sign-ins, each of which is recorded",
    "axes_accessfailurelog": "counting of failed sign-ins, each of which is recorded",
    "axes_accesslog": "counting of sign-ins, each of which is recorded",
    "comms_dryrunjob": "how far a background dry run is; its request and its end are records",
    "comms_tally": "sums that triggers keep of deliveries",
    "core_idempotencykey": "the stored answer of a request, whose act is recorded",
    "core_throttlewindow": "counting of attempts",
    "audit_exportbuild": "how far a build is; its beginning and its end are records",
    "audit_exportpart": "how far a build is",
    "templates_mgmt_unsavedwords": "what is typed and not saved yet: nobody's words",
    "django_session": "the session's store; its opening and end are recorded",
    "portal_investorlogincode": "the state of a one-time code; sending and use are recorded",
}
# Columns whose change alone needs no record, and why.
UNREMARKABLE = {
    "audit_export": ["total", "records", "path"],  # how far it is; where its files are
    "core_user": ["last_login"],  # the sign-in is recorded
    "core_apikey": ["last_used_at"],  # what the key does is recorded
    "portal_bounddevice": ["last_seen_at"],  # what is done there is recorded
    "otp_totp_totpdevice": [  # the code was used: the confirmation is recorded
        "last_t", "drift", "throttling_failure_count", "throttling_failure_timestamp",
        "last_used_at",
    ],
    "comms_delivery": ["lease_until", "claimed_by", "updated_at"],  # who works on it
    "comms_notice": ["counts"],
}  # fmt: skip

_INSTALL = """
CREATE SCHEMA watch;
CREATE TABLE watch.change (xid text, place text);
CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR to_jsonb(OLD) - TG_ARGV[0]::text[] <> to_jsonb(NEW) - TG_ARGV[0]::text[]
    THEN INSERT INTO watch.change VALUES (pg_current_xact_id()::text, TG_ARGV[1]); END IF;
    RETURN NULL;
END $$;
"""
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'django_migrations'
"""


class Watch:
    """What happened since `clear`, by transaction."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self._admin = admin

    def let_the_application_read(self) -> None:
        """For tests that look before their transaction is undone."""
        self._admin.execute("GRANT USAGE ON SCHEMA watch TO PUBLIC")
        self._admin.execute("GRANT SELECT ON watch.change TO PUBLIC")

    def clear(self) -> None:
        """Forget what happened."""
        self._admin.execute("DELETE FROM watch.change")

    def transactions(self) -> list[Counter[str]]:
        """The changed rows per table, one counter per committed transaction."""
        found: dict[str, Counter[str]] = {}
        for xid, place in self._admin.execute("SELECT xid, place FROM watch.change"):
            found.setdefault(xid, Counter())[place] += 1
        return list(found.values())

    def unrecorded(self) -> list[list[str]]:
        """The tables of each transaction that changed some without writing a record."""
        changed = [
            sorted(tables.keys() - PLUMBING.keys())
            for tables in self.transactions()
            if "audit_record" not in tables
        ]
        return [tables for tables in changed if tables]

    def records(self) -> int:
        """How many records were written."""
        return sum(tables["audit_record"] for tables in self.transactions())


@contextmanager
def watching(conninfo: str) -> Iterator[Watch]:
    """Watch all tables of the test database for the length of the block."""
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(_INSTALL)
        try:
            for (table,) in admin.execute(_TABLES).fetchall():
                columns = "{" + ",".join(UNREMARKABLE.get(table, ())) + "}"
                admin.execute(
                    f'CREATE TRIGGER zz_watch AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
                    f"FOR EACH ROW EXECUTE FUNCTION watch.note('{columns}', '{table}')"
                )
            yield Watch(admin)
        finally:
            admin.execute("DROP SCHEMA watch CASCADE")
