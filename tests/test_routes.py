"""Every route × persona × method, as tests/routes_matrix.py states. An unlisted route fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core import clock
from portal.selfservice import sessions
from tests.comms.rows import make_investor
from tests.core.builders import PASSWORD, device_of, make_line, make_user, sign_in
from tests.routes_matrix import EVERYBODY, ROLES, ROUTES, Row

client = Client()  # one for all: making one loads every middleware
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_ID = "00000000-0000-4000-8000-000000000000"
ARGUMENTS = {"uuid": NO_ID, "int": 987654321, "slug": "none", "str": "none", "path": "none"}
SIGN_IN = ("/sign-in/", "/me/sign-in/", "/console/login/", "/console/")


def routes(patterns: list, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    """(name, address pattern) of every route; the pattern stands for a name that is missing."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern.url_patterns, address, namespace + inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield (namespace + pattern.name if pattern.name else address), address


ALL = dict(routes(get_resolver().url_patterns))


def test_every_route_is_listed_and_every_listed_one_exists():
    assert sorted(ALL.keys() - ROUTES.keys()) == [], "routes that routes_matrix.py does not list"
    assert sorted(ROUTES.keys() - ALL.keys()) == [], "listed routes that do not exist"


def test_names_are_used_once():
    names = [name for name, _address in routes(get_resolver().url_patterns)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.fixture(scope="module")
def personas(django_db_setup, django_db_blocker) -> Iterator[dict[str, dict[str, str]]]:
    """The cookies of each persona, made once and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _cookies()
        transaction.set_rollback(True)


def _cookies() -> dict[str, dict[str, str]]:
    line = make_line()
    clients = {role: sign_in(Client(), make_user(role, lines=[line]), stepped_up=True)
               for role in ROLES}  # fmt: skip
    clients["roleless"] = sign_in(Client(), make_user(), stepped_up=True)
    clients["visitor"] = Client()
    clients["half"], clients["investor"] = _half(), _investor()
    return {name: {k: m.value for k, m in c.cookies.items()} for name, c in clients.items()}


def _half() -> Client:
    client, user = Client(), make_user("author")
    device_of(user)
    answer = client.post(reverse("sign-in"), {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def _investor() -> Client:
    client = Client()
    request = RequestFactory().get("/me/")
    request.session = client.session
    sessions.start(request, HttpResponse(), investor=make_investor(), now=clock.now())
    request.session.save()
    client.cookies["sessionid"] = request.session.session_key
    return client


def address(name: str, row: Row) -> str:
    """The route's address with the row's arguments, or ones that name nothing."""
    pattern = ALL[name]

    def fill(match: re.Match[str]) -> str:
        kind, argument = match.group(1) or "str", match.group(2)
        return str(row.kwargs.get(argument, ARGUMENTS[kind.rstrip(":")]))

    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", pattern)  # regular expressions of the admin
    return "/" + re.sub(r"<(\w+:)?(\w+)>", fill, plain).replace("^", "").replace("$", "")


def ask(
    cookies: dict[str, str], method: str, path: str, body: Mapping[str, object]
) -> HttpResponseBase:
    """One request whose changes are undone."""
    client.cookies.clear()
    for name, value in cookies.items():
        client.cookies[name] = value
    with transaction.atomic():
        if path.startswith("/api/") and method != "GET":
            answer = client.generic(method, path, json.dumps(body), content_type="application/json")
        elif method == "POST":
            answer = client.post(path, body)
        else:
            answer = client.generic(method, path)
        transaction.set_rollback(True)
    return answer


def is_denied(answer: HttpResponseBase) -> bool:
    """Refused for who asks: 401, 403, or sent to sign in."""
    path = urlsplit(answer.headers.get("Location", "")).path
    return answer.status_code in {401, 403} or path in SIGN_IN


def expect(answer: HttpResponseBase, row: Row, *, allowed: bool, missing: bool) -> str:
    """What is wrong with `answer`; empty when it is as stated."""
    code = answer.status_code
    if "Content-Security-Policy" not in answer.headers:
        return "no Content-Security-Policy"
    if not allowed:
        return "" if is_denied(answer) else f"{code} for a stranger"
    if row.ends_session and code == 302:
        return ""
    if is_denied(answer):
        return f"{code} {answer.headers.get('Location', '')} though allowed"
    if code == 405 or code >= 500:
        return str(code)
    if missing and code != 404:
        return f"{code} instead of 404 for an object that does not exist"
    return ""


def may_all(row: Row) -> str:
    """Somebody whom the row allows, or a visitor."""
    return min(next(iter(row.methods.values())), default="visitor")


@pytest.mark.parametrize("name", sorted(ROUTES.keys() & ALL.keys()))
def test_each_persona_gets_what_the_matrix_says(name, personas, settings):
    settings.API_RATE = ""
    row = ROUTES[name]
    path = address(name, row)
    missing = "<" in ALL[name] and not row.known
    wrong = []
    for method in METHODS:
        if method in row.methods:
            for who in sorted(EVERYBODY):
                allowed = who in row.methods[method]
                answer = ask(personas[who], method, path, row.body)
                problem = expect(answer, row, allowed=allowed, missing=missing)
                wrong += [f"{method} as {who}: {problem}"] if problem else []
        elif not row.any_method:
            who = may_all(row)
            code = ask(personas[who], method, path, row.body).status_code
            wrong += [] if code == 405 else [f"{method} as {who}: {code} instead of 405"]
    assert wrong == []
