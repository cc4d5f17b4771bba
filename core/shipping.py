"""Rows that a migration ships, for migrations of any app."""

from __future__ import annotations

from typing import Any


def settle(schema_editor: Any) -> None:
    """Check now what is checked at the commit (foreign keys, history): PostgreSQL alters no table
    that still waits for such a check in the same transaction. For the end of a RunPython that
    wrote rows by `schema_editor.connection.alias`, the owner's own connection."""
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")
