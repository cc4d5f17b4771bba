"""What must hold for notices and deliveries below Python: legal moves, the second person,
content frozen at submission, evidence that only rises, events that nobody edits.

Statement triggers keep the tallies, so that counts are exact whoever changes deliveries.
"""

from django.db import migrations

from comms.rules import DELIVERIES, NOTICES
from core.embedded import APP_ROLE

HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$"

NOTICE = f"""
CREATE FUNCTION comms_notice_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a notice starts as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {NOTICES.sql_condition()} THEN
        RAISE EXCEPTION 'a notice cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.code, NEW.prepared_by_id, NEW.prepared_at, NEW.business_line_id,
        NEW.corrects_id) IS DISTINCT FROM
       (OLD.id, OLD.code, OLD.prepared_by_id, OLD.prepared_at, OLD.business_line_id,
        OLD.corrects_id) THEN
        RAISE EXCEPTION 'the origin of a notice cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state <> 'draft' AND
       (NEW.version_id, NEW.content_hash, NEW.topic, NEW.criticality, NEW.audience, NEW.values,
        NEW.channels, NEW.title) IS DISTINCT FROM
       (OLD.version_id, OLD.content_hash, OLD.topic, OLD.criticality, OLD.audience, OLD.values,
        OLD.channels, OLD.title) THEN
        RAISE EXCEPTION 'a submitted notice cannot change; take it back first'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.submitted_by_id IS DISTINCT FROM OLD.submitted_by_id
       AND NOT (OLD.state = 'draft' AND NEW.state = 'ready') THEN
        RAISE EXCEPTION 'who submitted a notice is written when it is submitted'
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.released_by_id, NEW.released_at) IS DISTINCT FROM
       (OLD.released_by_id, OLD.released_at)
       AND NOT (OLD.state = 'ready' AND NEW.state = 'released') THEN
        RAISE EXCEPTION 'who released a notice is written at the release, once'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER comms_notice_guard BEFORE INSERT OR UPDATE ON comms_notice
    FOR EACH ROW EXECUTE FUNCTION comms_notice_guard();
REVOKE DELETE ON comms_notice FROM {APP_ROLE};
"""

DELIVERY = f"""
CREATE FUNCTION comms_delivery_refuse() RETURNS trigger {HEAD}
BEGIN
    RAISE EXCEPTION 'delivery %: illegal move from % to %, or changed identity or evidence',
        OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER comms_delivery_guard BEFORE UPDATE ON comms_delivery FOR EACH ROW
    WHEN (NOT {DELIVERIES.sql_condition()}
          OR NEW.evidence < OLD.evidence
          OR (NEW.id, NEW.notice_id, NEW.investor_id, NEW.channel) IS DISTINCT FROM
             (OLD.id, OLD.notice_id, OLD.investor_id, OLD.channel))
    EXECUTE FUNCTION comms_delivery_refuse();

CREATE FUNCTION comms_delivery_planned() RETURNS trigger {HEAD}
BEGIN
    IF EXISTS (SELECT FROM added WHERE state NOT IN ('standby', 'held', 'queued')) THEN
        RAISE EXCEPTION 'a delivery starts as standby, held or queued'
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT notice_id FROM added) a
        LEFT JOIN public.comms_notice n ON n.id = a.notice_id
        WHERE n.state IS DISTINCT FROM 'sending' OR n.planned_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'deliveries are planned for a released notice only, and once'
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM added a LEFT JOIN public.investors_investor i ON i.id = a.investor_id
        WHERE i.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a delivery is for an investor'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO public.comms_tally (notice, channel, state, evidence, delta, at)
        SELECT notice_id, channel, state, evidence, count(*), now() FROM added
        GROUP BY notice_id, channel, state, evidence;
    RETURN NULL;
END $$;
ALTER FUNCTION comms_delivery_planned() SECURITY DEFINER;
CREATE TRIGGER comms_delivery_planned AFTER INSERT ON comms_delivery
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION comms_delivery_planned();

CREATE FUNCTION comms_delivery_tally() RETURNS trigger {HEAD}
BEGIN
    INSERT INTO public.comms_tally (notice, channel, state, evidence, delta, at)
        SELECT notice_id, channel, state, evidence, sum(n), now() FROM (
            SELECT notice_id, channel, state, evidence, count(*) AS n FROM after
            GROUP BY notice_id, channel, state, evidence
            UNION ALL
            SELECT notice_id, channel, state, evidence, -count(*) FROM before
            GROUP BY notice_id, channel, state, evidence
        ) moved GROUP BY notice_id, channel, state, evidence HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
ALTER FUNCTION comms_delivery_tally() SECURITY DEFINER;
CREATE TRIGGER comms_delivery_tally AFTER UPDATE ON comms_delivery
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION comms_delivery_tally();
REVOKE DELETE ON comms_delivery FROM {APP_ROLE};
REVOKE INSERT, UPDATE, DELETE ON comms_tally FROM {APP_ROLE};
"""

UNDO = f"""
DROP TRIGGER comms_notice_guard ON comms_notice;
DROP TRIGGER comms_delivery_guard ON comms_delivery;
DROP TRIGGER comms_delivery_planned ON comms_delivery;
DROP TRIGGER comms_delivery_tally ON comms_delivery;
DROP FUNCTION comms_notice_guard(), comms_delivery_refuse(), comms_delivery_planned(),
    comms_delivery_tally();
GRANT DELETE ON comms_notice, comms_delivery TO {APP_ROLE};
GRANT INSERT, UPDATE, DELETE ON comms_tally TO {APP_ROLE};
"""


def protect(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE};
"""


def unprotect(table: str) -> str:
    return f"""
DROP TRIGGER {table}_append_only ON {table};
GRANT UPDATE, DELETE ON {table} TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("comms", "0001_initial"), ("audit", "0002_protection")]

    operations = [
        migrations.RunSQL(NOTICE + DELIVERY, UNDO),
        *[
            migrations.RunSQL(protect(table), unprotect(table))
            for table in ("comms_deliveryevent", "comms_exclusion")
        ],
    ]
