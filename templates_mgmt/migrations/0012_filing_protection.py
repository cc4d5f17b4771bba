"""Filing records below Python: fixed with the submission, an expiry that only comes forward, and
re-reviews that are closed once, by a second person where a person decides."""

from importlib import import_module

from django.db import migrations

from core.embedded import APP_ROLE
from core.history import sql

FIRST = import_module("templates_mgmt.migrations.0002_protection")

FILING = f"""
CREATE FUNCTION templates_filing_guard() RETURNS trigger {FIRST.HEAD}
DECLARE
    found record;
BEGIN
    IF TG_OP = 'INSERT' OR OLD.filing_hash = '' THEN
        SELECT state INTO found FROM {FIRST.VERSION} WHERE id = NEW.version_id FOR SHARE;
        IF found.state IS DISTINCT FROM 'draft' THEN
            RAISE EXCEPTION 'the filing record of a submitted version is fixed'
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.version_id) IS DISTINCT FROM (OLD.id, OLD.version_id) THEN
        RAISE EXCEPTION 'a filing record stays with its version'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.filing_hash = '' THEN
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - 'expires_at' - 'review_due') IS DISTINCT FROM
       (to_jsonb(OLD) - 'expires_at' - 'review_due') THEN
        RAISE EXCEPTION 'the filing record of a submitted version is fixed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF COALESCE(NEW.expires_at, 'infinity') > COALESCE(OLD.expires_at, 'infinity') THEN
        RAISE EXCEPTION 'an expiry can only be brought forward'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.review_due IS DISTINCT FROM OLD.review_due AND NOT EXISTS (
        SELECT FROM public.templates_mgmt_rereview r
        WHERE r.version_id = NEW.version_id AND r.cause = 'period' AND r.outcome = 'kept'
          AND r.subject = OLD.review_due::text AND r.next_due = NEW.review_due
    ) THEN
        RAISE EXCEPTION 'only a re-review moves the day of the next one'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_filing_guard BEFORE INSERT OR UPDATE ON templates_mgmt_filing
    FOR EACH ROW EXECUTE FUNCTION templates_filing_guard();
ALTER TABLE templates_mgmt_filing ENABLE ALWAYS TRIGGER templates_filing_guard;
CREATE FUNCTION templates_filing_contributor() RETURNS trigger {FIRST.HEAD}
BEGIN
    IF NEW.filing_hash = '' THEN
        INSERT INTO public.templates_mgmt_contributor (id, version_id, user_id)
            VALUES (gen_random_uuid(), NEW.version_id, NEW.edited_by_id)
            ON CONFLICT (version_id, user_id) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER templates_filing_contributor AFTER INSERT OR UPDATE ON templates_mgmt_filing
    FOR EACH ROW EXECUTE FUNCTION templates_filing_contributor();
ALTER TABLE templates_mgmt_filing ENABLE ALWAYS TRIGGER templates_filing_contributor;
"""

# A version cannot leave its author's hands with a record that is still open.
SUBMISSION = f"""
CREATE FUNCTION templates_filing_fixed() RETURNS trigger {FIRST.HEAD}
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.templates_mgmt_filing f
        WHERE f.version_id = NEW.id AND f.filing_hash ~ '^[0-9a-f]{{64}}$'
          AND f.filed ->> 'content_hash' = NEW.content_hash
    ) THEN
        RAISE EXCEPTION 'a version is submitted with its filing record'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_version_filing BEFORE UPDATE ON templates_mgmt_templateversion
    FOR EACH ROW WHEN (OLD.state = 'draft' AND NEW.state <> 'draft')
    EXECUTE FUNCTION templates_filing_fixed();
ALTER TABLE templates_mgmt_templateversion ENABLE ALWAYS TRIGGER templates_version_filing;
"""

CARRIER = f"""
CREATE FUNCTION templates_carrier_guard() RETURNS trigger {FIRST.HEAD}
DECLARE
    found_state text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.version_id, NEW.language, NEW.carrier) IS DISTINCT FROM
           (OLD.id, OLD.version_id, OLD.language, OLD.carrier) THEN
            RAISE EXCEPTION 'a carrier template stays with its version and language'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT state INTO found_state FROM {FIRST.VERSION} WHERE id = OLD.version_id FOR SHARE;
    IF found_state IS DISTINCT FROM 'draft' THEN
        RAISE EXCEPTION 'a submitted version keeps its carrier templates'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER templates_carrier_guard BEFORE UPDATE OR DELETE ON templates_mgmt_carriertemplate
    FOR EACH ROW EXECUTE FUNCTION templates_carrier_guard();
ALTER TABLE templates_mgmt_carriertemplate ENABLE ALWAYS TRIGGER templates_carrier_guard;
"""

REREVIEW = f"""
CREATE FUNCTION templates_rereview_guard() RETURNS trigger {FIRST.HEAD}
DECLARE
    closing text[] := ARRAY['closed_at', 'closed_by_id', 'outcome', 'reason', 'next_due'];
    found record;
BEGIN
    SELECT id, template_id, number, state INTO found
    FROM {FIRST.VERSION} WHERE id = NEW.version_id FOR SHARE;
    IF TG_OP = 'INSERT' THEN
        IF NEW.closed_at IS NOT NULL OR found.state <> 'approved' THEN
            RAISE EXCEPTION 'a re-review starts open, of an approved version'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - closing) IS DISTINCT FROM (to_jsonb(OLD) - closing)
        OR OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a re-review is closed once, and keeps its cause'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.outcome = 'kept' AND EXISTS (
        SELECT FROM public.templates_mgmt_contributor c
        WHERE c.version_id = NEW.version_id AND c.user_id = NEW.closed_by_id
    ) THEN
        RAISE EXCEPTION 'four eyes: a contributor cannot re-review'
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.outcome = 'replaced' AND NOT EXISTS (
            SELECT FROM {FIRST.VERSION} v WHERE v.template_id = found.template_id
              AND v.number > found.number AND v.state = 'approved'))
        OR (NEW.outcome IN ('retired', 'recalled') AND found.state <> NEW.outcome) THEN
        RAISE EXCEPTION 'this version was not %', NEW.outcome USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_rereview_guard BEFORE INSERT OR UPDATE ON templates_mgmt_rereview
    FOR EACH ROW EXECUTE FUNCTION templates_rereview_guard();
ALTER TABLE templates_mgmt_rereview ENABLE ALWAYS TRIGGER templates_rereview_guard;
REVOKE DELETE, TRUNCATE ON templates_mgmt_rereview, templates_mgmt_filing FROM {APP_ROLE};
REVOKE TRUNCATE ON templates_mgmt_carriertemplate FROM {APP_ROLE};
"""
UNDO = f"""
DROP TRIGGER templates_filing_guard ON templates_mgmt_filing;
DROP TRIGGER templates_filing_contributor ON templates_mgmt_filing;
DROP TRIGGER templates_version_filing ON templates_mgmt_templateversion;
DROP TRIGGER templates_carrier_guard ON templates_mgmt_carriertemplate;
DROP TRIGGER templates_rereview_guard ON templates_mgmt_rereview;
DROP FUNCTION templates_filing_guard(), templates_filing_contributor(), templates_filing_fixed(),
    templates_carrier_guard(), templates_rereview_guard();
GRANT DELETE ON templates_mgmt_rereview, templates_mgmt_filing TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_history"), ("templates_mgmt", "0011_filing")]

    operations = [
        migrations.RunSQL(FILING + SUBMISSION + CARRIER + REREVIEW, UNDO),
        migrations.RunSQL(
            FIRST.protect("templates_mgmt_reminder"), FIRST.unprotect("templates_mgmt_reminder")
        ),
        *sql.track("templates_mgmt_filing", "templates_mgmt_historicalfiling"),
        *sql.track("templates_mgmt_carriertemplate", "templates_mgmt_historicalcarriertemplate"),
    ]
