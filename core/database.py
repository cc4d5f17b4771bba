"""Roles and databases: what must exist before the first migration."""

from __future__ import annotations

import psycopg
from psycopg import sql

from core.embedded import APP_ROLE, OWNER_ROLE


def provision(
    admin_url: str, *, database: str, owner_password: str = "", app_password: str = ""
) -> None:
    """Create the owner and application roles and `database`, each only if it is absent.

    The owner role owns the schema and runs migrations; the application role gets data rights
    on the owner's tables, from which the ledger's migrations take UPDATE, DELETE and TRUNCATE.
    `admin_url` must name a role that may create roles and databases.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _ensure_role(admin, OWNER_ROLE, owner_password)
        _ensure_role(admin, APP_ROLE, app_password)
        admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER_ROLE)))
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            admin.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(database), sql.Identifier(OWNER_ROLE)
                )
            )
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as admin:
        grant_rights(admin)


def grant_rights(admin: psycopg.Connection) -> None:
    """Let the application role use what the owner role will create in `public`."""
    owner, app = sql.Identifier(OWNER_ROLE), sql.Identifier(APP_ROLE)
    for statement in (
        "GRANT ALL ON SCHEMA public TO {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        "GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ):
        admin.execute(sql.SQL(statement).format(owner=owner, app=app))


def _ensure_role(admin: psycopg.Connection, name: str, password: str) -> None:
    if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        return
    admin.execute(
        sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(
            sql.Identifier(name)
        )
    )
    if password:
        admin.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
        )
