"""System checks for `manage.py check --deploy`: what must not be as in the local default once
investors' data is in. Each names the variable to set (docs/operations.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from core import crypto
from core.errors import Misconfigured

KEYS = ("kek", "index-key", "ledger")
LOCAL_SECRETS = {"local-gateway", "local-mail-server"}
SECRET_LENGTH = 16
SECRET_KEY_LENGTH = 50  # as Django's own security.W009
SECRET_KEY_LETTERS = 5
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# libpq: `prefer` and below take an unencrypted connection; `require` encrypts without asking who
# is at the other end.
ENCRYPTED = {"require", "verify-ca", "verify-full"}
AUTHENTICATED = {"verify-ca", "verify-full"}
TLS_BROKERS = {"amqps", "rediss"}
_EXAMPLE = "vouchsafe.example"

Finding = tuple[str, str, str]
_checks: list[Callable[[], Iterator[Finding]]] = []


def _finds(check: Callable[[], Iterator[Finding]]) -> Callable[[], Iterator[Finding]]:
    _checks.append(check)
    return check


@register(Tags.security, deploy=True)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every setting that is unsafe in production: (id, what is wrong, what to set). An id that
    begins with W is a warning."""
    return [
        (Warning if number.startswith("W") else Error)(message, hint=hint, id=f"vouchsafe.{number}")
        for check in _checks
        for number, message, hint in check()
    ]


@_finds
def profile() -> Iterator[Finding]:
    """The production profile itself."""
    if settings.DEBUG:
        yield "E001", "Debug pages show settings and data.", "Unset VOUCHSAFE_DEBUG."
    if not settings.PRODUCTION:
        yield "E002", "The production profile is off.", "Set VOUCHSAFE_PRODUCTION=1."


@_finds
def databases() -> Iterator[Finding]:
    """A server of one's own, and two roles, or the ledger is not protected from us."""
    if settings.EMBEDDED:
        yield "E003", "The embedded PostgreSQL is for one host.", "Set DATABASE_URL."
        return
    if settings.DATABASES["default"]["USER"] == settings.DATABASES["owner"]["USER"]:
        yield (
            "E004",
            "The application runs as the owner of the schema and could change the ledger.",
            "Set DATABASE_OWNER_URL to another role than DATABASE_URL.",
        )


def _is_local(host: str) -> bool:
    """Whether what goes there stays on this host: loopback, or a socket (empty, or a path)."""
    return not host or host.startswith("/") or host in LOOPBACK


@_finds
def database_tls() -> Iterator[Finding]:
    """Encryption to a database on another host: libpq's default accepts a plain connection."""
    names = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
    plain, unasked = [], []
    for alias, variable in names.items():
        entry = settings.DATABASES[alias]
        hosts = str(entry.get("HOST", "")).split(",")
        mode = entry.get("OPTIONS", {}).get("sslmode", "prefer")
        if all(_is_local(host) for host in hosts):
            continue
        if mode not in ENCRYPTED:
            plain.append(variable)
        elif mode not in AUTHENTICATED:
            unasked.append(variable)
    if plain:
        yield (
            "E017",
            f"{' and '.join(plain)}: the connection to another host may go without TLS.",
            "Add ?sslmode=verify-full&sslrootcert=… to the URL.",
        )
    if unasked:
        yield (
            "W001",
            f"{' and '.join(unasked)}: TLS without a check of who answers.",
            "Use sslmode=verify-full with sslrootcert.",
        )


@_finds
def addresses() -> Iterator[Finding]:
    """HTTPS, and hosts by name."""
    public = urlsplit(settings.PUBLIC_URL)
    if public.scheme != "https":
        yield "E005", "The portal's address is not https.", "Set VOUCHSAFE_PUBLIC_URL."
    if "*" in settings.ALLOWED_HOSTS or public.hostname not in settings.ALLOWED_HOSTS:
        yield (
            "E006",
            "ALLOWED_HOSTS is open, or lacks the host of the portal's address.",
            "Set ALLOWED_HOSTS to the portal's host names.",
        )


@_finds
def keys() -> Iterator[Finding]:
    """Keys that exist, have 32 bytes, and can be read by us alone."""
    for name in KEYS:
        try:
            crypto.load_key(name)
        except Misconfigured as error:
            yield "E007", str(error), f"Set its variable, or {settings.KEY_DIR}/{name}.key."
    for path in sorted(Path(settings.KEY_DIR).glob("*.key")):
        if path.stat().st_mode & 0o077:
            yield "E008", f"{path} can be read by others.", f"chmod 600 {path}"
    directory = Path(settings.KEY_DIR)
    if directory.is_dir() and directory.stat().st_mode & 0o022:
        yield "E020", f"Others can replace keys in {directory}.", f"chmod 700 {directory}"


@_finds
def broker() -> Iterator[Finding]:
    """A broker that several hosts can reach."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        yield "E009", "The broker is a directory.", "Set CELERY_BROKER_URL to RabbitMQ or Redis."
        return
    plain = [
        url.hostname or ""
        for url in map(urlsplit, settings.CELERY_BROKER_URL.split(";"))
        if url.scheme not in TLS_BROKERS and not _is_local(url.hostname or "")
    ]
    if plain:
        yield (
            "E018",
            f"The broker on {', '.join(plain)} is spoken to without TLS.",
            "Set CELERY_BROKER_URL to amqps:// or rediss://.",
        )


@_finds
def secret_key() -> Iterator[Finding]:
    """What signs sessions and links: long, and not a word."""
    key = settings.SECRET_KEY
    weak = len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_LETTERS
    if weak or key.startswith("django-insecure-"):
        yield (
            "E019",
            "SECRET_KEY is short, uniform or an example: sessions could be forged.",
            f"Set SECRET_KEY to at least {SECRET_KEY_LENGTH} random characters.",
        )


@_finds
def witnesses() -> Iterator[Finding]:
    """Witnesses, if any are named, count only with a quorum, and are asked over TLS. Whether the
    quorum can be reached at all is checked always (`audit.log.system_checks`)."""
    named = settings.LEDGER_WITNESSES
    if named and not settings.LEDGER_WITNESS_QUORUM:
        yield (
            "W002",
            "Witnesses are named, but no checkpoint needs their cosignature.",
            "Set VOUCHSAFE_LEDGER_WITNESS_QUORUM.",
        )
    addresses = [urlsplit(address) for line in named for address in line.split()[1:2]]
    plain = [url for url in addresses if url.scheme == "http" and not _is_local(url.hostname or "")]
    if plain:
        yield (
            "W003",
            f"The witness on {', '.join(str(url.hostname) for url in plain)} is asked without TLS.",
            "Use https:// addresses in VOUCHSAFE_LEDGER_WITNESSES.",
        )


@_finds
def channels() -> Iterator[Finding]:
    """Secrets of the channels' receipts, and encryption on the way out."""
    for number, variable in (("E010", "SMS_SECRET"), ("E011", "MAIL_EVENTS_SECRET")):
        secret = getattr(settings, variable)
        if secret in LOCAL_SECRETS or len(secret) < SECRET_LENGTH:
            yield (
                number,
                f"{variable} is the local default, empty or short: receipts could be forged.",
                f"Set {variable} to at least {SECRET_LENGTH} random characters.",
            )
    if urlsplit(settings.SMTP_URL).scheme not in {"smtps", "smtp+starttls"}:
        yield "E012", "Mail leaves without TLS.", "Set SMTP_URL to smtps:// or smtp+starttls://."
    if urlsplit(settings.SMS_URL).scheme != "https":
        yield "E013", "Text messages leave without TLS.", "Set SMS_URL to https://."


@_finds
def identity() -> Iterator[Finding]:
    """The firm's own names, which every message and checkpoint carries for good."""
    for number, variable, value in (
        ("E014", "VOUCHSAFE_LEDGER_ORIGIN", settings.LEDGER_ORIGIN),
        ("E015", "MAIL_DOMAIN", settings.MAIL_DOMAIN),
        ("E016", "MAIL_FROM", settings.MAIL_FROM),
    ):
        if _EXAMPLE in value:
            yield number, f"{variable} is the example's.", f"Set {variable} to your own."
