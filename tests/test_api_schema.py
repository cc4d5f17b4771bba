"""The API keeps to its own description: OpenAPI 3.1 without a warning, every operation tried with
a good request, and with what schemathesis makes of the description, right and wrong."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connections, transaction
from django.test import Client, override_settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from comms.channels import base
from core.problems import MEDIA_TYPE
from tests.api_world import GOOD, World, make_world
from tests.conftest import empty_database
from tests.core.builders import sign_in

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5  # generated requests per operation, right and wrong each
NOT_REPEATABLE = {
    "exports_download",  # changes nothing
    "signals_report",  # knows a repetition by its id
    "webhooks_receive",  # knows a repetition by its event ids
}
CSRF = "c" * 32


@pytest.fixture(scope="module")
def generated() -> tuple[dict[str, Any], str]:
    """The description as the API serves it, and what was said while it was made."""
    GENERATOR_STATS.reset()
    with contextlib.redirect_stderr(io.StringIO()) as said:
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found, said.getvalue()


@pytest.fixture(scope="module")
def document(generated) -> dict[str, Any]:
    """The description."""
    return generated[0]


@pytest.fixture(scope="module")
def world(admin_conninfo, keys, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """The firm, once for all tests here: each request is rolled back."""
    directory = tmp_path_factory.mktemp("world")
    null = {name: [{"name": f"null-{name}", "kind": "null"}] for name in ("email", "inbox")}
    options = {
        "API_RATE": "",
        "CHANNEL_PROVIDERS": {**null, "sms": [{"name": "gateway", "kind": "null",
                                              "secret": "local-gateway"}]},
        "IMPORT_DIR": directory / "imports",
        "EXPORT_DIR": directory / "exports",
        "LEDGER_DIR": directory / "ledger",
    }  # fmt: skip
    with django_db_blocker.unblock(), override_settings(**options):
        base.provider.cache_clear()
        for signal in (request_started, request_finished):  # they would close it under our feet
            signal.disconnect(close_old_connections)
        yield make_world(directory)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        base.provider.cache_clear()
        connections.close_all()
        empty_database(admin_conninfo)


@pytest.fixture(scope="module")
def api(document, world) -> Any:
    """The description for schemathesis: `default` would excuse any status, so it is taken out;
    ids are drawn from those that exist."""
    strict = copy.deepcopy(document)
    pools = world.pools()
    for item in strict["paths"].values():
        for operation in item.values():
            del operation["responses"]["default"]
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"] = _drawn(parameter["schema"], pools[parameter["name"]])
            for media in operation.get("requestBody", {}).get("content", {}).values():
                body = strict["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
                for name in pools.keys() & body["properties"].keys():
                    body["properties"][name] = _drawn(body["properties"][name], pools[name])
    return schemathesis.openapi.from_dict(strict)


def _drawn(schema: Mapping[str, Any], pool: list[str]) -> dict[str, Any]:
    return {**schema, "enum": pool}


@pytest.fixture(scope="module")
def application() -> WSGIHandler:
    """The product's own, over all of its middleware."""
    with warnings.catch_warnings(action="ignore"):  # static files are not collected here
        return get_wsgi_application()


@pytest.fixture
def session(world, application) -> dict[str, Any]:
    """A session of somebody with every role, stepped up just now, and its CSRF token."""
    client = sign_in(Client(), world.user, stepped_up=True)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    return {
        "app": application,
        "cookies": {**cookies, "csrftoken": CSRF},
        "headers": {"X-CSRFToken": CSRF},
    }


def problems_are_complete(ctx: object, response: Any, case: object) -> None:
    """A refusal is RFC 9457 problem details with all that a caller needs."""
    if response.status_code >= 400:
        body = response.json()
        assert response.headers["content-type"] == [MEDIA_TYPE]
        assert body["status"] == response.status_code
        assert all(body[name] for name in ("type", "title", "detail", "code"))


def call(case: Any, session: Mapping[str, Any], **headers: str) -> Any:
    """Send a case and hold the answer against the description."""
    words = {**session, "headers": {**session["headers"], **headers}}
    response = case.call(**words)
    case.validate_response(response, checks=[*CHECKS, problems_are_complete])
    return response


def test_the_description_is_valid_and_made_without_a_warning(generated):
    document, said = generated
    assert said == ""
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_every_operation_is_tried(document):
    described = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert sorted(described) == sorted(GOOD)


def test_every_post_takes_an_idempotency_key(document):
    without = {
        item["post"]["operationId"]
        for item in document["paths"].values()
        if "post" in item
        and "Idempotency-Key" not in {part["name"] for part in item["post"].get("parameters", [])}
    }
    assert without == NOT_REPEATABLE


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_is_answered_as_described(name, api, world, session):
    operation = api.find_operation_by_id(name)
    good = GOOD[name](world)
    words: dict[str, Any] = {} if good.body is None else {"body": good.body}
    if good.body is not None:
        words["media_type"] = next(iter(operation.definition.raw["requestBody"]["content"]))
    path = {key: str(value) for key, value in good.path.items()}
    case = operation.Case(path_parameters=path, headers=dict(good.headers), **words)
    repeatable = operation.method == "post" and name not in NOT_REPEATABLE
    key = {"Idempotency-Key": str(uuid4())} if repeatable else {}
    with transaction.atomic():
        response = call(case, session, **key)
        again = call(case, session, **key) if repeatable else None
        transaction.set_rollback(True)
    assert response.status_code < 300, response.text
    if again is not None:
        assert again.headers["idempotent-replayed"] == ["true"]
        assert (again.status_code, again.json()) == (response.status_code, response.json())


@pytest.mark.thorough
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize("name", GOOD)
def test_anything_else_is_answered_as_described(name, mode, api, session):
    operation = api.find_operation_by_id(name)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        with transaction.atomic():
            call(case, session)
            transaction.set_rollback(True)

    answered()
