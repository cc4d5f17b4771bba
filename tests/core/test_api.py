"""Who may call the API, and how it says no."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from core import clock, keys, services
from core.access import require_step_up
from core.errors import FourEyesViolation, StepUpRequired
from core.models import ApiKey, BusinessLine, User
from core.roles import Capability, Role

from .builders import actor_of, make_line, make_user, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.routes")]

ME = "/api/v1/me/"


@pytest.fixture
def owner() -> User:
    return make_user(Role.AUDITOR, lines=[make_line()])


def make_key(owner: User, *scopes: Capability) -> services.NewKey:
    return services.create_api_key(
        name="archive",
        owner_id=owner.pk,
        scopes=scopes or [Capability.AUDIT_BROWSE],
        actor=actor_of(make_user(Role.ADMINISTRATOR)),
        now=clock.now(),
    )


def with_key(token: str) -> dict[str, str]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["title"]
    return body


def test_a_key_acts_for_its_owner_within_its_scopes(client, owner):
    new = make_key(owner)
    answer = client.get(ME, **with_key(new.token))
    body = answer.json()
    assert (body["kind"], body["id"]) == ("key", str(new.key.pk))
    assert body["user_id"] == str(owner.pk)
    assert body["capabilities"] == ["audit.browse"]
    assert [line["code"] for line in body["lines"]] == ["retail"]
    assert body["stepped_up_at"] is None
    assert ApiKey.objects.get().last_used_at is not None


def test_scopes_shrink_with_the_owners_roles(client, owner):
    token = make_key(owner).token
    admin = actor_of(make_user(Role.ADMINISTRATOR))
    services.set_roles(user_id=owner.pk, roles=[Role.AUTHOR], actor=admin, now=clock.now())
    assert client.get(ME, **with_key(token)).json()["capabilities"] == []


def test_four_eyes_see_through_keys_and_step_up_is_out_of_reach(owner):
    from core.access import require_other_person

    actor = keys.actor_for_key(make_key(owner).key)
    with pytest.raises(FourEyesViolation):
        require_other_person(actor, [owner.pk])
    with pytest.raises(StepUpRequired):
        require_step_up(actor, clock.now())


def spoilt(token: str) -> list[str]:
    head, prefix, secret = token.split("_", 2)
    return [
        f"{head}_{prefix}_{secret[:-1]}",
        f"{head}_{'0' * 10}_{secret}",
        f"xx_{prefix}_{secret}",
        prefix,
        "",
        "vs__",
        "vs_\x7f_é",
    ]


def test_a_spoilt_key_is_refused(client, owner):
    for token in spoilt(make_key(owner).token):
        answer = client.get(ME, **with_key(token))
        assert_problem(answer, 401, "unauthenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("end", ["revoked", "expired", "owner gone"])
def test_an_ended_key_is_refused(client, owner, end):
    new = make_key(owner)
    when = clock.now()
    if end == "revoked":
        services.revoke_api_key(
            key_id=new.key.pk, reason="lost", actor=actor_of(owner), now=clock.now()
        )
    elif end == "expired":
        when += services.KEY_LIFETIME + dt.timedelta(seconds=5)
    else:
        User.objects.filter(pk=owner.pk).update(is_active=False)
    with time_machine.travel(when):
        assert_problem(client.get(ME, **with_key(new.token)), 401, "unauthenticated")


def test_guessing_keys_is_throttled(client, owner):
    token = make_key(owner).token
    for _n in range(keys.PER_ADDRESS.attempts):
        client.get(ME, **with_key("vs_0000000000_x"))
    answer = client.get(ME, **with_key(token))
    assert_problem(answer, 429, "rate_limited")
    assert int(answer["Retry-After"]) > 0


def test_a_verified_session_may_call_and_an_unverified_one_not(client, owner):
    assert_problem(client.get(ME), 401, "unauthenticated")
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert_problem(client.get(ME), 401, "unauthenticated")
    sign_in(client, owner)
    assert client.get(ME).json()["kind"] == "user"


def test_a_session_needs_the_csrf_token_and_a_key_does_not():
    author = make_user(Role.AUTHOR)
    client = sign_in(Client(enforce_csrf_checks=True), author)
    line = {"code": "x", "name": "X"}
    answer = client.post("/api/v1/lines/", line, content_type="application/json")
    assert_problem(answer, 403, "forbidden")
    token = make_key(author, Capability.TEMPLATES_DRAFT).token
    answer = client.post("/api/v1/lines/", line, content_type="application/json", **with_key(token))
    assert answer.status_code == 201


def test_capabilities_are_checked_per_method(client):
    sign_in(client, make_user(Role.REVIEWER))
    assert client.get("/api/v1/lines/").status_code == 200
    answer = client.post("/api/v1/lines/", {}, content_type="application/json")
    body = assert_problem(answer, 403, "forbidden")
    assert body["details"] == {"capability": "templates.draft"}


def test_pages_by_cursor(client):
    BusinessLine.objects.bulk_create(BusinessLine(code=f"c{n}", name="n") for n in range(5))
    sign_in(client, make_user(Role.AUTHOR))
    first = client.get("/api/v1/lines/?size=2&q=a").json()
    assert [row["code"] for row in first["results"]] == ["c0", "c1"]
    assert first["previous"] is None
    second = client.get(first["next"]).json()
    assert [row["code"] for row in second["results"]] == ["c2", "c3"]
    assert "q=a" in second["next"]
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_a_bad_cursor_is_named(client):
    sign_in(client, make_user(Role.AUTHOR))
    body = assert_problem(client.get("/api/v1/lines/?cursor=zzz"), 422, "invalid_input")
    assert body["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("method", "path", "extra", "status", "code"),
    [
        ("get", "/api/v1/nowhere/", {}, 404, "not_found"),
        ("delete", ME, {}, 405, "method_not_allowed"),
        ("get", "/api/v1/lines/?q=%00", {}, 400, "bad_request"),
        ("post", "/api/v1/nested/", {"data": "<a/>", "content_type": "text/xml"}, 415,
         "unsupported_media_type"),
        ("post", "/api/v1/nested/", {"data": "{", "content_type": "application/json"}, 400,
         "bad_request"),
        ("get", ME, {"headers": {"Accept": "text/csv"}}, 406, "not_acceptable"),
        ("get", "/api/v1/failing/", {}, 500, "internal_error"),
    ],
)  # fmt: skip
def test_every_refusal_is_a_problem(client, method, path, extra, status, code):
    sign_in(client, make_user(Role.AUTHOR))
    client.raise_request_exception = False
    answer = getattr(client, method)(path, **extra)
    body = assert_problem(answer, status, code)
    assert "secret cause" not in str(body)
    assert answer["Content-Security-Policy"]


def test_validation_errors_name_their_path(client):
    sign_in(client, make_user(Role.AUTHOR))
    answer = client.post(
        "/api/v1/nested/", {"items": [{"n": 1}, {"n": "x"}]}, content_type="application/json"
    )
    body = assert_problem(answer, 422, "invalid_input")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [
        ("items.1.n", "invalid")
    ]


def test_calls_are_throttled_per_actor(client, settings):
    settings.API_RATE = "2/min"
    sign_in(client, make_user())
    other = sign_in(Client(), make_user())
    assert [client.get(ME).status_code for _n in range(3)] == [200, 200, 429]
    answer = client.get(ME)
    assert_problem(answer, 429, "rate_limited")
    assert int(answer["Retry-After"]) > 0
    assert other.get(ME).status_code == 200


def test_the_schema_is_open_and_names_schemes_and_problems(client):
    schema = client.get("/api/v1/schema/?format=json").json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["components"]["securitySchemes"]) == {"apiKey", "session"}
    default = schema["paths"][ME]["get"]["responses"]["default"]
    assert "application/problem+json" in default["content"]
