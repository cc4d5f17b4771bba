"""Records and exports under /api/v1/."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit import sequencer
from audit.models import Record
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


def test_others_may_not(client):
    sign_in(client, make_user(Role.AUTHOR), stepped_up=True)
    assert client.get(reverse("api-records")).status_code == 403
