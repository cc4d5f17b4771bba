"""Which processes make up one host, and how to tell that they are up."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audit import keys
from audit.timestamping import trust
from audit.timestamping.peer import LocalAuthority
from audit.witness.memory import Memory
from audit.witnessing import policy
from core import clock
from core.errors import Conflict
from portal.supervisor import Program, python


def programs(*, port: int, host: str, workers: int, peers: bool) -> list[Program]:
    """The processes of one host; `peers` adds the local SMTP server, SMS gateway,
    witness and time-stamping authority."""
    manage = str(settings.BASE_DIR / "manage.py")
    listed = [
        Program(
            "web",
            python(
                "-m", "gunicorn", "portal.wsgi", "--bind", f"{host}:{port}", "--workers", "2",
                "--threads", "4", "--worker-class", "gthread", "--access-logfile", "/dev/null",
                "--no-control-socket",
            ),
        ),
        Program(
            "worker",
            python(
                "-m", "celery", "-A", "portal", "worker", "--concurrency", str(workers),
                "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "-n", "worker@%h",
            ),
        ),
        Program(
            "beat",
            python(
                "-m", "celery", "-A", "portal", "beat", "--loglevel", "WARNING", "--pidfile=",
            ),
        ),
        Program("sequencer", python(manage, "sequencer")),
    ]  # fmt: skip
    if peers:
        listed.insert(0, Program("peers", python(manage, *peer_arguments(port=port))))
        listed.insert(0, Program("witness", python(manage, *witness_arguments())))
        listed.insert(0, Program("authority", python(manage, *authority_arguments())))
    return listed


def trust_local_peers() -> None:
    """Trust the witness and the time-stamping authority among the local peers; their keys are
    made at first use. They show the protocols at work and prove nothing to others: they run
    beside the log."""
    _trust_local_witness()
    authority = LocalAuthority(_authority_dir(), now=clock.now())
    trust.trust(f"{settings.LOCAL_AUTHORITY_URL.rstrip('/')}/", authority.roots.read_bytes())


def authority_arguments() -> Sequence[str]:
    """`local_authority` where LOCAL_AUTHORITY_URL says."""
    port = urlsplit(settings.LOCAL_AUTHORITY_URL).port
    return ("local_authority", "--dir", str(_authority_dir()), "--port", str(port))


def _authority_dir() -> Path:
    return Path(settings.VAR_DIR) / "peers" / "authority"


def _trust_local_witness() -> None:
    url = urlsplit(settings.LOCAL_WITNESS_URL)
    key = Memory(_witness_dir()).cosigner(f"{url.hostname}/local-witness").verifier
    policy.trust(key, settings.LOCAL_WITNESS_URL)


def witness_arguments() -> Sequence[str]:
    """`witness` where LOCAL_WITNESS_URL says."""
    url = urlsplit(settings.LOCAL_WITNESS_URL)
    logs = [text for period in keys.keyring().periods for text in ("--log", str(period.key))]
    return (
        "witness", *logs, "--dir", str(_witness_dir()), "--name", f"{url.hostname}/local-witness",
        "--host", str(url.hostname), "--port", str(url.port),
    )  # fmt: skip


def _witness_dir() -> Path:
    return Path(settings.VAR_DIR) / "peers" / "witness"


def peer_arguments(*, port: int) -> Sequence[str]:
    """`local_peers` on the ports that SMTP_URL and SMS_URL name."""
    return (
        "local_peers",
        "--smtp-port", str(urlsplit(settings.SMTP_URL).port),
        "--sms-port", str(urlsplit(settings.SMS_URL).port),
        "--receipts-url", f"http://127.0.0.1:{port}/api/v1/webhooks",
        "--sms-fail-percent", "8", "--mail-refuse-percent", "2", "--mail-bounce-percent", "3",
        "--dir", str(settings.VAR_DIR / "peers"),
    )  # fmt: skip


def require_free_ports(*, host: str, port: int, peers: bool) -> None:
    """Raise Conflict `port_in_use` naming the first port that something else listens on: another
    copy of the product would answer in our place."""
    wanted = [("--port", host, port)]
    if peers:
        for name, url in (
            ("SMTP_URL", settings.SMTP_URL),
            ("SMS_URL", settings.SMS_URL),
            ("VOUCHSAFE_LOCAL_WITNESS_URL", settings.LOCAL_WITNESS_URL),
            ("VOUCHSAFE_LOCAL_AUTHORITY_URL", settings.LOCAL_AUTHORITY_URL),
        ):
            parts = urlsplit(url)
            wanted.append((name, str(parts.hostname), int(parts.port or 0)))
    for setting, address, number in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, number))
            except OSError as error:
                raise Conflict(
                    _(
                        "%(address)s:%(port)s cannot be used (%(why)s). Stop what uses it, or "
                        "choose another with %(setting)s."
                    )
                    % {
                        "address": address,
                        "port": number,
                        "why": error.strerror,
                        "setting": setting,
                    },
                    code="port_in_use",
                    field=setting,
                ) from None


def wait_until_up(url: str, *, seconds: float) -> bool:
    """Whether `url` answered below 500 within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                return answer.status < 500
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return True
        except OSError:
            pass
        time.sleep(0.2)
    return False
