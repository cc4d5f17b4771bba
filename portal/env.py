"""Settings from the environment, with the embedded default behind them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from celery.schedules import crontab

from core.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedPostgres

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VOUCHSAFE_VAR", BASE_DIR / "var")).resolve()


def text(name: str, default: str = "") -> str:
    """The variable `name`, or `default`."""
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes, on (any case); refuses other words than their opposites."""
    raw = os.environ.get(name, "").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    if raw == "":
        return default
    raise ValueError(f"{name} must be true or false, not {raw!r}")


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated variable as a list without blanks."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def daily(clock: str) -> crontab:
    """A schedule for `HH:MM` UTC every day; refuses anything else."""
    match = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", clock)
    if match is None:
        raise ValueError(f"{clock!r} is not a time of day (HH:MM, UTC)")
    return crontab(hour=match[1], minute=match[2])


def embedded_server() -> EmbeddedPostgres | None:
    """The embedded server of this installation, or None when DATABASE_URL names another."""
    if os.environ.get("DATABASE_URL"):
        return None
    return EmbeddedPostgres(VAR_DIR / "postgres")


ON_REQUEST = 2**31 - 1
"""Statements are prepared where the code asks for it, never by the driver's own counting."""


def database(url: str) -> dict[str, Any]:
    """A Django DATABASES entry from a `postgresql://` URL; the query string becomes options.

    `prepared=off` among them is for poolers that lend a connection for one transaction.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {parts.scheme}://")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if options.pop("prepared", "on") == "on":
        options["prepare_threshold"] = ON_REQUEST
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def databases() -> dict[str, dict[str, Any]]:
    """`default` runs as the application role, `owner` as the role that owns the schema."""
    server = embedded_server()
    if server is not None:
        app_url = server.url(user=APP_ROLE, database=DATABASE)
        owner_url = server.url(user=OWNER_ROLE, database=DATABASE)
    else:
        app_url = os.environ["DATABASE_URL"]
        owner_url = os.environ.get("DATABASE_OWNER_URL", app_url)
    return {
        "default": database(app_url),
        "owner": {**database(owner_url), "TEST": {"MIRROR": "default"}},
    }
