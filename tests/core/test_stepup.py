"""Step-up: asked when it is needed, safe, and nothing that was typed is lost."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from core import clock, devices
from core.models import User
from core.roles import Role
from core.views import HELD_FORM_KEY

from .builders import PASSWORD, code_of, device_of, last_record, make_user, sign_in

pytestmark = pytest.mark.django_db

RENEW = "/account/recovery-codes/"
REFERER = {"HTTP_REFERER": "http://testserver/account/"}


@pytest.fixture
def user(client) -> User:
    user = make_user(Role.AUTHOR)
    sign_in(client, user)
    return user


def confirm(client, code, next="/account/"):
    return client.post(reverse("step-up"), {"code": code, "next": next})


def test_a_weighty_form_is_held_and_sent_after_step_up(client, user):
    answer = client.post(RENEW, {"next": "/account/", "note": "a “b” <c>"}, **REFERER)
    assert (answer.status_code, answer["Location"]) == (303, "/step-up/?next=%2Faccount%2F")
    assert devices.recovery_codes_left(user) == 0

    page = confirm(client, code_of(user)).content.decode()
    assert f'action="{RENEW}"' in page
    assert 'name="note" value="a “b” &lt;c&gt;"' in page
    assert HELD_FORM_KEY not in client.session

    assert client.post(RENEW, {"next": "/account/"}).status_code == 200
    assert devices.recovery_codes_left(user) == 10
    assert last_record("session.stepped_up").staff == user.pk


def test_step_up_lasts_five_minutes(client, user):
    confirm(client, code_of(user))
    with time_machine.travel(clock.now() + dt.timedelta(minutes=4, seconds=50)):
        assert client.post(RENEW).status_code == 200
    with time_machine.travel(clock.now() + dt.timedelta(minutes=5, seconds=1)):
        assert client.post(RENEW)["Location"].startswith("/step-up/")


def test_a_page_asked_for_by_get_comes_back_by_itself(client, user):
    answer = client.get(reverse("enrol"))
    assert answer["Location"] == "/step-up/?next=%2Fsign-in%2Fset-up%2F"
    assert confirm(client, code_of(user), "/sign-in/set-up/")["Location"] == "/sign-in/set-up/"


def test_a_held_form_is_dropped_by_another_step_up(client, user):
    client.post(RENEW, **REFERER)
    client.get(reverse("enrol"))
    assert confirm(client, code_of(user), "/sign-in/set-up/").status_code == 302


def test_passwords_are_never_held(client, user):
    client.post(reverse("account-password"), {"old": PASSWORD, "password": "x" * 12}, **REFERER)
    assert HELD_FORM_KEY not in client.session


def test_a_form_too_large_is_not_held(client, user):
    client.post(RENEW, {"note": "x" * 100_001}, **REFERER)
    assert HELD_FORM_KEY not in client.session


def test_htmx_is_moved_to_the_step_up_page(client, user):
    answer = client.post(
        RENEW, HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/account/"
    )
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/step-up/?next=%2Faccount%2F")


def test_a_wrong_code_does_not_step_up(client, user):
    assert confirm(client, "000000").status_code == 422
    assert client.post(RENEW).status_code == 303
    assert last_record("session.refused").facts["reason"] == "second_factor"


def test_a_foreign_next_is_not_followed(client, user):
    assert confirm(client, code_of(user), "https://evil.example/")["Location"] == "/"


def test_step_up_is_for_signed_in_people(client, user):
    client.post(reverse("sign-out"))
    assert client.get(reverse("step-up"))["Location"].startswith("/sign-in/")


def test_another_device_is_added_and_the_old_one_removed(client, user):
    confirm(client, code_of(user))
    page = client.get(reverse("enrol"))
    assert "data:image/svg+xml;base64," in page.content.decode()
    secret = client.session["enrol_secret"]
    code = code_for(secret, user)
    answer = client.post(reverse("enrol"), {"name": "Tablet", "code": code})
    assert answer["Location"] == "/account/"
    assert last_record("device.added").staff == user.pk

    old = device_of_name(user, "phone")
    client.post(reverse("device-remove", args=[old.pk]))
    assert list(user.totpdevice_set.values_list("name", flat=True)) == ["Tablet"]
    assert last_record("device.removed").facts == {"device": old.persistent_id}
    assert client.get(reverse("account")).status_code == 302  # its session is not verified now


def test_the_last_device_stays(client, user):
    confirm(client, code_of(user))
    answer = client.post(reverse("device-remove", args=[device_of(user).pk]))
    assert answer.status_code == 409
    assert devices.has_second_factor(user)


def test_a_foreign_device_answers_404(client, user):
    confirm(client, code_of(user))
    foreign = device_of(make_user())
    assert client.post(reverse("device-remove", args=[foreign.pk])).status_code == 404
    assert TOTPDevice.objects.filter(pk=foreign.pk).exists()


def code_for(secret: str, user: User) -> str:
    from django_otp.oath import totp

    return f"{totp(bytes.fromhex(secret)):06d}"


def device_of_name(user: User, name: str) -> TOTPDevice:
    return TOTPDevice.objects.get(user=user, name=name)
