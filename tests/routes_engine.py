"""What tests over all routes share: the routes, the personas, one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core import clock
from portal.selfservice import sessions
from tests.comms.rows import make_investor
from tests.core.builders import PASSWORD, device_of, make_line, make_user, sign_in
from tests.routes_matrix import ROLES, Row

client = Client()  # one for all: making one loads every middleware
NO_ID = "00000000-0000-4000-8000-000000000000"
ARGUMENTS = {"uuid": NO_ID, "int": 987654321, "slug": "none", "str": "none", "path": "none"}


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


def cookies_of_personas(line: str) -> dict[str, dict[str, str]]:
    """The cookies of each persona; staff works in business line `line`."""
    lines = [make_line(line, line)]
    clients = {role: sign_in(Client(), make_user(role, lines=lines), stepped_up=True)
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
