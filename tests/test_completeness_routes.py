"""Every route that changes something leaves a record in its transaction, and so does every one
that shows somebody's data (L1). The API whole, by its own good requests; pages by the list below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections, transaction
from django.http import HttpResponseBase
from django.test import Client, override_settings
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from comms.channels import base
from core import clock
from tests.api_world import GOOD, World, make_world
from tests.completeness import scenes
from tests.completeness.catalogue import SCENES
from tests.completeness.plain_routes import (
    CHANGED_BY,
    OWED,
    READ_BY,
    UNRECORDED,
    WITHOUT_TRACE,
)
from tests.completeness.routes import CHANGES, SHOWS, Scenery, Step
from tests.completeness.scenery import make as make_scenery
from tests.completeness.watching import PLUMBING, watching
from tests.conftest import empty_database
from tests.core.builders import sign_in
from tests.routes_matrix import ROUTES

assert scenes
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# Reads of the API that show nothing of a person, and nothing of the ledger.
PLAIN_READS = {
    "me": "who is asking",
    "import_rejections_list": "lines and reasons, not what stood there",
    "imports_list": "file names and counts",
    "imports_retrieve": "file name and counts",
    "templates_list": "wordings, the same for everybody",
    "templates_read": "wordings, the same for everybody",
    "template_versions_list": "wordings, the same for everybody",
    "template_versions_read": "wordings, the same for everybody",
    "template_versions_filing": "the filing record of a wording",
    "template_comments_list": "remarks on wordings, by staff",
    "reviews_list": "what waits for review",
    "review_plans_list": "stages of review, the same for everybody",
    "review_plan_versions_read": "stages of review, the same for everybody",
    "review_groups_list": "who of the staff reviews what",
    "template_justifications_list": "reasons for findings in wordings, by staff",
    "template_versions_derived": "wordings made from facts; nothing is kept",
    "rereviews_list": "what waits for re-review",
    "clauses_list": "wordings, the same for everybody",
    "clause_versions_read": "wordings, the same for everybody",
    "word_lists_list": "wordings, the same for everybody",
    "word_list_versions_read": "wordings, the same for everybody",
    "consent_texts_list": "wordings, the same for everybody",
    "consent_text_versions_read": "wordings, the same for everybody",
    "calls_list": "calls to oneself",
    "notices_list": "notices, without recipients",
    "notices_retrieve": "a notice, without recipients",
    "notices_progress": "counts",
    "notices_dry_run_retrieve": "counts, and how far it is",
    **dict.fromkeys(
        ("statements_list", "statements_retrieve", "drills_list", "drills_retrieve"),
        "what the house says and practises",
    ),
    "exports_list": "which exports there are",
    "clocks_list": "duties of the house and when they are due",
    "clocks_read": "a duty of the house",
    "clock_table_read": "the rules of the house",
    "clock_table_versions_read": "the rules of the house",
    "regulator_reports_list": "what the house reports to regulators",
    "regulator_reports_read": "what the house reports to a regulator",
    "risks_list": "risks of the house",
    "risks_read": "a risk of the house",
    "risks_links_list": "what a risk of the house is linked to",
    "exports_read": "how far an export is",
    "incidents_list": "incidents of the house, without investors",
    "incidents_read": "an incident of the house, without investors",
    "incident_entries_list": "the log of an incident, by staff",
}


@pytest.fixture(scope="module")
def world(admin_conninfo, keys, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    """One firm; each request is rolled back, and what it changed is read before that."""
    directory = tmp_path_factory.mktemp("world")
    kinds = {"email": "null", "inbox": "null", "sms": "null"}
    names = {"email": "mail", "inbox": "inbox", "sms": "gateway"}
    options = {
        "API_RATE": "",
        "CHANNEL_PROVIDERS": {
            channel: [{"name": names[channel], "kind": kind, "secret": "local-gateway"}]
            for channel, kind in kinds.items()
        },
        "IMPORT_DIR": directory / "imports",
        "EXPORT_DIR": directory / "exports",
        "LEDGER_DIR": directory / "ledger",
    }
    with django_db_blocker.unblock(), override_settings(**options):
        base.provider.cache_clear()
        for signal in (request_started, request_finished):  # they would close it under our feet
            signal.disconnect(close_old_connections)
        made = make_world(directory)
        with watching(admin_conninfo) as watch:
            watch.let_the_application_read()
            yield made
            connections.close_all()
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        base.provider.cache_clear()
        empty_database(admin_conninfo)


def changed_by(request: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, set[str]]:
    """The answer, and the tables that the request changed; all is undone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            answer = request()
            cursor.execute(
                "SELECT DISTINCT place FROM watch.change WHERE xid = pg_current_xact_id()::text"
            )
            tables = {row[0] for row in cursor.fetchall()}
        transaction.set_rollback(True)
    return answer, tables


def browser(world: World) -> Client:
    return sign_in(Client(), world.user, stepped_up=True)


@pytest.fixture(scope="module")
def operations(world) -> dict[str, tuple[str, str]]:
    """Method and address pattern of every operation."""
    document: Any = SchemaGenerator().get_schema(request=None, public=True)
    return {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def send(client: Client, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
    if isinstance(body, bytes):
        kind = "application/json"
        return client.generic(method, path, body, content_type=kind, headers=dict(headers))
    if isinstance(body, dict) and any(isinstance(part, bytes) for part in body.values()):
        from django.core.files.uploadedfile import SimpleUploadedFile

        given = {
            name: SimpleUploadedFile("in.csv", part) if isinstance(part, bytes) else part
            for name, part in body.items()
        }
        return client.post(path, given)
    text = "" if body is None else json.dumps(body)
    return client.generic(method, path, text, content_type="application/json", headers=headers)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_api_leaves_its_records(name, world, operations, settings):
    settings.EXPORT_DIR = settings.IMPORT_DIR.parent / "exports"  # of the world
    method, pattern = operations[name]
    good = GOOD[name](world)
    path = pattern.format(**{key: str(value) for key, value in good.path.items()})
    client = browser(world)
    answer, tables = changed_by(lambda: send(client, method, path, good.body, good.headers))
    assert answer.status_code < 300, getattr(answer, "content", b"")
    assert not tables - PLUMBING.keys() or "audit_record" in tables
    if name not in PLAIN_READS:
        assert "audit_record" in tables, "nothing was recorded"


def test_the_exceptions_are_operations_that_read(operations):
    assert PLAIN_READS.keys() <= operations.keys()
    assert {operations[name][0] for name in PLAIN_READS} == {"GET"}


# Pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scenery(world) -> Scenery:
    return make_scenery(world)


def left_by(world: World, name: str, step: Step, *, change: bool) -> set[str]:
    """The tables that the request of a page changed; it must succeed."""
    client, address = browser(world), reverse(name, args=step.args)
    method = client.post if change else client.get
    answer, tables = changed_by(lambda: method(address, dict(step.body)))
    assert answer.status_code < 400, getattr(answer, "content", b"")[:3000]
    assert "step-up" not in answer.headers.get("Location", "")
    return tables


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_page_that_changes_something_leaves_its_record(name, world, scenery, settings):
    settings.EXPORT_DIR = settings.IMPORT_DIR.parent / "exports"  # of the world
    assert "audit_record" in left_by(world, name, CHANGES[name](scenery), change=True)


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_a_page_that_shows_something_leaves_its_record(name, world, scenery):
    assert "audit_record" in left_by(world, name, SHOWS[name](scenery), change=False)


def test_as_of_leaves_its_record(world):
    step = Step(("notice", world.notices["sent"].pk), {"at": clock.now().isoformat()})
    assert "audit_record" in left_by(world, "object-as-of", step, change=False)


# Every route ----------------------------------------------------------------------------------


def of_pages(changing: bool) -> set[str]:
    """The pages that somebody may ask by a changing (or by a reading) method. Not the API, whose
    operations stand above, nor the console, which writes through the same services."""
    return {
        name
        for name, row in ROUTES.items()
        if not name.startswith(("admin:", "console/", "api-"))
        and any(who and (method in CHANGING) == changing for method, who in row.methods.items())
    }


def test_every_page_leaves_a_record_or_says_why_not():
    changing = CHANGES.keys() | CHANGED_BY.keys() | WITHOUT_TRACE.keys()
    assert sorted(of_pages(True) - changing - OWED.keys()) == [], "changes nobody watches"
    reading = SHOWS.keys() | READ_BY.keys() | UNRECORDED.keys()
    assert sorted(of_pages(False) - reading - OWED.keys()) == [], "reads nobody watches"


def test_every_operation_of_the_api_is_asked(operations):
    assert sorted(operations.keys() - GOOD.keys()) == []


def test_what_is_said_of_pages_is_of_pages_and_once():
    groups = (CHANGES, CHANGED_BY, WITHOUT_TRACE), (SHOWS, READ_BY, UNRECORDED)
    for changing, lists in zip((True, False), groups, strict=True):
        names = [name for each in lists for name in each]
        assert sorted(set(names) - of_pages(changing)) == []
        assert sorted({name for name in names if names.count(name) > 1}) == []


def test_the_services_named_have_scenes():
    assert sorted({*READ_BY.values(), *CHANGED_BY.values()} - SCENES.keys()) == []
