"""SQL of the history, for migrations. Everything runs as the owner role; the application may
only read history tables."""

from __future__ import annotations

from django.db import migrations

from core.embedded import APP_ROLE, OWNER_ROLE

_HEAD = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"

# A transaction knows the records that it wrote: the newest 60, in a setting of the transaction.
# One call per statement, whatever the number of its rows.
NOTE = """
CREATE FUNCTION core_history_note() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE ids text;
BEGIN
    SELECT string_agg(',' || few.id::text, '') INTO ids FROM (SELECT id FROM added LIMIT 20) few;
    PERFORM set_config('vouchsafe.records', right(
        coalesce(current_setting('vouchsafe.records', true), '') || coalesce(ids, ''), 37 * 60),
        true);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_record_note AFTER INSERT ON audit_record
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION core_history_note();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_note;
"""
FORGET = "DROP TRIGGER audit_record_note ON audit_record; DROP FUNCTION core_history_note()"

# A session could set that list to anything, so each id is looked up, and the row must be this
# transaction's own: written by it or one of its savepoints, which alone are in progress and
# visible.
FUNCTIONS = f"""
CREATE FUNCTION core_own_row(writer xid) RETURNS boolean {_HEAD}
DECLARE
    top bigint := pg_current_xact_id()::text::bigint;
    whole bigint := (top / 4294967296) * 4294967296 + writer::text::bigint;
BEGIN
    RETURN whole >= top AND pg_xact_status(whole::text::xid8) = 'in progress';
END $$;

CREATE FUNCTION core_ledger_record(
    subject text, OUT id uuid, OUT at timestamptz, OUT action text, OUT person uuid
) {_HEAD}
BEGIN
    SELECT r.id, r.recorded_at, r.action, u.id INTO id, at, action, person
    FROM unnest(string_to_array(
             trim(BOTH ',' FROM coalesce(current_setting('vouchsafe.records', true), '')), ','
         )::uuid[]) WITH ORDINALITY AS listed(id, n)
    JOIN public.audit_record r ON r.id = listed.id AND public.core_own_row(r.xmin)
    LEFT JOIN public.core_user u ON r.actor = 'user:' || u.id::text
    ORDER BY (subject IN (r.notice::text, r.version::text, r.template::text, r.investor::text,
                          r.staff::text)
              OR r.object LIKE '%:' || subject) IS TRUE DESC, listed.n DESC
    LIMIT 1;
    IF id IS NULL AND session_user = '{OWNER_ROLE}' THEN
        at := now();
        action := 'migration';
    END IF;
END $$;

CREATE FUNCTION core_history_id() RETURNS uuid {_HEAD}
DECLARE
    micros bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    random text := replace(gen_random_uuid()::text, '-', '');
BEGIN  -- a UUID of version 7 (RFC 9562) with microseconds, so that rows sort as they were made
    RETURN (lpad(to_hex(micros / 1000), 12, '0') || '7'
            || lpad(to_hex((micros % 1000) * 4), 3, '0') || substr(random, 17))::uuid;
END $$;

CREATE FUNCTION core_history_write(kept text, kind text, subject text, content jsonb)
RETURNS void {_HEAD}
DECLARE told record;
BEGIN
    SELECT * INTO told FROM public.core_ledger_record(subject);
    IF told.action IS NULL THEN
        RAISE EXCEPTION 'a change without its ledger record is refused (%, %)', kept, subject
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    EXECUTE format('INSERT INTO public.%1$I SELECT '
                   '(jsonb_populate_record(NULL::public.%1$I, $1)).*', kept)
    USING content || jsonb_build_object(
        'history_id', public.core_history_id(), 'history_type', kind, 'history_date', told.at,
        'history_change_reason', told.action, 'history_user_id', told.person,
        'ledger_record', told.id);
END $$;

CREATE FUNCTION core_history() RETURNS trigger {_HEAD}
DECLARE  -- arguments: the history table, the column of the primary key
    kept text := TG_ARGV[0];
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    same boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format('SELECT to_jsonb(jsonb_populate_record(NULL::public.%1$I, $1)) = '
                       'to_jsonb(jsonb_populate_record(NULL::public.%1$I, $2))', kept)
        INTO same USING was, becomes;
        IF same THEN RETURN NULL; END IF;
    END IF;
    PERFORM public.core_history_write(
        kept, CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'UPDATE' THEN '~' ELSE '-' END,
        coalesce(becomes, was) ->> TG_ARGV[1], coalesce(becomes, was));
    RETURN NULL;
END $$;

CREATE FUNCTION core_history_refuse() RETURNS trigger {_HEAD}
BEGIN
    RAISE EXCEPTION 'history is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""  # noqa: S608  the names of roles are our own

DROP_FUNCTIONS = """
DROP FUNCTION core_history_refuse();
DROP FUNCTION core_history();
DROP FUNCTION core_history_write(text, text, text, jsonb);
DROP FUNCTION core_history_id();
DROP FUNCTION core_ledger_record(text);
DROP FUNCTION core_own_row(xid);
"""

_SEAL = f"""
CREATE TRIGGER {{kept}}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {{kept}}
    FOR EACH STATEMENT EXECUTE FUNCTION core_history_refuse();
ALTER TABLE {{kept}} ENABLE ALWAYS TRIGGER {{kept}}_append_only;
REVOKE ALL ON {{kept}} FROM {APP_ROLE};
GRANT SELECT ON {{kept}} TO {APP_ROLE};
"""

_UNSEAL = f"""
DROP TRIGGER {{kept}}_append_only ON {{kept}};
GRANT SELECT, INSERT, UPDATE, DELETE ON {{kept}} TO {APP_ROLE};
"""

_WATCH = """
CREATE CONSTRAINT TRIGGER {table}_history AFTER INSERT OR UPDATE OR DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {function}({arguments});
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_history;
"""

# Objects that were there before their history began: as they are found.
_BASELINE = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO {kept} SELECT (jsonb_populate_record(NULL::{kept}, to_jsonb(o) || jsonb_build_object(
    'history_id', core_history_id(), 'history_type', '+', 'history_date', now(),
    'history_change_reason', 'migration'))).*
FROM {table} o WHERE NOT EXISTS (SELECT FROM {kept} k WHERE k.{key}::text = o.{key}::text);
SET CONSTRAINTS ALL DEFERRED;
"""


def seal(kept: str) -> migrations.RunSQL:
    """Make the history table `kept` append-only, and readable alone for the application."""
    return migrations.RunSQL(_SEAL.format(kept=kept), _UNSEAL.format(kept=kept))


def watch(table: str, function: str, *arguments: str) -> migrations.RunSQL:
    """Call trigger function `function` for each row of `table` that changed, at the commit."""
    listed = ", ".join(f"'{argument}'" for argument in arguments)
    return migrations.RunSQL(
        _WATCH.format(table=table, function=function, arguments=listed),
        f"DROP TRIGGER {table}_history ON {table}",
    )


def track(table: str, kept: str, *, key: str = "id") -> list[migrations.RunSQL]:
    """Keep the history of `table` in simple-history's table `kept`; `key` is the primary key's
    column. For a migration that comes after the one that made `kept` with `ledger_record`."""
    baseline = migrations.RunSQL(
        _BASELINE.format(table=table, kept=kept, key=key), migrations.RunSQL.noop
    )
    return [baseline, seal(kept), watch(table, "core_history", kept, key)]
