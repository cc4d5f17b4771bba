"""Stages, quorum and delegation below Python; comments and absences that keep their words."""

from importlib import import_module

from django.db import migrations

from core.embedded import APP_ROLE
from core.reviewed import sql

FIRST = import_module("templates_mgmt.migrations.0002_protection")
PLAN = "templates_mgmt_reviewplanversion"

# An approval counts in the stage whose turn it is, from a member of its group or her delegate.
STAGE = """
    IF NEW.decision = 'approve' THEN
        SELECT review_plan INTO plan FROM public.templates_mgmt_templateversion
        WHERE id = NEW.version_id;
        IF jsonb_array_length(plan) = 0 THEN
            plan := '[{"group": "", "quorum": 1}]';
        END IF;
        FOR number IN 0 .. jsonb_array_length(plan) - 1 LOOP
            turn := number;
            EXIT WHEN (plan -> number ->> 'quorum')::int > (
                SELECT count(DISTINCT d.user_id) FROM public.templates_mgmt_decision d
                WHERE d.version_id = NEW.version_id AND d.decision = 'approve'
                  AND d.stage = number);
        END LOOP;
        IF NEW.stage <> turn THEN
            RAISE EXCEPTION 'it is the turn of stage %, not %', turn, NEW.stage
                USING ERRCODE = 'check_violation';
        END IF;
        IF plan -> turn ->> 'group' <> '' AND NOT EXISTS (
            SELECT FROM public.templates_mgmt_reviewgroup g
            JOIN public.templates_mgmt_reviewgroup_members m ON m.reviewgroup_id = g.id
            WHERE g.code = plan -> turn ->> 'group'
              AND m.user_id = COALESCE(NEW.on_behalf_of_id, NEW.user_id)
        ) THEN
            RAISE EXCEPTION 'only members of the group % approve in this stage',
                plan -> turn ->> 'group' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.on_behalf_of_id IS NOT NULL AND (NOT EXISTS (
            SELECT FROM public.templates_mgmt_absence a
            WHERE a.person_id = NEW.on_behalf_of_id AND a.delegate_id = NEW.user_id
              AND a.starts <= NEW.at AND NEW.at < a.ends
        ) OR EXISTS (
            SELECT FROM public.templates_mgmt_contributor c
            WHERE c.version_id = NEW.version_id AND c.user_id = NEW.on_behalf_of_id
        )) THEN
            RAISE EXCEPTION 'nobody can approve on behalf of that person'
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.on_behalf_of_id IS NOT NULL THEN
        RAISE EXCEPTION 'only an approval is given on behalf of somebody'
            USING ERRCODE = 'check_violation';
    END IF;
"""
FROZEN = """
    IF NEW.review_plan IS DISTINCT FROM OLD.review_plan THEN
        RAISE EXCEPTION 'a submitted version keeps its review plan'
            USING ERRCODE = 'check_violation';
    END IF;
"""
QUORUM = """
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND EXISTS (
        SELECT FROM jsonb_array_elements(NEW.review_plan) WITH ORDINALITY AS s(stage, n)
        WHERE (s.stage ->> 'quorum')::int > (
            SELECT count(DISTINCT d.user_id) FROM public.templates_mgmt_decision d
            WHERE d.version_id = NEW.id AND d.decision = 'approve' AND d.stage = s.n - 1)
    ) THEN
        RAISE EXCEPTION 'a stage of the review has not reached its quorum'
            USING ERRCODE = 'check_violation';
    END IF;
"""


def function(source: str) -> str:
    """The function in `source`, replaced in place."""
    head = source[: source.index("CREATE TRIGGER")]
    return head.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def with_stages() -> str:
    """The guard of decisions, asking for the stage as well."""
    old = function(FIRST.DECISION)
    declared = old.replace(
        "    found record;\n", "    found record;\n    plan jsonb;\n    turn int;\n"
    )
    end = declared.rindex("    RETURN NEW;")
    return declared[:end] + STAGE.lstrip("\n") + declared[end:]


def with_quorum() -> str:
    """The guard of versions, asking for every quorum as well."""
    old = function(FIRST.VERSION_GUARD)
    at = old.index("    IF NEW.state = OLD.state THEN")
    end = old.rindex("    RETURN NEW;")
    return old[:at] + FROZEN.lstrip("\n") + old[at:end] + QUORUM.lstrip("\n") + old[end:]


KEEP = f"""
CREATE FUNCTION templates_comment_guard() RETURNS trigger {FIRST.HEAD}
BEGIN
    IF (to_jsonb(NEW) - 'settled_by_id' - 'settled_at') IS DISTINCT FROM
       (to_jsonb(OLD) - 'settled_by_id' - 'settled_at') OR OLD.settled_at IS NOT NULL THEN
        RAISE EXCEPTION 'a comment keeps its words, and is settled once'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_comment_guard BEFORE UPDATE ON templates_mgmt_comment
    FOR EACH ROW EXECUTE FUNCTION templates_comment_guard();
ALTER TABLE templates_mgmt_comment ENABLE ALWAYS TRIGGER templates_comment_guard;
CREATE FUNCTION templates_absence_guard() RETURNS trigger {FIRST.HEAD}
BEGIN
    IF (to_jsonb(NEW) - 'ends') IS DISTINCT FROM (to_jsonb(OLD) - 'ends') OR NEW.ends > OLD.ends
    THEN
        RAISE EXCEPTION 'an absence can only end earlier' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER templates_absence_guard BEFORE UPDATE ON templates_mgmt_absence
    FOR EACH ROW EXECUTE FUNCTION templates_absence_guard();
ALTER TABLE templates_mgmt_absence ENABLE ALWAYS TRIGGER templates_absence_guard;
REVOKE DELETE, TRUNCATE ON templates_mgmt_comment, templates_mgmt_absence,
    templates_mgmt_reviewplan, templates_mgmt_reviewgroup FROM {APP_ROLE};
"""
UNKEEP = f"""
DROP TRIGGER templates_comment_guard ON templates_mgmt_comment;
DROP TRIGGER templates_absence_guard ON templates_mgmt_absence;
DROP FUNCTION templates_comment_guard(), templates_absence_guard();
GRANT DELETE ON templates_mgmt_comment, templates_mgmt_absence, templates_mgmt_reviewplan,
    templates_mgmt_reviewgroup TO {APP_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("templates_mgmt", "0009_reviewing")]

    operations = [
        migrations.RunSQL(
            sql.guard(table=PLAN, parent="plan_id", content=("stages",)), sql.unguard(table=PLAN)
        ),
        migrations.RunSQL(with_stages(), function(FIRST.DECISION)),
        migrations.RunSQL(with_quorum(), function(FIRST.VERSION_GUARD)),
        migrations.RunSQL(KEEP, UNKEEP),
    ]
