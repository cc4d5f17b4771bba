"""Clocks below Python, and the table that every installation starts with: legal moves, a due
instant that moves only where the rules let it, breaches written once and never taken back, no
pause of a statutory clock, no deletion."""

from django.db import migrations
from django.utils import timezone

from core.embedded import APP_ROLE
from core.reviewed import sql
from core.reviewed.rules import content_hash
from core.shipping import settle
from crisis.clocks.rules import MACHINE, canonical
from crisis.clocks.shipped import SHIPPED

TABLE = "crisis_clocktableversion"
CLOCK = f"""
CREATE FUNCTION crisis_clock_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'running' OR NEW.breached_at IS NOT NULL THEN
            RAISE EXCEPTION 'a clock starts running' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'a clock cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('met', 'cancelled', 'lapsed') AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'a clock that ended cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.incident_id, NEW.version_id, NEW.code, NEW.jurisdiction, NEW.row, NEW.round,
        NEW.recorded_at) IS DISTINCT FROM
       (OLD.id, OLD.incident_id, OLD.version_id, OLD.code, OLD.jurisdiction, OLD.row, OLD.round,
        OLD.recorded_at) THEN
        RAISE EXCEPTION 'the duty of a clock cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.breached_at IS NOT NULL AND NEW.breached_at IS DISTINCT FROM OLD.breached_at THEN
        RAISE EXCEPTION 'a breach is never taken back' USING ERRCODE = 'check_violation';
    END IF;
    -- the time moves on after a pause of a house clock, or anew from a later report
    IF (NEW.started_at, NEW.first_due_at, NEW.due_at) IS DISTINCT FROM
       (OLD.started_at, OLD.first_due_at, OLD.due_at) AND NOT (
        NEW.due_at >= OLD.due_at AND NEW.state = 'running' AND OLD.breached_at IS NULL AND (
            (OLD.state = 'paused' AND OLD.jurisdiction = 'house'
                AND NEW.started_at = OLD.started_at)
            OR (OLD.state = 'running' AND (OLD."row" ->> 'latest')::boolean))) THEN
        RAISE EXCEPTION 'the time of a clock cannot change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_clock_guard BEFORE INSERT OR UPDATE ON crisis_clock
    FOR EACH ROW EXECUTE FUNCTION crisis_clock_guard();
ALTER TABLE crisis_clock ENABLE ALWAYS TRIGGER crisis_clock_guard;
REVOKE DELETE, TRUNCATE ON crisis_clock FROM {APP_ROLE};
"""
UNGUARD_CLOCK = f"""
DROP TRIGGER crisis_clock_guard ON crisis_clock;
DROP FUNCTION crisis_clock_guard();
GRANT DELETE ON crisis_clock TO {APP_ROLE};
"""
PAUSE = f"""
CREATE FUNCTION crisis_clockpause_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM public.crisis_clock c
                       WHERE c.id = NEW.clock_id AND c.jurisdiction = 'house'
                         AND c.state = 'paused') THEN
            RAISE EXCEPTION 'only a house clock can pause' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.resumed_at IS NOT NULL OR NEW.resumed_at IS NULL
        OR (NEW.id, NEW.clock_id, NEW.reason, NEW.paused_at, NEW.paused_by_id) IS DISTINCT FROM
           (OLD.id, OLD.clock_id, OLD.reason, OLD.paused_at, OLD.paused_by_id) THEN
        RAISE EXCEPTION 'a pause only gets its end' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_clockpause_guard BEFORE INSERT OR UPDATE ON crisis_clockpause
    FOR EACH ROW EXECUTE FUNCTION crisis_clockpause_guard();
ALTER TABLE crisis_clockpause ENABLE ALWAYS TRIGGER crisis_clockpause_guard;
REVOKE DELETE, TRUNCATE ON crisis_clockpause FROM {APP_ROLE};
REVOKE DELETE, TRUNCATE ON crisis_clocktable FROM {APP_ROLE};
CREATE FUNCTION crisis_clocktable_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN  -- the row is only ever locked, which needs the right to update it
    RAISE EXCEPTION 'the clock table cannot change, its versions can'
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER crisis_clocktable_guard BEFORE UPDATE ON crisis_clocktable
    FOR EACH ROW EXECUTE FUNCTION crisis_clocktable_guard();
ALTER TABLE crisis_clocktable ENABLE ALWAYS TRIGGER crisis_clocktable_guard;
"""
UNGUARD_PAUSE = f"""
DROP TRIGGER crisis_clockpause_guard ON crisis_clockpause;
DROP FUNCTION crisis_clockpause_guard();
GRANT DELETE ON crisis_clockpause TO {APP_ROLE};
DROP TRIGGER crisis_clocktable_guard ON crisis_clocktable;
DROP FUNCTION crisis_clocktable_guard();
GRANT DELETE ON crisis_clocktable TO {APP_ROLE};
"""


def ship(apps, schema_editor):
    """Put the shipped table in force."""
    now = timezone.now()
    rows = [canonical(row) for row in SHIPPED]
    apps.get_model("crisis", "ClockTableVersion").objects.using(
        schema_editor.connection.alias
    ).create(
        table=apps.get_model("crisis", "ClockTable")
        .objects.using(schema_editor.connection.alias)
        .create(code="firm", created_at=now),
        number=1,
        state="approved",
        rows=rows,
        operator=False,
        content_hash=content_hash({"rows": rows, "operator": False}),
        edited_at=now,
    )
    settle(schema_editor)


def take_back(apps, schema_editor):
    apps.get_model("crisis", "ClockTableVersion").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    apps.get_model("crisis", "ClockTable").objects.using(
        schema_editor.connection.alias
    ).all().delete()
    settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("crisis", "0011_clocks")]

    operations = [
        migrations.RunPython(ship, take_back),
        migrations.RunSQL(
            sql.guard(table=TABLE, parent="table_id", content=("rows", "operator")),
            sql.unguard(table=TABLE),
        ),
        migrations.RunSQL(CLOCK, UNGUARD_CLOCK),
        migrations.RunSQL(PAUSE, UNGUARD_PAUSE),
    ]
