"""First sign-in, and one's own account."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from core import clock, devices, services
from core.errors import InvalidInput, NotFound, StepUpRequired
from core.models import User
from core.roles import Capability, Role

from .builders import PASSWORD, actor_of, code_of, last_record, make_user, sign_in

pytestmark = pytest.mark.django_db

OWN = "a sentence only I know"


@pytest.fixture
def newcomer(client) -> User:
    user = make_user(Role.AUTHOR)
    client.post(reverse("sign-in"), {"username": user.username, "password": PASSWORD})
    return user


def set_up(client, **changes):
    client.get(reverse("enrol"))
    code = f"{totp(bytes.fromhex(client.session['enrol_secret'])):06d}"
    data = {"name": "Phone", "code": code, "password": OWN, "repeated": OWN}
    return client.post(reverse("enrol"), data | changes)


def test_the_first_sign_in_sets_a_password_a_device_and_recovery_codes(client, newcomer):
    answer = set_up(client)
    assert answer.status_code == 200
    assert answer.content.decode().count("<code>") == 10
    assert "no-store" in answer["Cache-Control"]
    assert devices.has_second_factor(newcomer)
    assert client.get(reverse("account")).status_code == 200
    fresh = User.objects.get(pk=newcomer.pk)
    assert fresh.check_password(OWN)
    assert last_record("user.password_chosen").staff == newcomer.pk


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "000000"}, "This code does not fit"),
        ({"repeated": OWN + "!"}, "The two passwords differ"),
        ({"password": "short", "repeated": "short"}, "at least 12"),
        ({"password": PASSWORD, "repeated": PASSWORD}, "another password"),
        ({"name": ""}, "required"),
    ],
)
def test_a_set_up_that_is_wrong_changes_nothing(client, newcomer, changes, said):
    answer = set_up(client, **changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not devices.has_second_factor(newcomer)
    assert User.objects.get(pk=newcomer.pk).check_password(PASSWORD)
    assert client.get(reverse("account")).status_code == 302


def test_a_password_alone_cannot_add_a_device_to_an_account_that_has_one(client, newcomer):
    set_up(client)
    thief = Client()
    thief.post(reverse("sign-in"), {"username": newcomer.username, "password": OWN})
    assert thief.get(reverse("enrol"))["Location"].startswith("/sign-in/")


def test_a_changed_password_ends_other_sessions_only(client):
    user = make_user()
    sign_in(client, user, stepped_up=True)
    other = sign_in(Client(), user)
    data = {"old": PASSWORD, "password": OWN, "repeated": OWN}
    assert client.post(reverse("account-password"), data)["Location"] == "/account/"
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302
    assert last_record("user.password_changed").staff == user.pk


def test_a_password_needs_the_old_one(client):
    user = make_user()
    sign_in(client, user, stepped_up=True)
    data = {"old": "guess", "password": OWN, "repeated": OWN}
    answer = client.post(reverse("account-password"), data)
    assert answer.status_code == 422
    assert "This is not your password" in answer.content.decode()
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_the_language_switch_lasts_for_browser_and_account(client):
    user = make_user()
    client.post(reverse("set-language"), {"language": "zh-hans", "next": "/sign-in/"})
    assert client.cookies["django_language"].value == "zh-hans"
    sign_in(client, user)
    answer = client.post(reverse("set-language"), {"language": "zh-hans", "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert User.objects.get(pk=user.pk).language == "zh-hans"
    assert client.get(reverse("account")).headers["Content-Language"] == "zh-hans"


def test_an_unknown_language_is_refused(client):
    assert client.post(reverse("set-language"), {"language": "tlh"}).status_code == 422


def test_language_and_zone_are_saved(client):
    user = make_user()
    sign_in(client, user)
    data = {"language": "en", "time_zone": "America/New_York"}
    assert client.post(reverse("account-locale"), data)["Location"] == "/account/"
    assert User.objects.get(pk=user.pk).time_zone == "America/New_York"
    bad = client.post(reverse("account-locale"), data | {"time_zone": "Mars/Olympus"})
    assert bad.status_code == 422


def test_ones_own_address_is_kept_changed_and_taken_out(client):
    user = make_user()
    sign_in(client, user, stepped_up=True)
    client.post(reverse("account-email"), {"email": "me@example.com"})
    assert User.objects.get(pk=user.pk).email == "me@example.com"
    written = last_record("user.email_changed")
    assert written.staff == user.pk and written.facts == {"given": True}
    assert 'value="me@example.com"' in client.get(reverse("account")).content.decode()
    bad = client.post(reverse("account-email"), {"email": "me at example"})
    assert bad.status_code == 422 and 'value="me at example"' in bad.content.decode()
    assert User.objects.get(pk=user.pk).email == "me@example.com"
    client.post(reverse("account-email"), {"email": ""})
    assert User.objects.get(pk=user.pk).email == ""


def test_an_address_needs_its_owner_and_a_fresh_second_factor():
    user, other = make_user(), make_user()
    mine, theirs = actor_of(user), actor_of(other)
    given = {"user_id": user.pk, "email": "x@example.com", "now": clock.now()}
    with pytest.raises(StepUpRequired):
        services.set_email(**given, actor=actor_of(user, stepped_up=False))
    with pytest.raises(NotFound):
        services.set_email(**given, actor=theirs)
    with pytest.raises(InvalidInput) as refused:
        services.set_email(**{**given, "email": "x\ny@example.com"}, actor=mine)
    assert refused.value.field == "email"
    assert User.objects.get(pk=user.pk).email == ""


def test_ones_own_key_is_revoked_and_a_foreign_one_refused(client):
    user, other = make_user(Role.AUDITOR), make_user(Role.AUDITOR)
    admin = make_user(Role.ADMINISTRATOR)
    mine, foreign = (
        services.create_api_key(
            name="k", owner_id=owner.pk, scopes=[Capability.AUDIT_BROWSE],
            actor=actor_of(admin), now=clock.now(),
        ).key
        for owner in (user, other)
    )  # fmt: skip
    sign_in(client, user)
    assert client.get(reverse("account")).content.decode().count("vs_") == 1
    client.post(reverse("key-revoke", args=[mine.pk]), {"reason": "rotated"})
    mine.refresh_from_db()
    assert mine.revoked_at is not None
    refused = client.post(reverse("key-revoke", args=[foreign.pk]), {"reason": "x"})
    assert refused.status_code == 404
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_code_in_the_address_does_nothing(client):
    user = make_user()
    client.post(reverse("sign-in"), {"username": user.username, "password": PASSWORD})
    client.get(reverse("sign-in-otp"), {"code": code_of(user)})
    assert client.get(reverse("account")).status_code == 302
