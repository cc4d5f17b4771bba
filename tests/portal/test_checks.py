"""`check --deploy`: silent with a documented environment, and it names each unsafe setting."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import WARNING, run_checks

from core import crypto
from portal import checks

ROOT = Path(__file__).resolve().parent.parent.parent


def databases(sslmode: str | None, host: str = "db.example.com") -> dict[str, dict[str, object]]:
    """Two roles on one host."""
    options = {"sslmode": sslmode} if sslmode else {}
    return {
        alias: {"USER": f"vouchsafe_{alias}", "HOST": host, "OPTIONS": options}
        for alias in ("default", "owner")
    }


SAFE = {
    "DEBUG": False,
    "PRODUCTION": True,
    "EMBEDDED": False,
    "PUBLIC_URL": "https://portal.example.com",
    "ALLOWED_HOSTS": ["portal.example.com"],
    "CELERY_BROKER_URL": "amqps://mq.example.com/vouchsafe",
    "SMS_SECRET": "x" * 32,
    "MAIL_EVENTS_SECRET": "y" * 32,
    "SMTP_URL": "smtps://smtp.example.com",
    "SMS_URL": "https://sms.example.com/v1/messages",
    "LEDGER_ORIGIN": "portal.example.com/ledger",
    "MAIL_DOMAIN": "example.com",
    "MAIL_FROM": "Example Securities <notices@example.com>",
    "DATABASES": databases("verify-full"),
    "SECRET_KEY": "0123456789abcdefghij" * 3,
    "LEDGER_WITNESSES": [],
    "LEDGER_WITNESS_QUORUM": 0,
}


@pytest.fixture
def production(monkeypatch):
    """A function that sets one setting, on top of safe ones. Not pytest-django's `settings`:
    overriding DATABASES that way would reset connections."""
    for name, value in SAFE.items():
        monkeypatch.setattr(settings, name, value)
    crypto.create_key_file("ledger")
    return lambda name, value: monkeypatch.setattr(settings, name, value)


def found() -> list[str]:
    return [error.id.removeprefix("vouchsafe.") for error in checks.production_settings(None)]


def test_safe_settings_are_silent(production):
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("DEBUG", True, "E001"),
        ("PRODUCTION", False, "E002"),
        ("EMBEDDED", True, "E003"),
        ("DATABASES", {"default": {"USER": "one"}, "owner": {"USER": "one"}}, "E004"),
        ("PUBLIC_URL", "http://portal.example.com", "E005"),
        ("ALLOWED_HOSTS", ["*"], "E006"),
        ("ALLOWED_HOSTS", ["other.example.com"], "E006"),
        ("CELERY_BROKER_URL", "filesystem://", "E009"),
        ("SMS_SECRET", "local-gateway", "E010"),
        ("SMS_SECRET", "", "E010"),
        ("MAIL_EVENTS_SECRET", "short", "E011"),
        ("SMTP_URL", "smtp://smtp.example.com", "E012"),
        ("SMS_URL", "http://sms.example.com", "E013"),
        ("LEDGER_ORIGIN", "vouchsafe.example/ledger", "E014"),
        ("MAIL_DOMAIN", "vouchsafe.example", "E015"),
        ("MAIL_FROM", "notices@vouchsafe.example", "E016"),
        ("DATABASES", databases(None), "E017"),
        ("DATABASES", databases("prefer"), "E017"),
        ("DATABASES", databases("disable", "127.0.0.1,db.example.com"), "E017"),
        ("DATABASES", databases("require"), "W001"),
        ("CELERY_BROKER_URL", "amqp://mq.example.com/vouchsafe", "E018"),
        ("CELERY_BROKER_URL", "redis://10.0.0.7:6379/0", "E018"),
        ("CELERY_BROKER_URL", "amqps://mq.example.com;amqp://mq2.example.com", "E018"),
        ("SECRET_KEY", "short", "E019"),
        ("SECRET_KEY", "a" * 60, "E019"),
        ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz", "E019"),
        ("LEDGER_WITNESSES", ["witness.example.com+1+A https://witness.example.com"], "W002"),
    ],
)
def test_each_unsafe_setting_is_named(production, name, value, number):
    production(name, value)
    assert found() == [number]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASES", databases("verify-ca")),
        ("DATABASES", databases(None, "127.0.0.1")),
        ("DATABASES", databases(None, "/var/run/postgresql")),
        ("CELERY_BROKER_URL", "amqp://127.0.0.1:5672/vouchsafe"),
        ("CELERY_BROKER_URL", "rediss://mq.example.com:6380/0"),
        ("SECRET_KEY", "0123456789" * 5),
    ],
)
def test_what_is_safe_beside_it_is_not_named(production, name, value):
    production(name, value)
    assert found() == []


def test_witnesses_are_asked_over_tls(production):
    production("LEDGER_WITNESS_QUORUM", 1)
    production("LEDGER_WITNESSES", ["witness+1+A http://witness.example.com"])
    assert found() == ["W003"]
    production("LEDGER_WITNESSES", ["witness+1+A http://127.0.0.1:2527", "other+1+B"])
    assert found() == []


def test_a_warning_is_a_warning_and_an_error_an_error(production):
    production("DATABASES", databases("require"))
    (warning,) = checks.production_settings(None)
    production("DATABASES", databases("prefer"))
    (error,) = checks.production_settings(None)
    assert (warning.is_serious(WARNING), warning.is_serious()) == (True, False)
    assert error.is_serious()


def test_a_key_directory_that_others_write_to_is_named(production, tmp_path):
    production("KEY_DIR", tmp_path)
    for name in checks.KEYS:
        crypto.create_key_file(name)
    tmp_path.chmod(0o777)
    assert found() == ["E020"]
    tmp_path.chmod(0o700)
    assert found() == []


def test_missing_and_open_keys_are_named(production, tmp_path):
    production("KEY_DIR", tmp_path)
    assert found() == ["E007", "E007", "E007"]
    for name in checks.KEYS:
        crypto.create_key_file(name)
    assert found() == []
    (tmp_path / "kek.key").chmod(0o644)
    assert found() == ["E008"]
    (tmp_path / "kek.key").chmod(0o600)
    (tmp_path / "kek.key").write_text("AAAA")
    assert found() == ["E007"]


def test_every_number_is_used_once():
    source = Path(checks.__file__).read_text()
    numbers = [f"E{n:03}" for n in range(1, 21)] + [f"W{n:03}" for n in range(1, 4)]
    assert [number for number in numbers if source.count(f'"{number}"') != 1] == []


def test_the_checks_run_with_deploy_only():
    assert not [m for m in run_checks() if m.id.startswith("vouchsafe.")]
    assert [m for m in run_checks(include_deployment_checks=True) if m.id.startswith("vouchsafe.")]


def test_the_documented_environment_is_clean():
    ours = ("VOUCHSAFE", "DJANGO")  # what this test process itself was given
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [ROOT / ".ci" / "deploy-check"], capture_output=True, text=True, env=clean, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
