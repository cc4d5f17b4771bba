"""What must hold for incidents below Python: legal moves, an origin that never changes, a timeline
and moments that nobody edits, and the history tied to the ledger."""

from django.db import migrations

from core import appendonly
from core.embedded import APP_ROLE
from core.history import sql
from crisis.incidents.rules import MACHINE

INCIDENT = f"""
CREATE FUNCTION crisis_incident_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'alarmed' THEN
            RAISE EXCEPTION 'an incident starts with its alarm' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'an incident cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.code, NEW.exercise, NEW.cause, NEW.dedupe, NEW.plan, NEW.activated_at,
        NEW.activated_by_id) IS DISTINCT FROM
       (OLD.id, OLD.code, OLD.exercise, OLD.cause, OLD.dedupe, OLD.plan, OLD.activated_at,
        OLD.activated_by_id) THEN
        RAISE EXCEPTION 'the origin of an incident cannot change'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('closed', 'dismissed') AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'a closed incident cannot change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_incident_guard BEFORE INSERT OR UPDATE ON crisis_incident
    FOR EACH ROW EXECUTE FUNCTION crisis_incident_guard();
ALTER TABLE crisis_incident ENABLE ALWAYS TRIGGER crisis_incident_guard;
REVOKE DELETE, TRUNCATE ON crisis_incident FROM {APP_ROLE};
"""
UNGUARD = f"""
DROP TRIGGER crisis_incident_guard ON crisis_incident;
DROP FUNCTION crisis_incident_guard();
GRANT DELETE ON crisis_incident TO {APP_ROLE};
"""
APPEND_ONLY = ("crisis_entry", "crisis_attachment", "crisis_moment")


class Migration(migrations.Migration):
    dependencies = [("crisis", "0001_initial"), ("core", "0003_history")]

    operations = [
        migrations.RunSQL(INCIDENT, UNGUARD),
        *(
            migrations.RunSQL(appendonly.refuse(table), appendonly.allow(table))
            for table in APPEND_ONLY
        ),
        *sql.track("crisis_incident", "crisis_historicalincident"),
    ]
