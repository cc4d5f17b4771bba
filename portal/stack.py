"""Which processes make up one host, and how to tell that they are up."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings

from portal.supervisor import Program, python


def programs(*, port: int, host: str, workers: int, peers: bool) -> list[Program]:
    """The processes of one host; `peers` adds the local SMTP server and SMS gateway."""
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
    return listed


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
