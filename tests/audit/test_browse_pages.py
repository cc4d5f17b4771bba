"""The auditor's pages through HTTP: facets, as of, timelines, downloads, saved queries."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid

import psycopg
import pytest
from django.db import connection
from django.db.utils import Error
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import sequencer
from audit.browsing import services
from audit.browsing.models import QueryAnswer, SavedQuery
from audit.browsing.rules import RecordFilter
from audit.leaf import leaf_data
from audit.models import Checkpoint, Record
from audit.selectors import entry_of
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, StepUpRequired
from core.roles import Role
from tests.audit.builders import NOW, as_superuser, staff, write
from tests.core.builders import last_record, make_user, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "audit-list"


@pytest.fixture
def auditor(client: Client) -> Client:
    return sign_in(client, make_user(Role.AUDITOR), stepped_up=True)


@pytest.fixture
def notice() -> uuid.UUID:
    """A notice with records of two kinds, in the log."""
    made = uuid.uuid4()
    write(3, action="notice.created", notice=made)
    write(2, action="delivery.failed", notice=made, delivery=uuid.uuid4())
    write(4, action="notice.created", notice=uuid.uuid4())
    sequencer.catch_up(now=NOW)
    return made


def text_of(response) -> str:
    return response.content.decode()


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def facets_of(response) -> dict[str, dict[str, str]]:
    return {
        title: {choice.words: choice.number for choice in choices}
        for title, choices in response.context["facets"]
    }


# --- facets and search ----------------------------------------------------------------------


def test_facets_count_what_the_list_holds_and_lead_to_it(auditor, notice):
    page = auditor.get(reverse(LIST), {"notice": str(notice)})
    facets = facets_of(page)
    assert facets["Action"] == {"Notice prepared": "3", "Delivery failed": "2"}
    assert facets["Outcome"] == {"Done": "3", "Failed": "2"}
    assert facets["About"] == {"Notice": "5", "Delivery": "2"}
    assert page.context["found"] == "5"
    (failed,) = (c for _t, cs in page.context["facets"] for c in cs if c.words == "Failed")
    narrowed = auditor.get(reverse(LIST) + failed.url)
    assert len(narrowed.context["rows"]) == 2
    (chosen,) = (c for _t, cs in narrowed.context["facets"] for c in cs if c.chosen)
    assert len(auditor.get(reverse(LIST) + chosen.url).context["rows"]) == 5


def test_counting_stops(auditor):
    write(1005, action="notice.created")
    page = auditor.get(reverse(LIST), {"action": "notice.created"})
    assert page.context["found"] == "1,000+"
    assert facets_of(page)["Action"] == {"Notice prepared": "1,000+"}


@pytest.mark.parametrize("text", ["failed", "DELIVERY FAILED", "delivery.failed"])
def test_actions_are_searched_by_what_they_are_called(auditor, notice, text):
    rows = auditor.get(reverse(LIST), {"q": text}).context["rows"]
    assert [row.record.action for row in rows] == ["delivery.failed"] * 2


@pytest.mark.parametrize("text", ["风险提示", "风险", "险提"])
def test_content_is_searched_in_chinese(auditor, notice, text):
    rows = auditor.get(reverse(LIST), {"q": text}).context["rows"]
    assert {row.record.action for row in rows} == {"notice.created"}


def test_sealed_parts_are_never_searched(auditor):
    auditor.get(reverse(LIST), {"q": "unmistakable"})  # sealed in the record of this look
    assert last_record("audit.browsed").sealed is not None
    assert not auditor.get(reverse(LIST), {"q": "unmistakable"}).context["rows"]


def test_wrong_filters_are_named(auditor):
    page = text_of(auditor.get(reverse(LIST), {"channel": "a b"}))
    assert "Enter a valid value" in page
    assert auditor.get(reverse(LIST), {"cursor": "nonsense"}).status_code == 422


# --- as of ----------------------------------------------------------------------------------


def test_as_of_shows_what_was_recorded_then_and_the_log_of_then(auditor):
    late = NOW + dt.timedelta(hours=2)
    write(2, action="notice.created")
    sequencer.catch_up(now=NOW)
    then = Checkpoint.objects.latest("size").size
    write(3, action="notice.changed", now=late)
    sequencer.catch_up(now=late)
    query = {"as_of": "2026-03-02T18:00", "q": "notice"}  # Shanghai: half an hour after NOW
    page = auditor.get(reverse(LIST), query)
    assert {row.record.action for row in page.context["rows"]} == {"notice.created"}
    assert page.context["log_then"].size == then
    assert f"The log had {then} records then" in text_of(page)
    page = auditor.get(reverse(LIST), {**query, "as_of": "2026-03-02T19:30"})
    assert len(page.context["rows"]) == 5
    assert last_record("audit.browsed").facts["filters"]["as_of"] == late.isoformat()


# --- timelines ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["investor", "notice", "template", "incident", "staff"])
def test_a_timeline_holds_everything_about_one_object(auditor, kind):
    about = uuid.uuid4()
    write(3, action="notice.created", **{kind: about})
    write(2, action="notice.created", **{kind: uuid.uuid4()})
    page = auditor.get(reverse("audit-timeline", args=[kind, about]))
    assert len(page.context["rows"]) == 3
    assert "Notice prepared" in text_of(page)
    assert last_record("audit.browsed").facts["filters"] == {kind: str(about)}


def test_the_timeline_of_a_person_has_what_they_did_and_what_was_done_to_them(auditor):
    user = make_user(Role.AUTHOR)
    page = auditor.get(reverse("audit-timeline", args=["staff", user.pk]))
    assert [row.record.action for row in page.context["rows"]][-1] == "user.created"
    assert str(user) in text_of(page)


def test_there_are_no_other_timelines(auditor):
    assert auditor.get(reverse("audit-timeline", args=["payload", NOTHING])).status_code == 404


NOTHING = uuid.UUID(int=1)


def test_an_empty_timeline_says_so(auditor):
    page = auditor.get(reverse("audit-timeline", args=["notice", NOTHING]))
    assert "The ledger holds nothing about it" in text_of(page)


def test_the_number_of_queries_does_not_grow(auditor):
    notice, counts = uuid.uuid4(), []
    for size in (2, 60):
        write(size, action="notice.created", notice=notice)
        for url in (
            reverse(LIST) + f"?q=notice&outcome=done&notice={notice}&since=2026-01-01",
            reverse("audit-timeline", args=["notice", notice]),
        ):
            with CaptureQueriesContext(connection) as queries:
                auditor.get(url)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


# --- downloads ------------------------------------------------------------------------------


def test_the_page_as_csv_is_neutralised_and_recorded(auditor, notice):
    url = reverse("audit-download") + f"?notice={notice}"
    answer = auditor.post(url, {"layout": "csv"})
    table = list(csv.reader(io.StringIO(body_of(answer).decode("utf-8-sig"))))
    assert len(table) == 6
    assert all(not cell.startswith(tuple("=+-@\t\0")) for row in table for cell in row)
    noted = last_record("audit.downloaded").facts
    assert noted["records"] == 5
    assert noted["layout"] == "csv"
    assert noted["filters"] == {"notice": str(notice)}


def test_lines_are_what_the_log_commits_to(auditor, notice):
    url = reverse("audit-download") + f"?notice={notice}"
    lines = body_of(auditor.post(url, {"layout": "jsonl"})).splitlines()
    records = Record.objects.filter(notice=notice).order_by("-id")
    assert lines == [leaf_data(entry_of(record)) for record in records]


def test_all_matches_need_a_second_factor_and_are_bounded(auditor, client, monkeypatch):
    write(120, action="notice.created")
    monkeypatch.setattr(services, "DOWNLOAD", 100)
    url = reverse("audit-download") + "?action=notice.created"
    answer = auditor.post(url, {"layout": "jsonl", "all": "1"})
    assert len(body_of(answer).splitlines()) == 100
    assert last_record("audit.downloaded").facts["cut"] is True
    with pytest.raises(StepUpRequired):
        services.download(
            filters=RecordFilter(),
            layout="csv",
            actor=staff(Role.AUDITOR, now=None),
            now=NOW,
            everything=True,
        )


def test_a_download_that_cannot_be_read_is_refused(auditor):
    assert auditor.post(reverse("audit-download"), {"layout": "exe"}).status_code == 422
    assert auditor.get(reverse("audit-download")).status_code == 405
    with pytest.raises(Forbidden):
        services.download(filters=RecordFilter(), layout="csv", actor=staff(Role.AUTHOR), now=NOW)
    assert not Record.objects.filter(action="audit.downloaded").exists()


# --- saved queries --------------------------------------------------------------------------


def save(auditor: Client, **query: str) -> SavedQuery:
    url = reverse("audit-query-save") + "?" + "&".join(f"{k}={v}" for k, v in query.items())
    answer = auditor.post(url, {"name": "Failures of March"})
    assert answer.status_code == 302, text_of(answer)
    return SavedQuery.objects.get()


def test_a_saved_query_gives_the_same_answer_again(auditor, notice):
    query = save(auditor, notice=notice, q="notice")
    assert query.found == 3
    assert last_record("audit.query_saved").facts["digest"] == bytes(query.digest).hex()
    write(2, action="notice.changed", notice=notice)
    sequencer.catch_up(now=NOW)
    auditor.post(reverse("audit-query-run", args=[query.pk]))
    answer = QueryAnswer.objects.get()
    assert answer.same
    assert (answer.found, answer.found_now) == (3, 5)
    page = text_of(auditor.get(reverse("audit-query", args=[query.pk])))
    assert "The same" in page
    assert last_record("audit.query_run").facts["same"] is True
    shown = auditor.get(reverse(LIST), {"saved": str(query.pk)})
    assert len(shown.context["rows"]) == 5


def test_a_record_that_is_gone_changes_the_answer(auditor, notice, admin_conninfo):
    query = save(auditor, notice=notice)
    victim = Record.objects.filter(notice=notice).first()
    as_superuser(admin_conninfo, f"DELETE FROM audit_record WHERE id = '{victim.pk}'")
    auditor.post(reverse("audit-query-run", args=[query.pk]))
    assert not QueryAnswer.objects.get().same
    assert "Different" in text_of(auditor.get(reverse("audit-query", args=[query.pk])))


def test_the_text_of_a_saved_query_is_sealed(auditor, notice):
    query = save(auditor, q="13800138000")
    with connection.cursor() as cursor:
        cursor.execute("SELECT q::text FROM audit_savedquery q")
        (stored,) = cursor.fetchone()
    assert "13800138000" not in stored
    assert services.filters_of(query).text == "13800138000"
    assert "13800138000" not in text_of(auditor.get(reverse("audit-query", args=[query.pk])))
    assert "13800138000" not in json.dumps(last_record("audit.query_saved").facts)


def test_two_savings_of_one_text_have_different_hashes(auditor, notice):
    by = staff(Role.AUDITOR)
    one, two = (
        services.save_query(name="n", filters=RecordFilter(text="138"), actor=by, now=NOW)
        for _ in range(2)
    )
    assert bytes(one.digest) != bytes(two.digest)


def test_a_query_needs_a_name_and_a_bounded_answer(auditor, notice, monkeypatch):
    by = staff(Role.AUDITOR)
    with pytest.raises(InvalidInput, match="name"):
        services.save_query(name=" ", filters=RecordFilter(), actor=by, now=NOW)
    monkeypatch.setattr(services.selectors, "ANSWER", 2)
    with pytest.raises(InvalidInput, match="More than 2 records"):
        services.save_query(name="n", filters=RecordFilter(), actor=by, now=NOW)
    assert auditor.post(reverse("audit-query-save"), {"name": ""}).status_code == 422
    with pytest.raises(Forbidden):
        services.save_query(name="n", filters=RecordFilter(), actor=staff(Role.AUTHOR), now=NOW)
    assert not SavedQuery.objects.exists()


def test_before_the_first_checkpoint_nothing_can_be_saved(auditor):
    with pytest.raises(Conflict, match="no signed checkpoint"):
        services.save_query(name="n", filters=RecordFilter(), actor=staff(Role.AUDITOR), now=NOW)


def test_a_query_is_retired_by_its_owner_only(auditor, notice):
    query = save(auditor, notice=notice)
    with pytest.raises(NotFound):
        services.retire_query(query_id=query.pk, actor=staff(Role.AUDITOR), now=NOW)
    assert auditor.post(reverse("audit-query-retire", args=[query.pk])).status_code == 302
    assert "Failures of March" not in text_of(auditor.get(reverse("audit-queries")))
    run = auditor.post(reverse("audit-query-run", args=[query.pk]))
    assert run.status_code == 409
    again = auditor.post(reverse("audit-query-retire", args=[query.pk]))
    assert again.status_code == 409


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_savedquery SET filters = '{}'",
        "UPDATE audit_savedquery SET digest = ''",
        "DELETE FROM audit_savedquery",
        "UPDATE audit_queryanswer SET same = true",
        "DELETE FROM audit_queryanswer",
    ],
)
def test_what_was_saved_and_answered_stays(auditor, notice, statement):
    query = save(auditor, notice=notice)
    services.run_query(query_id=query.pk, actor=staff(Role.AUDITOR), now=clock.now())
    with pytest.raises(Error, match=r"permission denied|append-only"), connection.cursor() as cur:
        cur.execute(statement)
    assert SavedQuery.objects.count() == QueryAnswer.objects.count() == 1


def test_an_erased_text_is_named(auditor, notice, admin_conninfo):
    query = save(auditor, q="something")
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute(
            "UPDATE audit_subjectkey SET wrapped = NULL, destroyed_at = now() WHERE subject = %s",
            [query.owner],
        )
    with pytest.raises(Conflict, match="erased"):
        services.filters_of(query)
