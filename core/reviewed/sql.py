"""The rules of reviewed versions below Python, for migrations."""

from __future__ import annotations

from collections.abc import Sequence

from core.embedded import APP_ROLE, OWNER_ROLE
from core.reviewed.rules import MACHINE

_FIXED = (
    "revision", "content_hash", "edited_by_id", "edited_at", "submitted_by_id", "submitted_at",
)  # fmt: skip


def guard(*, table: str, parent: str, content: Sequence[str]) -> str:
    """SQL that keeps `table` to legal moves, its `content` columns fixed once submitted, its
    contributors complete and out of the decision. Only the owner role, in a migration, can insert
    what is not a draft: what is shipped with the product."""
    name = f"{table}_guard"
    fixed = [*content, *_FIXED]
    new, old = (", ".join(f"{row}.{column}" for column in fixed) for row in ("NEW", "OLD"))
    return f"""
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    writers uuid[] := ARRAY[]::uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' AND session_user <> '{OWNER_ROLE}' THEN
            RAISE EXCEPTION 'a version starts as a draft' USING ERRCODE = 'check_violation';
        END IF;
        -- words that no second person has approved stay their writers' words
        SELECT COALESCE(array_agg(person), writers) INTO writers
        FROM public.{table} v, unnest(v.contributors) AS person
        WHERE v.{parent} = NEW.{parent} AND v.number = NEW.number - 1 AND v.state = 'returned';
    ELSE
        IF NOT {MACHINE.sql_condition()} THEN
            RAISE EXCEPTION 'a version cannot go from % to %', OLD.state, NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.id, NEW.{parent}, NEW.number) IS DISTINCT FROM (OLD.id, OLD.{parent}, OLD.number)
            OR (OLD.state <> 'draft' AND ({new}) IS DISTINCT FROM ({old})) THEN
            RAISE EXCEPTION 'a submitted version cannot change; make a new one'
                USING ERRCODE = 'check_violation';
        END IF;
        IF (OLD.state <> 'in_review' OR NEW.state = OLD.state)
            AND (NEW.decided_by_id, NEW.decided_at, NEW.reason)
            IS DISTINCT FROM (OLD.decided_by_id, OLD.decided_at, OLD.reason) THEN
            RAISE EXCEPTION 'a decision is made once, about what is in review'
                USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.state = 'in_review' AND NEW.state <> OLD.state AND (
            NEW.decided_by_id IS NULL OR NEW.decided_at IS NULL
            OR NEW.decided_by_id = ANY(OLD.contributors)) THEN
            RAISE EXCEPTION 'four eyes: a contributor cannot decide'
                USING ERRCODE = 'check_violation';
        END IF;
        writers := OLD.contributors;
    END IF;
    NEW.contributors := ARRAY(
        SELECT DISTINCT person
        FROM unnest(writers || ARRAY[NEW.edited_by_id, NEW.submitted_by_id]) AS person
        WHERE person IS NOT NULL ORDER BY person);
    RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {name}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
"""  # noqa: S608


def unguard(*, table: str) -> str:
    """Takes `guard` back."""
    return f"""
DROP TRIGGER {table}_guard ON {table};
DROP FUNCTION {table}_guard();
GRANT DELETE ON {table} TO {APP_ROLE};
"""
