"""Secrets of one-time-code apps lie sealed, and work as before."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from core.crypto import SealBroken
from core.roles import Role
from tests.core.builders import make_user

pytestmark = pytest.mark.django_db
SECRET = "31323334353637383930" * 2  # RFC 6238, appendix B, twice


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM otp_totp_totpdevice")
        (row,) = cursor.fetchall()
        return str(row[0])


def put(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE otp_totp_totpdevice SET key = %s", [text])


@pytest.fixture
def device() -> TOTPDevice:
    TOTPDevice.objects.create(user=make_user(Role.AUTHOR), name="phone", key=SECRET)
    return TOTPDevice.objects.get()


def test_the_secret_is_sealed_in_the_table_and_plain_in_python(device: TOTPDevice) -> None:
    assert device.key == SECRET
    assert SECRET not in stored()
    assert bytes.fromhex(SECRET).decode() not in stored()


def test_a_code_is_accepted_once(device: TOTPDevice) -> None:
    code = f"{totp(device.bin_key):06d}"
    assert device.verify_token(code)
    again = TOTPDevice.objects.get()
    assert again.key == SECRET
    assert not again.verify_token(code)


def test_a_secret_from_before_works_and_is_sealed_by_its_next_use(device: TOTPDevice) -> None:
    put(SECRET)
    old = TOTPDevice.objects.get()
    assert old.verify_token(f"{totp(old.bin_key):06d}")
    assert stored().startswith("s:")
    assert TOTPDevice.objects.get().key == SECRET


def test_an_altered_secret_is_refused_not_used(device: TOTPDevice) -> None:
    put(stored()[:-3] + "AAA")
    with pytest.raises(SealBroken):
        TOTPDevice.objects.get()


def test_a_secret_too_long_is_refused(device: TOTPDevice) -> None:
    device.key = "00" * 40
    with pytest.raises(ValueError, match="too long"):
        device.save()


def test_the_schema_is_as_django_otp_s_migrations_say() -> None:
    call_command("makemigrations", "otp_totp", check=True, dry_run=True, verbosity=0)
