"""Objects of another business line, or of another investor, do not exist for who asks: 404."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import transaction

from core import clock
from investors.models import ImportBatch
from tests.comms.rows import make_delivery, make_investor, make_notice
from tests.core.builders import make_line
from tests.routes_engine import ALL, address, ask, cookies_of_personas
from tests.routes_matrix import ROUTES, Row
from tests.templates_mgmt.builders import make_draft

# These work in all lines, so no object of a line is foreign to them.
IN_ALL_LINES = {"privacy_officer", "auditor"}


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker) -> Iterator[tuple[dict, dict]]:
    """Personas of the line “wealth” and the ids of objects of the line “retail”."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield cookies_of_personas("wealth"), objects()
        transaction.set_rollback(True)


def objects() -> dict[str, object]:
    version, notice = make_draft(), make_notice()
    investor = make_investor(phone="+8613800000001", email="a@example.com")
    batch = ImportBatch.objects.create(
        file_name="extract.csv", business_line=make_line(), created_at=clock.now()
    )
    return {
        "template_id": version.template_id,
        "version_id": version.pk,
        "notice_id": notice.pk,
        "delivery_id": make_delivery(notice, investor, channel="inbox").pk,
        "investor_id": investor.pk,
        "contact_id": investor.contacts.first().pk,
        "batch_id": batch.pk,
        "language": "en",
    }


def arguments(name: str) -> set[str]:
    return set(re.findall(r"<(?:\w+:)?(\w+)>", ALL[name]))


KNOWN = {
    "template_id", "version_id", "notice_id", "delivery_id", "investor_id", "contact_id",
    "batch_id", "language",
}  # fmt: skip
OBJECT_ROUTES = sorted(
    name
    for name in ROUTES.keys() & ALL.keys()
    if arguments(name) and arguments(name) <= KNOWN and not name.startswith("admin:")
)


@pytest.mark.parametrize("name", OBJECT_ROUTES)
def test_a_foreign_object_answers_404(name, scene, settings):
    settings.API_RATE = ""
    cookies, ids = scene
    row = ROUTES[name]
    path = address(
        name, Row(row.methods, {argument: ids[argument] for argument in arguments(name)})
    )
    codes = {
        f"{method} as {who}": ask(cookies[who], method, path, row.body).status_code
        for method, allowed in row.methods.items()
        for who in sorted(allowed - IN_ALL_LINES)
    }
    assert {who: code for who, code in codes.items() if code != 404} == {}


def test_the_same_objects_are_there_for_who_works_in_their_line(scene):
    """Otherwise the 404 above would show nothing."""
    _cookies, ids = scene
    with transaction.atomic():
        own = cookies_of_personas("retail")
        found = {
            name: ask(own[who], "GET", address(name, Row({}, ids)), {}).status_code
            for name, who in (
                ("template-detail", "author"),
                ("version-review", "reviewer"),
                ("notice-detail", "dispatcher"),
                ("delivery-detail", "releaser"),
                ("investor-detail", "dispatcher"),
                ("import-detail", "dispatcher"),
            )
        }
        transaction.set_rollback(True)
    assert set(found.values()) == {200}, found
