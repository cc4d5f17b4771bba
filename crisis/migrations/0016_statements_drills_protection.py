"""What must hold for statements and drills below Python: words that never change, a second person
before anything is public, exercises that stay among themselves, measured times that nobody edits."""

from django.db import migrations

from core import appendonly
from core.embedded import APP_ROLE
from crisis.drills import rules as drills
from crisis.statements import rules as statements

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$"
CODE = "USING ERRCODE = 'check_violation'"


def guard(table: str, events: str = "INSERT OR UPDATE") -> str:
    """The trigger that calls the table's own guard function, also for the owner."""
    return f"""
CREATE TRIGGER {table}_guard BEFORE {events} ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_guard();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guard;
"""


NOTICE = f"""
CREATE FUNCTION crisis_incidentnotice_guard() RETURNS trigger {HEAD}
BEGIN
    IF (SELECT n.exercise FROM public.comms_notice n WHERE n.id = NEW.notice_id) IS DISTINCT FROM
       (SELECT i.exercise FROM public.crisis_incident i WHERE i.id = NEW.incident_id) THEN
        RAISE EXCEPTION 'the notices of an exercise are exercises, and no others' {CODE};
    END IF;
    RETURN NEW;
END $$;
{guard("crisis_incidentnotice", "INSERT")}
"""

STATEMENT = f"""
CREATE FUNCTION crisis_statement_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.published_at IS NOT NULL THEN
            RAISE EXCEPTION 'a statement starts as a draft' {CODE};
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'draft' OR NOT {statements.MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'a statement cannot go from % to %', OLD.state, NEW.state {CODE};
    END IF;
    IF to_jsonb(NEW) - '{{state,reason,published_at,published_by_id}}'::text[]
       IS DISTINCT FROM to_jsonb(OLD) - '{{state,reason,published_at,published_by_id}}'::text[] THEN
        RAISE EXCEPTION 'the words of a statement never change' {CODE};
    END IF;
    IF NEW.state = 'published' THEN
        IF 'public' = ANY (NEW.places) AND NEW.published_by_id = NEW.drafted_by_id THEN
            RAISE EXCEPTION 'a second person publishes' {CODE};
        END IF;
        IF NOT EXISTS (SELECT FROM public.templates_mgmt_templateversion v
                       WHERE v.id = NEW.version_id AND v.state = 'approved'
                         AND v.content_hash = NEW.content_hash) THEN
            RAISE EXCEPTION 'a statement stands on an approved wording' {CODE};
        END IF;
    ELSIF NEW.published_at IS NOT NULL OR NEW.published_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'who published is written when it is published' {CODE};
    END IF;
    RETURN NEW;
END $$;
{guard("crisis_statement")}
REVOKE DELETE, TRUNCATE ON crisis_statement FROM {APP_ROLE};
"""

DRILL = f"""
CREATE FUNCTION crisis_drill_guard() RETURNS trigger {HEAD}
DECLARE
    free text[] := '{{state,reason,incident_id,started_at,ended_at,summary,score}}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'planned' OR NEW.incident_id IS NOT NULL OR NEW.score <> '{{}}' THEN
            RAISE EXCEPTION 'a drill starts with its plan' {CODE};
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('finished', 'cancelled') OR NOT {drills.MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'a drill cannot go from % to %', OLD.state, NEW.state {CODE};
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free
       OR OLD.incident_id IS NOT NULL AND (NEW.incident_id, NEW.started_at) IS DISTINCT FROM
          (OLD.incident_id, OLD.started_at) THEN
        RAISE EXCEPTION 'the plan of a drill never changes' {CODE};
    END IF;
    IF NEW.state <> 'finished' AND NEW.score IS DISTINCT FROM OLD.score THEN
        RAISE EXCEPTION 'a drill is scored when it ends, once' {CODE};
    END IF;
    IF NEW.incident_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.crisis_incident i WHERE i.id = NEW.incident_id AND i.exercise) THEN
        RAISE EXCEPTION 'the incident of a drill is an exercise' {CODE};
    END IF;
    RETURN NEW;
END $$;
{guard("crisis_drill")}
REVOKE DELETE, TRUNCATE ON crisis_drill FROM {APP_ROLE};
"""


def once(table: str, marker: str, free: str) -> str:
    """Rows whose `free` columns are filled in one time, and nothing else ever."""
    return f"""
CREATE FUNCTION {table}_guard() RETURNS trigger {HEAD}
BEGIN
    IF OLD.{marker} IS NOT NULL OR to_jsonb(NEW) - '{{{free}}}'::text[]
       IS DISTINCT FROM to_jsonb(OLD) - '{{{free}}}'::text[] THEN
        RAISE EXCEPTION 'what was noted in a drill cannot change' {CODE};
    END IF;
    RETURN NEW;
END $$;
{guard(table, "UPDATE")}
REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
"""


def undo(table: str) -> str:
    return f"DROP TRIGGER {table}_guard ON {table}; DROP FUNCTION {table}_guard();"


def give_back(table: str) -> str:
    return f"{undo(table)} GRANT DELETE ON {table} TO {APP_ROLE};"


class Migration(migrations.Migration):
    dependencies = [
        ("crisis", "0015_statements_drills"),
        ("comms", "0008_exercises_protection"),
    ]

    operations = [
        migrations.RunSQL(NOTICE, undo("crisis_incidentnotice")),
        *(
            migrations.RunSQL(appendonly.refuse(table), appendonly.allow(table))
            for table in ("crisis_incidentnotice", "crisis_drillmark")
        ),
        migrations.RunSQL(STATEMENT, give_back("crisis_statement")),
        migrations.RunSQL(DRILL, give_back("crisis_drill")),
        migrations.RunSQL(
            once("crisis_lostcontact", "found_at", "found_at,found_by_id"),
            give_back("crisis_lostcontact"),
        ),
        migrations.RunSQL(
            once("crisis_drillfinding", "done_at", "done_at,done_by_id,outcome"),
            give_back("crisis_drillfinding"),
        ),
    ]
