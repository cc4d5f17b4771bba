"""Calls below Python: legal moves only, nobody called and no e-mail sent for a page that is over."""

from django.db import migrations

from core.embedded import APP_ROLE
from crisis.escalation.rules import CALL_MACHINE, PAGE_MACHINE

PAGE = f"""
CREATE FUNCTION crisis_page_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'calling' AND NOT (NEW.state = 'exhausted' AND NEW."order" = '[]'::jsonb)
        THEN
            RAISE EXCEPTION 'a page starts with calling' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {PAGE_MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'a page cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.incident_id, NEW.role, NEW."order", NEW.rounds, NEW.minutes, NEW.started_at)
       IS DISTINCT FROM
       (OLD.id, OLD.incident_id, OLD.role, OLD."order", OLD.rounds, OLD.minutes, OLD.started_at)
       OR NEW.made < OLD.made
       OR (OLD.state = NEW.state AND OLD.state <> 'calling' AND NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'what a page began with cannot change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_page_guard BEFORE INSERT OR UPDATE ON crisis_page
    FOR EACH ROW EXECUTE FUNCTION crisis_page_guard();
ALTER TABLE crisis_page ENABLE ALWAYS TRIGGER crisis_page_guard;
REVOKE DELETE, TRUNCATE ON crisis_page FROM {APP_ROLE};
"""

CALL = f"""
CREATE FUNCTION crisis_call_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    page public.crisis_page;
BEGIN
    IF TG_OP = 'INSERT' OR NEW.mail = 'sending' THEN
        SELECT * INTO page FROM public.crisis_page WHERE id = NEW.page_id FOR SHARE;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' OR page.state IS DISTINCT FROM 'calling'
            OR (page."order" @> to_jsonb(NEW.person_id::text)) IS NOT TRUE THEN
            RAISE EXCEPTION 'nobody is called for a page that is over, nor who is not in its order'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {CALL_MACHINE.sql_condition()} THEN
        RAISE EXCEPTION 'a call cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.page_id, NEW.person_id, NEW.number, NEW.round, NEW.at, NEW.until)
       IS DISTINCT FROM
       (OLD.id, OLD.page_id, OLD.person_id, OLD.number, OLD.round, OLD.at, OLD.until)
       OR (OLD.state = NEW.state
           AND (NEW.reason, NEW.ended_at) IS DISTINCT FROM (OLD.reason, OLD.ended_at)) THEN
        RAISE EXCEPTION 'what a call began with, and an answer, cannot change'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.mail = 'sending' AND page.state NOT IN ('calling', 'exhausted') THEN
        RAISE EXCEPTION 'no e-mail leaves for a page that is over'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_call_guard BEFORE INSERT OR UPDATE ON crisis_call
    FOR EACH ROW EXECUTE FUNCTION crisis_call_guard();
ALTER TABLE crisis_call ENABLE ALWAYS TRIGGER crisis_call_guard;
REVOKE DELETE, TRUNCATE ON crisis_call FROM {APP_ROLE};
"""
_UNGUARD = """
DROP TRIGGER crisis_{name}_guard ON crisis_{name};
DROP FUNCTION crisis_{name}_guard();
GRANT DELETE ON crisis_{name} TO {role};
"""


class Migration(migrations.Migration):
    dependencies = [("crisis", "0013_calls")]

    operations = [
        migrations.RunSQL(PAGE, _UNGUARD.format(name="page", role=APP_ROLE)),
        migrations.RunSQL(CALL, _UNGUARD.format(name="call", role=APP_ROLE)),
    ]
