"""Rights and triggers that make the ledger append-only.

First line: the application role keeps SELECT and INSERT only. Second line: triggers that fire
always (whatever session_replication_role says) and refuse change, deletion and truncation.
A third trigger queues every committed record for the sequencer, also those of raw SQL and COPY.
"""

from django.db import migrations

from core.embedded import APP_ROLE

LEDGER = ("audit_record", "audit_leaf", "audit_tile", "audit_checkpoint")

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

QUEUE = """
CREATE FUNCTION audit_queue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.audit_pending (record) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_record_queue AFTER INSERT ON audit_record
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_queue();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_queue;
"""

# The trigger alone fills the queue; the sequencer empties it.
QUEUE_RIGHTS = f"""
REVOKE ALL ON audit_pending FROM {APP_ROLE};
GRANT SELECT, DELETE ON audit_pending TO {APP_ROLE};
"""


def protect(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
REVOKE ALL ON {table} FROM {APP_ROLE};
GRANT SELECT, INSERT ON {table} TO {APP_ROLE};
"""


def unprotect(table: str) -> str:
    return f"""
DROP TRIGGER {table}_append_only ON {table};
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION audit_refuse()"),
        migrations.RunSQL(
            QUEUE, "DROP TRIGGER audit_record_queue ON audit_record; DROP FUNCTION audit_queue()"
        ),
        migrations.RunSQL(
            QUEUE_RIGHTS, f"GRANT SELECT, INSERT, UPDATE, DELETE ON audit_pending TO {APP_ROLE}"
        ),
        *[migrations.RunSQL(protect(table), unprotect(table)) for table in LEDGER],
        migrations.RunSQL(
            "INSERT INTO audit_sequencerstate (id, size, frontier) VALUES (1, 0, '')",
            "DELETE FROM audit_sequencerstate",
        ),
    ]
