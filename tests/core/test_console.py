"""The console: administrators only, through services, nothing deleted, nothing foreign shown."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from core.models import ApiKey, BusinessLine, User
from core.roles import Role
from core.selectors import lines_of

from .builders import last_record, make_line, make_user, sign_in

pytestmark = pytest.mark.django_db

INDEX = "/console/"
USERS = "/console/core/user/"


@pytest.fixture
def administrator() -> User:
    return make_user(Role.ADMINISTRATOR)


@pytest.fixture
def console(administrator) -> Client:
    return sign_in(Client(), administrator, stepped_up=True)


def secret_on(page) -> str:
    return re.search(r"data-secret>([^<]+)<", page.content.decode()).group(1)


def new_user(**changes):
    data = {"username": "zhou", "display_name": "Zhou", "email": "", "language": "en"}
    return data | {"roles": ["author"]} | changes


def change_of(user, **changes):
    data = {
        "display_name": user.display_name,
        "email": user.email,
        "roles": sorted(user.roles),
        "lines": [str(pk) for pk in lines_of(user)],
        "is_active": "on" if user.is_active else "",
    }
    return {name: value for name, value in (data | changes).items() if value != ""}


def page_of(user) -> str:
    return f"{USERS}{user.pk}/change/"


def test_only_our_models_are_in_the_console():
    shown = {model._meta.label for model in admin.site._registry}
    assert {"core.User", "core.BusinessLine", "core.ApiKey"} <= shown
    foreign = {"otp_totp", "otp_static", "auth", "axes", "guardian", "sessions"}
    assert not {label.split(".")[0] for label in shown} & foreign


def test_a_visitor_signs_in_at_our_page(client):
    answer = client.get(INDEX, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in/")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_other_roles_are_refused(client, role):
    sign_in(client, make_user(role), stepped_up=True)
    assert client.get(INDEX, follow=True).status_code == 403
    assert client.get(USERS, follow=True).status_code == 403


def test_a_superuser_without_the_role_is_refused(client):
    root = make_user(Role.AUTHOR)
    User.objects.filter(pk=root.pk).update(is_superuser=True, is_staff=True)
    sign_in(client, root, stepped_up=True)
    assert client.get(INDEX, follow=True).status_code == 403


def test_a_password_alone_opens_nothing(client, administrator):
    User.objects.filter(pk=administrator.pk).update(is_superuser=True, is_staff=True)
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(INDEX, follow=True).redirect_chain[-1][0].startswith("/sign-in/")


@pytest.mark.parametrize(
    "path", ["", "core/user/", "core/user/add/", "core/businessline/add/", "core/apikey/add/"]
)
def test_pages_open_under_the_strict_policy(console, path):
    answer = console.get(INDEX + path)
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    html = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)


def test_a_new_account_shows_its_password_once_and_waits_for_another(console, administrator):
    line = make_line()
    answer = console.post(USERS + "add/", new_user(lines=[str(line.pk)]))
    password = secret_on(answer)
    user = User.objects.get(username="zhou")
    assert user.check_password(password)
    assert (user.roles, lines_of(user)) == ({Role.AUTHOR}, {line.pk})
    assert (user.is_active, user.set_up_by) == (False, administrator.pk)
    assert last_record("user.created").actor == f"user:{administrator.pk}"
    assert password not in console.get(USERS).content.decode()

    refused = console.post(page_of(user), change_of(user, is_active="on", reason="new"))
    assert refused.status_code == 403
    other = sign_in(Client(), make_user(Role.ADMINISTRATOR), stepped_up=True)
    other.post(page_of(user), change_of(user, is_active="on", reason="new"))
    assert User.objects.get(pk=user.pk).is_active


def test_roles_change_through_the_service(console):
    user = make_user(Role.AUTHOR)
    answer = console.post(page_of(user), change_of(user, roles=["reviewer"]))
    assert answer.status_code == 302
    changed = User.objects.get(pk=user.pk)
    assert (changed.roles, changed.session_epoch) == ({Role.REVIEWER}, 1)
    assert last_record("user.roles_changed").facts["after"] == ["reviewer"]


def test_ones_own_roles_are_not_changed(console, administrator):
    answer = console.post(
        page_of(administrator), change_of(administrator, roles=["administrator", "reviewer"])
    )
    assert answer.status_code == 403
    assert User.objects.get(pk=administrator.pk).roles == {Role.ADMINISTRATOR}


def test_without_step_up_nothing_is_changed(administrator):
    client = sign_in(Client(), administrator)
    user = make_user(Role.AUTHOR)
    answer = client.post(page_of(user), change_of(user, roles=["reviewer"]))
    assert answer["Location"].startswith("/step-up/")
    assert User.objects.get(pk=user.pk).roles == {Role.AUTHOR}


def test_lines_are_given_and_taken(console):
    old, new = make_line("old", "Old"), make_line("new", "New")
    user = make_user(Role.DISPATCHER, lines=[old])
    console.post(page_of(user), change_of(user, lines=[str(new.pk)]))
    assert lines_of(user) == {new.pk}
    assert last_record("user.line_taken").facts == {"line": str(old.pk)}


def test_shutting_out_needs_a_reason(console):
    user = make_user(Role.AUTHOR)
    answer = console.post(page_of(user), change_of(user, is_active=""))
    assert answer.status_code == 200
    assert "A reason is required" in answer.content.decode()
    console.post(page_of(user), change_of(user, is_active="", reason="leaver"))
    assert not User.objects.get(pk=user.pk).is_active


def test_a_reset_shows_a_password_once_and_shuts_the_account(console):
    user = make_user(Role.AUTHOR)
    answer = console.post(page_of(user), change_of(user, reset="on", reason="lost"))
    fresh = User.objects.get(pk=user.pk)
    assert fresh.check_password(secret_on(answer))
    assert not fresh.is_active


def test_a_password_or_superuser_flag_cannot_be_smuggled_in(console):
    user = make_user(Role.AUTHOR)
    before = user.password
    console.post(
        page_of(user),
        change_of(user, display_name="X", password="x", is_superuser="on", username="root"),
    )
    fresh = User.objects.get(pk=user.pk)
    assert (fresh.password, fresh.is_superuser, fresh.username) == (before, False, user.username)
    assert fresh.display_name == "X"


def test_nothing_is_deleted(console):
    user = make_user()
    assert console.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_a_key_is_made_shown_once_and_revoked(console):
    owner = make_user(Role.AUDITOR)
    data = {"name": "archive", "owner": str(owner.pk), "scopes": ["audit.browse"]}
    bad = console.post("/console/core/apikey/add/", data | {"scopes": ["notices.release"]})
    assert "notices.release" in bad.content.decode()
    assert not ApiKey.objects.exists()

    token = secret_on(console.post("/console/core/apikey/add/", data))
    assert Client().get(
        reverse("api-me"), headers={"Authorization": f"Bearer {token}"}
    ).status_code == 200  # fmt: skip
    key = ApiKey.objects.get()
    page = f"/console/core/apikey/{key.pk}/change/"
    secret = token.split("_", 2)[2]
    assert secret not in console.get(page).content.decode()
    console.post(page, {"reason": "rotated"})
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert console.post(page, {"reason": "again"}).status_code == 403


def test_lines_are_made_and_renamed(console):
    console.post("/console/core/businessline/add/", {"code": "wealth", "name": "Wealth"})
    line = BusinessLine.objects.get(code="wealth")
    console.post(f"/console/core/businessline/{line.pk}/change/", {"code": "x", "name": "W"})
    line.refresh_from_db()
    assert (line.code, line.name) == ("wealth", "W")
    assert last_record("line.renamed").facts == {"before": "Wealth", "after": "W"}


def test_passwords_change_on_the_account_page_only(console):
    assert console.get("/console/password_change/")["Location"] == "/account/"
