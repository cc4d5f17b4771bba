"""The audit pages through HTTP: what they show, to whom, and that looking is recorded."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import keys, selectors, sequencer, verify
from audit.models import Record, Verification
from core import clock
from core.roles import Role
from tests.audit.builders import NOW, grow, write
from tests.core.builders import last_record, make_user, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def auditor(client: Client) -> Client:
    return sign_in(client, make_user(Role.AUDITOR), stepped_up=True)


def text_of(response) -> str:
    return response.content.decode()


# --- history --------------------------------------------------------------------------------


def test_the_history_shows_records_and_records_the_look(auditor):
    notice = uuid.uuid4()
    write(3, action="notice.created", notice=notice)
    sequencer.catch_up(now=NOW)
    page = auditor.get(reverse("audit-list"), {"notice": str(notice)})
    assert text_of(page).count("<code>notice.created</code>") == 3
    looked = last_record("audit.browsed")
    assert looked.facts == {
        "filters": {"notice": str(notice)},
        "searched_text": False,
        "shown": 3,
        "further_page": False,
    }
    assert looked.actor.startswith("user:")


def test_what_was_typed_is_sealed(auditor):
    auditor.get(reverse("audit-list"), {"q": "13800138000"})
    looked = last_record("audit.browsed")
    assert looked.facts["searched_text"] is True
    assert "13800138000" not in str(looked.facts)
    assert looked.sealed is not None


@pytest.mark.parametrize("by", ["id", "place", "action", "object", "word within a filter"])
def test_searching(by, auditor):
    write(1, action="other.thing")
    write(1, action="needle.found", object="thing:7")
    sequencer.catch_up(now=NOW)
    record = Record.objects.get(action="needle.found")
    query = {
        "id": {"q": str(record.pk)},
        "place": {"q": str(selectors.listed([record])[0].index)},
        "action": {"q": "needle"},
        "object": {"q": "thing:7"},
        "word within a filter": {"q": "风险", "object": "thing:7"},
    }[by]
    page = text_of(auditor.get(reverse("audit-list"), query))
    assert "<code>needle.found</code>" in page
    assert "<code>other.thing</code>" not in page


def test_the_period_is_whole_days_of_the_readers_zone(auditor):
    write(1, action="day.second")
    page = auditor.get(reverse("audit-list"), {"since": "2026-03-02", "until": "2026-03-02"})
    assert "<code>day.second</code>" in text_of(page)
    page = auditor.get(reverse("audit-list"), {"until": "2026-03-01", "since": "2026-03-01"})
    assert "<code>day.second</code>" not in text_of(page)


def test_a_filter_that_cannot_be_read_is_named_and_nothing_is_shown(auditor):
    write(1)
    page = text_of(auditor.get(reverse("audit-list"), {"notice": "x"}))
    assert "Enter a valid UUID" in page
    assert "<code>test.done</code>" not in page


def test_pages_go_on_where_the_last_ended(auditor):
    write(120)
    first = auditor.get(reverse("audit-list"), {"action": "test.done"})
    second = auditor.get(reverse("audit-list") + first.context["next_url"])
    shown = [row.record.pk for page in (first, second) for row in page.context["rows"]]
    assert len(set(shown)) == 100
    assert shown == sorted(shown, reverse=True)


def test_the_number_of_queries_does_not_grow(auditor):
    auditor.get(reverse("audit-list"))  # its record names a person
    counts = []
    for size in (2, 60):
        write(size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            auditor.get(reverse("audit-list"))
        counts.append(len(queries))
    assert counts[1] <= counts[0]  # fewer when nobody on the page needs a name


def test_others_may_not_look(client):
    sign_in(client, make_user(Role.AUTHOR))
    assert client.get(reverse("audit-list")).status_code == 403
    assert not Record.objects.filter(action="audit.browsed").exists()


# --- one record -----------------------------------------------------------------------------


def test_a_record_shows_its_content_and_its_proof(auditor):
    write(5)
    sequencer.catch_up(now=NOW)
    record = Record.objects.filter(action="test.done").first()
    page = text_of(auditor.get(reverse("record-detail", args=[record.pk])))
    assert "风险提示 “x” =1+1" in page
    assert "Inclusion proof: " in page
    assert last_record("audit.viewed").object == f"record:{record.pk}"


def test_a_record_that_waits_says_so(auditor):
    write(1)
    record = Record.objects.get(action="test.done")
    assert "Waiting for the sequencer" in text_of(
        auditor.get(reverse("record-detail", args=[record.pk]))
    )
    assert auditor.get(reverse("record-proof", args=[record.pk])).status_code == 409


def test_a_proof_is_a_file_that_proves(auditor):
    from base64 import b64decode

    from audit import merkle
    from audit.note import open_checkpoint

    write(5)
    sequencer.catch_up(now=NOW)
    record = Record.objects.filter(action="test.done").first()
    answer = auditor.get(reverse("record-proof", args=[record.pk]))
    assert f"{record.pk}.tlog-proof" in answer["Content-Disposition"]
    head, _blank, note = text_of(answer).partition("\n\n")
    kind, index, *path = head.split("\n")
    assert kind == "c2sp.org/tlog-proof@v1"
    signed = open_checkpoint(note.encode(), keys.verifier_key()).checkpoint
    merkle.verify_inclusion(
        merkle.leaf_hash(selectors.record_detail(record.pk).leaf),
        int(index.removeprefix("index ")),
        signed.size,
        [b64decode(node) for node in path],
        signed.root,
    )
    assert last_record("audit.proof_taken").object == f"record:{record.pk}"


def test_a_record_that_is_not_there_is_404(auditor):
    for route in ("record-detail", "record-proof"):
        assert auditor.get(reverse(route, args=[uuid.uuid4()])).status_code == 404


# --- ledger ---------------------------------------------------------------------------------


def test_the_ledger_page_shows_head_key_and_last_verification(auditor):
    grow(7)
    verify.verify_log(now=clock.now())
    page = text_of(auditor.get(reverse("audit-ledger")))
    assert str(keys.verifier_key()) in page.replace("&#x2B;", "+")
    assert "Verify now" in page


def test_verifying_is_asked_for_by_post_once(auditor):
    assert auditor.get(reverse("audit-verify")).status_code == 405
    assert auditor.post(reverse("audit-verify")).status_code == 302
    assert Verification.objects.get().ok is None
    assert auditor.post(reverse("audit-verify")).status_code == 409
    state = text_of(auditor.get(reverse("audit-ledger-state")))
    assert "hx-trigger" in state
    verify.verify_log(now=clock.now(), verification_id=Verification.objects.get().pk)
    assert "hx-trigger" not in text_of(auditor.get(reverse("audit-ledger-state")))
    assert Verification.objects.get().ok is True


def test_findings_are_shown(auditor):
    Verification.objects.create(
        started_at=NOW, finished_at=NOW, ok=False, findings=[{"message": "Leaf 5 <b>"}]
    )
    assert "Leaf 5 &lt;b&gt;" in text_of(auditor.get(reverse("audit-ledger")))


# --- the log in public ----------------------------------------------------------------------


def test_the_checkpoint_is_open_to_all_and_not_cached(client):
    assert client.get("/checkpoint").status_code == 404
    grow(3)
    answer = client.get("/checkpoint")
    assert text_of(answer) == selectors.latest_checkpoint().note
    assert answer["Cache-Control"] == "no-cache"


def test_tiles_are_open_and_immutable_entries_are_not(client):
    grow(255, 1, 3)
    whole = client.get("/tile/0/000")
    assert (len(whole.content), "immutable" in whole["Cache-Control"]) == (8192, True)
    assert len(client.get("/tile/0/001.p/3").content) == 96
    assert len(client.get("/tile/1/000.p/1").content) == 32
    for path in ("0/002", "0/001.p/4", "0/1", "x/000", "entries/000", "entries/001.p/3"):
        assert client.get(f"/tile/{path}").status_code == 404
    sign_in(client, make_user(Role.AUDITOR))
    entries = client.get("/tile/entries/000")
    assert entries.status_code == 200
    assert "no-store" in entries["Cache-Control"]


def test_unsigned_tiles_are_not_shown(client):
    grow(3)
    write(2)
    sequencer.place(limit=10)
    assert client.get("/tile/0/000.p/3").status_code == 200
    assert client.get("/tile/0/000.p/5").status_code == 404
