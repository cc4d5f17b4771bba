"""T1, T2 and T3 below Python: triggers that every client of the database meets.

Names are written in full (`public.…`) and the search path is fixed, so that a temporary table
of the same name cannot stand in for the real one.
"""

from django.db import migrations

from core.embedded import APP_ROLE
from templates_mgmt.rules import VERB_ORIGINS, VERB_STATES, VERSIONS, Verb

VERSION = "public.templates_mgmt_templateversion"
HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$"


def verbs(state_of_row: str, column: str) -> str:
    """SQL: the decision in `column` is one that leads to the state in `state_of_row`."""
    pairs = ", ".join(f"('{verb}', '{state}')" for verb, state in VERB_STATES.items())
    return f"({column}, {state_of_row}) IN ({pairs})"


def origins() -> str:
    """SQL list of (decision, state it may be taken in)."""
    return ", ".join(
        f"('{verb}', '{state}')" for verb in Verb for state in sorted(VERB_ORIGINS[verb])
    )


TEMPLATE = f"""
CREATE FUNCTION templates_template_guard() RETURNS trigger {HEAD}
BEGIN
    IF (NEW.id, NEW.code, NEW.category, NEW.topic_code, NEW.business_line_id, NEW.created_by_id,
        NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.code, OLD.category, OLD.topic_code,
        OLD.business_line_id, OLD.created_by_id, OLD.created_at) THEN
        RAISE EXCEPTION 'only the name of a template can change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_template_guard BEFORE UPDATE ON templates_mgmt_template
    FOR EACH ROW EXECUTE FUNCTION templates_template_guard();
REVOKE DELETE ON templates_mgmt_template FROM {APP_ROLE};
"""

VERSION_GUARD = f"""
CREATE FUNCTION templates_version_guard() RETURNS trigger {HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a version starts as a draft' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT {VERSIONS.sql_condition()} THEN
        RAISE EXCEPTION 'a version cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.template_id, NEW.number, NEW.based_on_id, NEW.created_by_id, NEW.created_at)
        IS DISTINCT FROM
       (OLD.id, OLD.template_id, OLD.number, OLD.based_on_id, OLD.created_by_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'the origin of a version cannot change' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'draft' THEN
        RETURN NEW;
    END IF;
    IF (NEW.facts, NEW.placeholders, NEW.note, NEW.revision, NEW.content_hash, NEW.edited_by_id,
        NEW.edited_at, NEW.submitted_by_id, NEW.submitted_at) IS DISTINCT FROM
       (OLD.facts, OLD.placeholders, OLD.note, OLD.revision, OLD.content_hash, OLD.edited_by_id,
        OLD.edited_at, OLD.submitted_by_id, OLD.submitted_at)
    THEN
        RAISE EXCEPTION 'a submitted version cannot change; make a new one'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state THEN
        IF (NEW.decided_by_id, NEW.decided_at, NEW.reason) IS DISTINCT FROM
           (OLD.decided_by_id, OLD.decided_at, OLD.reason) THEN
            RAISE EXCEPTION 'a decision cannot change' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.templates_mgmt_decision d
        WHERE d.version_id = NEW.id AND d.content_hash = NEW.content_hash
          AND d.user_id = NEW.decided_by_id AND d.at = NEW.decided_at AND d.reason = NEW.reason
          AND {verbs("NEW.state", "d.decision")}
    ) THEN
        RAISE EXCEPTION 'no decision on this content leads to %', NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND EXISTS (
        SELECT FROM public.templates_mgmt_contributor c
        WHERE c.version_id = NEW.id AND c.user_id = NEW.decided_by_id
    ) THEN
        RAISE EXCEPTION 'four eyes: a contributor cannot approve'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_version_guard BEFORE INSERT OR UPDATE ON templates_mgmt_templateversion
    FOR EACH ROW EXECUTE FUNCTION templates_version_guard();
REVOKE DELETE ON templates_mgmt_templateversion FROM {APP_ROLE};
"""

CONTRIBUTORS = f"""
CREATE FUNCTION templates_version_contributors() RETURNS trigger {HEAD}
BEGIN
    INSERT INTO public.templates_mgmt_contributor (id, version_id, user_id)
        SELECT gen_random_uuid(), NEW.id, person
        FROM unnest(ARRAY[NEW.created_by_id, NEW.edited_by_id, NEW.submitted_by_id]) AS person
        WHERE person IS NOT NULL
        ON CONFLICT (version_id, user_id) DO NOTHING;
    IF TG_OP = 'INSERT' AND NEW.based_on_id IS NOT NULL THEN
        -- words that no second person has approved stay their writers' words
        INSERT INTO public.templates_mgmt_contributor (id, version_id, user_id)
            SELECT gen_random_uuid(), NEW.id, c.user_id
            FROM public.templates_mgmt_contributor c
            WHERE c.version_id = NEW.based_on_id AND NOT EXISTS (
                SELECT FROM public.templates_mgmt_decision d
                WHERE d.version_id = NEW.based_on_id AND d.decision = 'approve')
            ON CONFLICT (version_id, user_id) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER templates_version_contributors
    AFTER INSERT OR UPDATE ON templates_mgmt_templateversion
    FOR EACH ROW EXECUTE FUNCTION templates_version_contributors();
"""

VARIANT = f"""
CREATE FUNCTION templates_variant_guard() RETURNS trigger {HEAD}
DECLARE
    parent uuid;
    found_state text;
BEGIN
    FOREACH parent IN ARRAY ARRAY[OLD.version_id, NEW.version_id] LOOP
        CONTINUE WHEN parent IS NULL;
        SELECT state INTO found_state FROM {VERSION} WHERE id = parent FOR SHARE;
        IF found_state IS DISTINCT FROM 'draft' THEN
            RAISE EXCEPTION 'a submitted version cannot change; make a new one'
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER templates_variant_guard BEFORE INSERT OR UPDATE OR DELETE ON templates_mgmt_variant
    FOR EACH ROW EXECUTE FUNCTION templates_variant_guard();
"""

DECISION = f"""
CREATE FUNCTION templates_decision_guard() RETURNS trigger {HEAD}
DECLARE
    found record;
BEGIN
    SELECT state, content_hash INTO found FROM {VERSION} WHERE id = NEW.version_id FOR SHARE;
    IF found.content_hash IS DISTINCT FROM NEW.content_hash OR NEW.content_hash = '' THEN
        RAISE EXCEPTION 'the decision is about other content' USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.decision, found.state) NOT IN ({origins()}) THEN
        RAISE EXCEPTION 'a version that is % cannot get the decision %', found.state, NEW.decision
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.decision = 'approve' AND EXISTS (
        SELECT FROM public.templates_mgmt_contributor c
        WHERE c.version_id = NEW.version_id AND c.user_id = NEW.user_id
    ) THEN
        RAISE EXCEPTION 'four eyes: a contributor cannot approve'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_decision_guard BEFORE INSERT ON templates_mgmt_decision
    FOR EACH ROW EXECUTE FUNCTION templates_decision_guard();
"""

REFUSE = f"""
CREATE FUNCTION templates_refuse() RETURNS trigger {HEAD}
BEGIN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

UNDO = """
DROP TRIGGER templates_template_guard ON templates_mgmt_template;
DROP TRIGGER templates_version_guard ON templates_mgmt_templateversion;
DROP TRIGGER templates_version_contributors ON templates_mgmt_templateversion;
DROP TRIGGER templates_variant_guard ON templates_mgmt_variant;
DROP TRIGGER templates_decision_guard ON templates_mgmt_decision;
DROP FUNCTION templates_template_guard(), templates_version_guard(),
    templates_version_contributors(), templates_variant_guard(), templates_decision_guard();
"""


def protect(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION templates_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE};
"""


def unprotect(table: str) -> str:
    return f"""
DROP TRIGGER {table}_append_only ON {table};
GRANT UPDATE, DELETE ON {table} TO {APP_ROLE};
"""


def regrant(table: str) -> str:
    return f"GRANT DELETE ON {table} TO {APP_ROLE};"


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0001_initial")]

    operations = [
        migrations.RunSQL(
            TEMPLATE + VERSION_GUARD + CONTRIBUTORS + VARIANT + DECISION,
            UNDO + regrant("templates_mgmt_template") + regrant("templates_mgmt_templateversion"),
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION templates_refuse()"),
        *[
            migrations.RunSQL(protect(table), unprotect(table))
            for table in ("templates_mgmt_decision", "templates_mgmt_contributor")
        ],
    ]
