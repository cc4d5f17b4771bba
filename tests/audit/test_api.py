"""Records and exports under /api/v1/."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from audit import sequencer
from audit.export import service
from audit.models import Export, Record
from core import clock
from core.roles import Role
from tests.audit.builders import NOW, grow, write
from tests.core.builders import last_record, make_user, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def auditor(client: Client) -> Client:
    return sign_in(client, make_user(Role.AUDITOR), stepped_up=True)


def test_records_in_pages_newest_first(auditor):
    grow(5)
    answer = auditor.get(reverse("api-records"), {"action": "test.done", "size": "3"}).json()
    assert len(answer["results"]) == 3
    assert answer["results"][0]["payload"]["text"] == "风险提示 “x” =1+1"
    rest = auditor.get(answer["next"].replace("http://127.0.0.1:8000", "")).json()
    assert len(rest["results"]) == 2
    ids = [row["id"] for row in answer["results"] + rest["results"]]
    assert ids == sorted(ids, reverse=True)
    assert last_record("audit.browsed").facts["further_page"] is True


def test_a_record_and_its_proof(auditor):
    write(5)
    sequencer.catch_up(now=NOW)
    record = Record.objects.filter(action="test.done").first()
    shown = auditor.get(reverse("api-record", args=[record.pk])).json()
    assert shown["record"]["id"] == str(record.pk)
    proof = auditor.get(reverse("api-record-proof", args=[record.pk])).json()
    assert proof["index"] == shown["record"]["index"]
    assert proof["checkpoint"].startswith("vouchsafe.example/ledger\n")
    assert last_record("audit.proof_taken").object == f"record:{record.pk}"


def test_a_proof_that_cannot_be_given_yet_is_409(auditor):
    write(1)
    record = Record.objects.get(action="test.done")
    answer = auditor.get(reverse("api-record-proof", args=[record.pk]))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_log_yet")


def test_a_filter_that_cannot_be_read_is_named(auditor):
    answer = auditor.get(reverse("api-records"), {"notice": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "notice"


def test_exports_by_api(auditor):
    notice = uuid.uuid4()
    write(2, notice=notice)
    body = {"notice": str(notice), "reason": "Letter 12"}
    made = auditor.post(reverse("api-exports"), body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["state"] == "requested"
    export = Export.objects.get()
    assert made["Location"] == reverse("api-export", args=[export.pk])
    download = reverse("api-export-download", args=[export.pk])
    assert auditor.post(download).status_code == 409
    service.build_export(export_id=export.pk, now=clock.now())
    assert auditor.get(made["Location"]).json()["state"] == "ready"
    assert auditor.post(download)["Content-Type"] == "application/zip"
    listed = auditor.get(reverse("api-exports")).json()["results"]
    assert [row["id"] for row in listed] == [str(export.pk)]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("notice", {"reason": "x"}),
        ("reason", {"notice": str(uuid.uuid4())}),
        ("period_to", {"reason": "x", "period_from": "2026-03-02T00:00:00Z"}),
        ("notice", {"reason": "x", "notice": str(uuid.uuid4())}),
    ],
)
def test_a_bad_request_names_the_field(field, body, auditor):
    answer = auditor.post(reverse("api-exports"), body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_the_second_factor_is_asked_for(client):
    sign_in(client, make_user(Role.AUDITOR))
    body = {"notice": str(uuid.uuid4()), "reason": "x"}
    answer = client.post(reverse("api-exports"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


def test_others_may_not(client):
    sign_in(client, make_user(Role.AUTHOR), stepped_up=True)
    for route in ("api-records", "api-exports"):
        assert client.get(reverse(route)).status_code == 403
