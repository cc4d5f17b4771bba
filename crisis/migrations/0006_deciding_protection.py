"""No tier without a decision that says why; decisions and roles taken are never edited."""

from django.db import migrations

from core import appendonly

TIER = """
CREATE FUNCTION crisis_incident_tier_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.tier IS DISTINCT FROM OLD.tier AND NOT EXISTS (
        SELECT FROM (
            SELECT d.before, d.tier FROM public.crisis_tierdecision d
            WHERE d.incident_id = NEW.id ORDER BY d.id DESC LIMIT 1
        ) newest WHERE newest.before = OLD.tier AND newest.tier = NEW.tier
    ) THEN
        RAISE EXCEPTION 'the tier of an incident cannot change without a decision'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crisis_incident_tier_guard BEFORE UPDATE ON crisis_incident
    FOR EACH ROW EXECUTE FUNCTION crisis_incident_tier_guard();
ALTER TABLE crisis_incident ENABLE ALWAYS TRIGGER crisis_incident_tier_guard;
"""
UNTIER = """
DROP TRIGGER crisis_incident_tier_guard ON crisis_incident;
DROP FUNCTION crisis_incident_tier_guard();
"""
APPEND_ONLY = ("crisis_tierdecision", "crisis_assignment")


class Migration(migrations.Migration):
    dependencies = [("crisis", "0005_deciding")]

    operations = [
        migrations.RunSQL(TIER, UNTIER),
        *(
            migrations.RunSQL(appendonly.refuse(table), appendonly.allow(table))
            for table in APPEND_ONLY
        ),
    ]
