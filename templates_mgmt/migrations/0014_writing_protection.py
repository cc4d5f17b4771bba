"""Reasons for findings below Python: written while the version is a draft, never changed, and
whoever writes one has contributed to the version."""

from importlib import import_module

from django.db import migrations

from core.embedded import APP_ROLE

FIRST = import_module("templates_mgmt.migrations.0002_protection")

KEEP = f"""
CREATE FUNCTION templates_justification_guard() RETURNS trigger {FIRST.HEAD}
DECLARE
    found_state text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a justification is never changed' USING ERRCODE = 'check_violation';
    END IF;
    SELECT state INTO found_state FROM {FIRST.VERSION} WHERE id = NEW.version_id FOR SHARE;
    IF found_state IS DISTINCT FROM 'draft' THEN
        RAISE EXCEPTION 'findings are justified before submission'
            USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO public.templates_mgmt_contributor (id, version_id, user_id)
        VALUES (gen_random_uuid(), NEW.version_id, NEW.user_id)
        ON CONFLICT (version_id, user_id) DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_justification_guard
    BEFORE INSERT OR UPDATE OR DELETE ON templates_mgmt_justification
    FOR EACH ROW EXECUTE FUNCTION templates_justification_guard();
ALTER TABLE templates_mgmt_justification ENABLE ALWAYS TRIGGER templates_justification_guard;
REVOKE UPDATE, DELETE, TRUNCATE ON templates_mgmt_justification FROM {APP_ROLE};
"""
UNKEEP = f"""
DROP TRIGGER templates_justification_guard ON templates_mgmt_justification;
DROP FUNCTION templates_justification_guard();
GRANT UPDATE, DELETE ON templates_mgmt_justification TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0013_writing")]

    operations = [migrations.RunSQL(KEEP, UNKEEP)]
