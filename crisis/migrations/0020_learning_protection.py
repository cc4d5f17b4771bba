"""What must hold for lessons below Python: a retrospective is signed off by somebody who did not
write it, an action ends once and keeps where it came from, nothing is deleted."""

from django.db import migrations

from core import appendonly
from core.embedded import APP_ROLE
from core.history import sql
from core.reviewed.sql import guard, unguard
from crisis.learning.rules import ACTIONS, PARTS

VERSION = "crisis_retrospectiveversion"
ACTION = f"""
CREATE FUNCTION crisis_learningaction_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT {ACTIONS.sql_condition()} THEN
        RAISE EXCEPTION 'an action cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.incident_id, NEW.title, NEW.owner_id, NEW.added_by_id, NEW.added_at)
       IS DISTINCT FROM
       (OLD.id, OLD.incident_id, OLD.title, OLD.owner_id, OLD.added_by_id, OLD.added_at)
       OR (OLD.state <> 'open' AND NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'the origin of an action, and one that has ended, cannot change'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'dropped' AND OLD.state = 'open'
       AND NEW.ended_by_id IN (OLD.owner_id, OLD.added_by_id) THEN
        RAISE EXCEPTION 'four eyes: neither its owner nor who added it can drop an action'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_learningaction_guard BEFORE UPDATE ON crisis_learningaction
    FOR EACH ROW EXECUTE FUNCTION crisis_learningaction_guard();
ALTER TABLE crisis_learningaction ENABLE ALWAYS TRIGGER crisis_learningaction_guard;
REVOKE DELETE, TRUNCATE ON crisis_learningaction FROM {APP_ROLE};
"""
UNACTION = f"""
DROP TRIGGER crisis_learningaction_guard ON crisis_learningaction;
DROP FUNCTION crisis_learningaction_guard();
GRANT DELETE ON crisis_learningaction TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("crisis", "0019_learning")]

    operations = [
        migrations.RunSQL(
            guard(table=VERSION, parent="retrospective_id", content=PARTS), unguard(table=VERSION)
        ),
        migrations.RunSQL(
            appendonly.refuse("crisis_retrospective"), appendonly.allow("crisis_retrospective")
        ),
        migrations.RunSQL(ACTION, UNACTION),
        *sql.track("crisis_learningaction", "crisis_historicallearningaction"),
    ]
