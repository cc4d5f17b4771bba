"""Every route × persona × method, as tests/routes_matrix.py states. An unlisted route fails."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import get_resolver

from tests.routes_engine import ALL, address, ask, cookies_of_personas, routes
from tests.routes_matrix import EVERYBODY, ROUTES, Row

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SIGN_IN = ("/sign-in/", "/me/sign-in/", "/console/login/", "/console/")


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
        yield cookies_of_personas("retail")
        transaction.set_rollback(True)


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
