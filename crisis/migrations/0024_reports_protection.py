"""Reports to regulators below Python: four eyes, words fixed once submitted, and only an approved
version is handed in, once, by a person, not before its approval."""

from django.db import migrations

from core import appendonly
from core.embedded import APP_ROLE
from core.reviewed import sql

VERSION = "crisis_regulatorreportversion"
REPORT = f"""
CREATE FUNCTION crisis_regulatorreport_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.crisis_clock c
                   WHERE c.id = NEW.clock_id AND c."row" ->> 'met_by' = 'report')
        OR (TG_OP = 'UPDATE' AND NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'a report belongs to the clock that asks for it, and never changes'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_regulatorreport_guard BEFORE INSERT OR UPDATE ON crisis_regulatorreport
    FOR EACH ROW EXECUTE FUNCTION crisis_regulatorreport_guard();
ALTER TABLE crisis_regulatorreport ENABLE ALWAYS TRIGGER crisis_regulatorreport_guard;
REVOKE DELETE, TRUNCATE ON crisis_regulatorreport FROM {APP_ROLE};
"""
UNGUARD_REPORT = f"""
DROP TRIGGER crisis_regulatorreport_guard ON crisis_regulatorreport;
DROP FUNCTION crisis_regulatorreport_guard();
GRANT DELETE ON crisis_regulatorreport TO {APP_ROLE};
"""
SUBMISSION = """
CREATE FUNCTION crisis_reportsubmission_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.crisis_regulatorreportversion v
                   WHERE v.id = NEW.version_id AND v.state = 'approved'
                     AND date_trunc('minute', v.decided_at) <= NEW.at) THEN
        RAISE EXCEPTION 'only what a second person approved is handed in'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_reportsubmission_guard BEFORE INSERT ON crisis_reportsubmission
    FOR EACH ROW EXECUTE FUNCTION crisis_reportsubmission_guard();
ALTER TABLE crisis_reportsubmission ENABLE ALWAYS TRIGGER crisis_reportsubmission_guard;
"""
UNGUARD_SUBMISSION = """
DROP TRIGGER crisis_reportsubmission_guard ON crisis_reportsubmission;
DROP FUNCTION crisis_reportsubmission_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("crisis", "0023_reports")]

    operations = [
        migrations.RunSQL(
            sql.guard(table=VERSION, parent="report_id", content=("answers", "salt")),
            sql.unguard(table=VERSION),
        ),
        migrations.RunSQL(REPORT, UNGUARD_REPORT),
        migrations.RunSQL(SUBMISSION, UNGUARD_SUBMISSION),
        migrations.RunSQL(
            appendonly.refuse("crisis_reportsubmission"),
            appendonly.allow("crisis_reportsubmission"),
        ),
    ]
