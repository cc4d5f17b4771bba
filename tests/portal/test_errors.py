"""Errors say what happened in a page or a problem, under the strict policy, and leak nothing."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from core.errors import Conflict, InvalidInput, RateLimited
from core.roles import Role
from tests.core.builders import make_user, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.portal.test_errors")]

ERRORS = {
    "invalid": InvalidInput("The date lies in the past.", field="planned_at"),
    "conflict": Conflict("It changed meanwhile."),
    "limited": RateLimited("Too many.", details={"retry_after": 7}),
}


def fail(request, kind):
    if kind in ERRORS:
        raise ERRORS[kind]
    raise RuntimeError("secret cause")


def unsafe(request):
    return HttpResponse("stored")


urlpatterns = [
    path("fail/<str:kind>/", fail),
    path("api/v1/fail/<str:kind>/", fail),
    path("form/", unsafe),
    path("", include("portal.urls")),
]
handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"


@pytest.fixture
def staff() -> Client:
    client = Client(raise_request_exception=False)
    return sign_in(client, make_user(Role.AUTHOR))


def assert_policy(answer) -> None:
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("invalid", 422, "The date lies in the past."),
        ("conflict", 409, "It changed meanwhile."),
        ("limited", 429, "Too many."),
        ("crash", 500, "Something went wrong"),
    ],
)
def test_a_page_says_what_happened(staff, kind, status, said):
    answer = staff.get(f"/fail/{kind}/")
    assert answer.status_code == status
    page = answer.content.decode()
    assert said in page
    assert "secret cause" not in page
    assert "Traceback" not in page
    assert_policy(answer)


def test_a_refusal_names_its_field_and_how_long_to_wait(staff):
    assert "planned_at" in staff.get("/fail/invalid/").content.decode()
    assert staff.get("/fail/limited/")["Retry-After"] == "7"


@pytest.mark.parametrize(("kind", "status"), [("invalid", 422), ("crash", 500)])
def test_under_api_it_is_a_problem(staff, kind, status):
    answer = staff.get(f"/api/v1/fail/{kind}/")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert "secret cause" not in answer.content.decode()
    assert_policy(answer)


def test_a_part_for_htmx_is_a_part(staff):
    answer = staff.get("/fail/conflict/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        ("/nowhere/", {}, 404),
        ("/sign-out/", {}, 405),
        ("/?q=%00", {}, 400),
        ("/", {"Host": "evil.example"}, 400),
        ("/api/v1/nowhere/", {}, 404),
    ],
)
def test_djangos_own_refusals_keep_the_policy(staff, url, headers, status):
    answer = staff.get(url, headers=headers)
    assert answer.status_code == status
    assert_policy(answer)


def test_a_missing_csrf_token_is_explained(staff):
    client = Client(enforce_csrf_checks=True)
    client.cookies = staff.cookies
    answer = client.post("/form/")
    assert answer.status_code == 403
    assert "expired" in answer.content.decode()
    assert_policy(answer)


def test_a_page_carries_its_nonce_and_only_scripts_with_it(client):
    answer = client.get("/sign-in/")
    policy, page = answer["Content-Security-Policy"], answer.content.decode()
    nonce = policy.split("'nonce-")[1].split("'")[0]
    scripts = page.count("<script")
    assert scripts == page.count(f'nonce="{nonce}"')
    assert scripts > 0
    again = client.get("/sign-in/")["Content-Security-Policy"]
    assert nonce not in again


def test_static_files_carry_the_policy(client):
    answer = client.get("/static/portal/base.css")
    assert answer.status_code == 200
    assert_policy(answer)
