"""An exercise reaches no investor, whatever the application does: what a notice is never changes;
its deliveries are handed to the sink and to nobody else, and the sink gets nothing real; it has
no message in anybody's inbox. `sending` is committed before a provider is called, so a hand-over
that is refused here never takes place."""

from django.db import migrations

from comms.exercises import SINK

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$"
CODE = "USING ERRCODE = 'check_violation'"

GUARD = f"""
CREATE FUNCTION comms_exercise_for_good() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.exercise IS DISTINCT FROM OLD.exercise THEN
            RAISE EXCEPTION 'whether a notice is an exercise never changes' {CODE};
        END IF;
    ELSIF NEW.corrects_id IS NOT NULL AND NEW.exercise IS DISTINCT FROM
          (SELECT n.exercise FROM public.comms_notice n WHERE n.id = NEW.corrects_id) THEN
        RAISE EXCEPTION 'an exercise corrects exercises alone' {CODE};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER comms_notice_exercise BEFORE INSERT OR UPDATE ON comms_notice
    FOR EACH ROW EXECUTE FUNCTION comms_exercise_for_good();
ALTER TABLE comms_notice ENABLE ALWAYS TRIGGER comms_notice_exercise;

CREATE FUNCTION comms_exercise_handed_over() RETURNS trigger {HEAD}
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT notice_id, provider FROM after
                     WHERE provider <> '' OR state IN ('sending', 'accepted', 'delivered')) moved
        JOIN public.comms_notice n ON n.id = moved.notice_id
        WHERE n.exercise IS DISTINCT FROM (moved.provider = '{SINK}')
    ) THEN
        RAISE EXCEPTION 'an exercise is handed to its sink alone, and the sink takes no more' {CODE};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER comms_delivery_exercise AFTER UPDATE ON comms_delivery
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION comms_exercise_handed_over();
ALTER TABLE comms_delivery ENABLE ALWAYS TRIGGER comms_delivery_exercise;

CREATE FUNCTION comms_exercise_told() RETURNS trigger {HEAD}
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT notice, provider FROM added
                     WHERE provider <> '' OR kind IN ('accepted', 'delivered')) told
        JOIN public.comms_notice n ON n.id = told.notice
        WHERE n.exercise IS DISTINCT FROM (told.provider = '{SINK}')
    ) THEN
        RAISE EXCEPTION 'only its sink accepts what is an exercise, and nothing else' {CODE};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER comms_deliveryevent_exercise AFTER INSERT ON comms_deliveryevent
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION comms_exercise_told();
ALTER TABLE comms_deliveryevent ENABLE ALWAYS TRIGGER comms_deliveryevent_exercise;

CREATE FUNCTION comms_exercise_inbox() RETURNS trigger {HEAD}
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT notice_id FROM added) told
               JOIN public.comms_notice n ON n.id = told.notice_id WHERE n.exercise) THEN
        RAISE EXCEPTION 'no inbox holds an exercise' {CODE};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER comms_inboxmessage_exercise AFTER INSERT ON comms_inboxmessage
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION comms_exercise_inbox();
ALTER TABLE comms_inboxmessage ENABLE ALWAYS TRIGGER comms_inboxmessage_exercise;
"""

UNDO = """
DROP TRIGGER comms_notice_exercise ON comms_notice;
DROP TRIGGER comms_delivery_exercise ON comms_delivery;
DROP TRIGGER comms_deliveryevent_exercise ON comms_deliveryevent;
DROP TRIGGER comms_inboxmessage_exercise ON comms_inboxmessage;
DROP FUNCTION comms_exercise_for_good(), comms_exercise_handed_over(), comms_exercise_told(),
    comms_exercise_inbox();
"""


class Migration(migrations.Migration):
    dependencies = [("comms", "0007_exercises")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
