"""SQL that makes tables append-only below Python, for migrations of any app."""

from __future__ import annotations

from core.embedded import APP_ROLE


def refuse(table: str, *verbs: str) -> str:
    """SQL after which rows of `table` are never changed nor deleted (or as `verbs`, of UPDATE,
    DELETE and TRUNCATE, say), by the application role or by the owner."""
    refused = verbs or ("UPDATE", "DELETE", "TRUNCATE")
    name = f"{table}_append_only"
    return f"""
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER {name} BEFORE {" OR ".join(refused)} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
REVOKE {", ".join(refused)} ON {table} FROM {APP_ROLE};
"""


def allow(table: str, *verbs: str) -> str:
    """Takes `refuse` back."""
    given = [verb for verb in verbs or ("UPDATE", "DELETE") if verb != "TRUNCATE"]
    grant = f"GRANT {', '.join(given)} ON {table} TO {APP_ROLE};" if given else ""
    return f"""
DROP TRIGGER {table}_append_only ON {table};
DROP FUNCTION {table}_append_only();
{grant}
"""
