"""Signing in through the real pages: both factors, throttling, records, the end of sessions."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import Record
from core import clock, devices, services, signin
from core.models import ThrottleWindow, User
from core.roles import Role

from .builders import PASSWORD, actor_of, code_of, device_of, last_record, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user = make_user(Role.AUTHOR)
    device_of(user)
    return user


def give_password(client: Client, user: User, password: str = PASSWORD, **extra):
    data = {"username": user.username, "password": password, "next": "/account/"}
    return client.post(reverse("sign-in"), data, **extra)


def give_code(client: Client, code: str, **extra):
    return client.post(reverse("sign-in-otp"), {"code": code, "next": "/account/"}, **extra)


def signed_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def test_password_and_code_open_a_session(client, user):
    answer = give_password(client, user)
    assert answer["Location"] == "/sign-in/code/?next=%2Faccount%2F"
    assert not signed_in(client)

    answer = give_code(client, code_of(user))
    assert answer["Location"] == "/account/"
    assert signed_in(client)
    record = last_record("session.opened")
    assert (record.staff, record.actor) == (user.pk, f"user:{user.pk}")
    assert record.facts == {"factor": "totp", "place": "127.0.0.0/24"}


def test_the_session_key_changes_with_each_factor(client, user):
    client.get(reverse("sign-in"))
    keys = []
    give_password(client, user)
    keys.append(client.session.session_key)
    give_code(client, code_of(user))
    keys.append(client.session.session_key)
    assert len(set(keys)) == 2
    assert not Session.objects.filter(session_key=keys[0]).exists()


def test_a_wrong_password_says_the_same_as_an_unknown_name(client, user):
    wrong = give_password(client, user, "wrong")
    user.username = "nobody at all"
    unknown = give_password(client, user, "wrong")
    assert wrong.status_code == unknown.status_code == 422
    text = "The user name or the password is wrong."
    assert text in wrong.content.decode()
    assert text in unknown.content.decode()


def test_a_refusal_is_recorded_without_the_name_that_was_typed(client, user):
    user.username = "my-password-by-mistake"
    give_password(client, user, "wrong")
    record = last_record("session.refused")
    assert record.staff is None
    assert record.facts == {"known_user": False, "place": "127.0.0.0/24", "reason": "password"}
    assert "mistake" not in record.text


def test_a_code_works_once(client, user):
    code = code_of(user)
    give_password(client, user)
    give_code(client, code)
    other = Client()
    give_password(other, user)
    assert give_code(other, code).status_code == 422
    assert not signed_in(other)
    assert last_record("session.refused").facts["reason"] == "second_factor"


def test_a_code_without_a_password_goes_nowhere(client, user):
    answer = give_code(client, code_of(user))
    assert answer["Location"].startswith("/sign-in/?")
    assert not signed_in(client)


def test_a_pending_sign_in_expires(client, user):
    give_password(client, user)
    with time_machine.travel(clock.now() + signin.PENDING_LIFETIME + dt.timedelta(seconds=1)):
        assert give_code(client, code_of(user))["Location"].startswith("/sign-in/?")


@pytest.mark.parametrize("change", ["password", "roles", "inactive"])
def test_a_pending_sign_in_ends_when_the_account_changes(client, user, change):
    give_password(client, user)
    if change == "password":
        user.set_password("another password entirely")
        user.save()
    elif change == "roles":
        admin = actor_of(make_user(Role.ADMINISTRATOR))
        services.set_roles(user_id=user.pk, roles=[], actor=admin, now=clock.now())
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert give_code(client, code_of(user))["Location"].startswith("/sign-in/?")


def test_a_recovery_code_works_once(client, user):
    codes = devices.renew_recovery_codes(user=user, actor=actor_of(user), now=clock.now())
    assert len(codes) == 10
    give_password(client, user)
    assert give_code(client, codes[3].upper()).status_code == 302
    assert last_record("session.opened").facts["factor"] == "recovery_code"
    assert devices.recovery_codes_left(user) == 9

    other = Client()
    give_password(other, user)
    assert give_code(other, codes[3]).status_code == 422


def test_recovery_codes_are_stored_as_keyed_hashes(user):
    codes = devices.renew_recovery_codes(user=user, actor=actor_of(user), now=clock.now())
    stored = set(user.staticdevice_set.get().token_set.values_list("token", flat=True))
    assert not stored & {code.replace("-", "") for code in codes}


def test_five_wrong_passwords_lock_the_pair_of_account_and_address(client, user):
    for _n in range(5):
        answer = give_password(client, user, "wrong")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert give_password(client, user).status_code == 429
    assert last_record("session.refused").facts["reason"] == "locked_out"
    elsewhere = give_password(client, user, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302


def test_wrong_codes_count_as_failures_too(client, user):
    give_password(client, user)
    answers = [give_code(client, "000000").status_code for _n in range(5)]
    assert answers == [422, 422, 422, 422, 429]


def test_an_account_tried_from_many_addresses_is_throttled(client, user):
    for n in range(signin.PER_ACCOUNT.attempts):
        give_password(client, user, "wrong", REMOTE_ADDR=f"203.0.113.{n}")
    answer = give_password(client, user, REMOTE_ADDR="198.51.100.1")
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    later = clock.now() + signin.PER_ACCOUNT.window
    with time_machine.travel(later):
        assert give_password(client, user, REMOTE_ADDR="198.51.100.1").status_code == 302


def test_an_address_that_tries_many_accounts_is_throttled(client, user):
    name = user.username
    for n in range(signin.PER_ADDRESS.attempts):
        user.username = f"guess-{n}"
        give_password(client, user, "wrong")
    user.username = name
    assert give_password(client, user).status_code == 429


def test_throttle_rows_hold_no_names(client, user):
    give_password(client, user, "wrong")
    rows = [bytes(row.subject) for row in ThrottleWindow.objects.all()]
    assert len(rows) == 2
    assert not any(user.username.encode() in row for row in rows)


def test_a_role_change_ends_a_running_session(client, user):
    give_password(client, user)
    give_code(client, code_of(user))
    assert signed_in(client)
    admin = actor_of(make_user(Role.ADMINISTRATOR))
    services.set_roles(user_id=user.pk, roles=[Role.REVIEWER], actor=admin, now=clock.now())
    assert not signed_in(client)


def test_losing_a_line_or_the_account_ends_a_running_session(client, user):
    sign_in(client, user)
    admin = actor_of(make_user(Role.ADMINISTRATOR))
    assert signed_in(client)
    services.set_active(
        user_id=user.pk, active=False, reason="leaver", actor=admin, now=clock.now()
    )
    assert not signed_in(client)


def test_removing_the_device_of_a_session_unverifies_it(client, user):
    sign_in(client, user)
    TOTPDevice.objects.filter(user=user).delete()
    assert not signed_in(client)


def test_sign_out_is_a_post_and_recorded(client, user):
    sign_in(client, user)
    assert client.get(reverse("sign-out")).status_code == 405
    assert signed_in(client)
    client.post(reverse("sign-out"))
    assert not signed_in(client)
    assert last_record("session.closed").staff == user.pk


def test_signing_out_without_a_session_is_harmless(client):
    assert client.post(reverse("sign-out")).status_code == 302
    assert not Record.objects.filter(action="session.closed").exists()


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_sign_in_leads_to_no_foreign_page(client, user, foreign):
    client.post(
        reverse("sign-in"), {"username": user.username, "password": PASSWORD, "next": foreign}
    )
    answer = client.post(reverse("sign-in-otp"), {"code": code_of(user), "next": foreign})
    assert answer["Location"] == "/"


def test_csrf_is_checked_on_the_sign_in_form(user):
    client = Client(enforce_csrf_checks=True)
    assert give_password(client, user).status_code == 403


def test_the_sign_in_page_is_not_stored(client):
    assert "no-store" in client.get(reverse("sign-in"))["Cache-Control"]


def test_knowing_who_asks_costs_five_queries(client, user, django_assert_num_queries):
    sign_in(client, user)
    with django_assert_num_queries(5):  # session, user, device, roles, lines
        assert client.get(reverse("step-up")).status_code == 200
