"""Lists taken away as tables: the same filters, masked, recorded, after a fresh second factor."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.listing import services as listing
from audit.models import Record, SubjectKey
from core.lists.models import SavedView
from core.roles import Role
from investors.models import Investor
from tests.audit.retention import no_duties
from tests.builders import make_investors, make_notice, make_planned, make_user
from tests.core.builders import last_record, make_line, sign_in
from tests.investors.builders import investor as import_one
from tests.templates_mgmt.builders import make_approved, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    return sign_in(Client(), make_user(Role.AUDITOR, lines=[make_line()]), stepped_up=True)


def taken(client: Client, route: str, *args: object, query: str = "") -> list[list[str]]:
    """The rows of the file, heading first; its hash and its count are what the ledger says."""
    answer = client.post(reverse(route, args=args) + query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"].startswith("attachment")
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    told = last_record("list.exported").content
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert told["rows"] == len(rows) - 1
    return rows


def test_investors_are_masked_and_filtered_as_on_the_screen(auditor):
    make_investors(3)
    make_investors(2, language="en")
    heading, *rows = taken(auditor, "investor-list-export", query="?language=en&cursor=x")
    assert len(rows) == 2 and "Phone" in heading
    assert {row[heading.index("Language")] for row in rows} == {"English"}
    text = str(rows)
    for who in Investor.objects.filter(language="en"):
        assert str(who.pk) in text
    assert "*" in rows[0][heading.index("Phone")]
    assert last_record("list.exported").content["filters"] == {"language": "en"}


def test_what_was_searched_for_is_sealed(auditor):
    import_one()
    make_investors(1)
    _heading, *rows = taken(auditor, "investor-list-export", query="?q=13812345678")
    assert len(rows) == 1
    told = last_record("list.exported")
    assert told.content["searched_text"] and told.sealed
    assert "13812345678" not in told.payload


def test_notices(auditor):
    make_investors(2)
    make_planned(title="=1+1")
    make_notice(title="Draft")
    heading, *rows = taken(auditor, "notice-list-export")
    titles = [row[heading.index("Notice")] for row in rows]
    assert titles == ["Draft", "'=1+1"]
    (row,) = taken(auditor, "notice-list-export", query="?state=draft")[1:]
    assert row[heading.index("Notice")] == "Draft"


def test_deliveries_of_a_notice_over_several_pages(auditor, monkeypatch):
    monkeypatch.setattr(listing, "MAX_PAGE_SIZE", 7)
    make_investors(20)
    notice = make_planned(channels={"parallel": ["sms", "inbox"]})
    heading, *rows = taken(auditor, "notice-deliveries-export", notice.pk)
    assert len(rows) == len({row[0] for row in rows}) == 40
    assert last_record("list.exported").notice == notice.pk
    only = taken(auditor, "notice-deliveries-export", notice.pk, query="?channel=inbox")[1:]
    assert len(only) == 20
    seen = {row[heading.index("Customer number")] for row in rows}
    assert all("*" in ref for ref in seen)


def test_whoever_may_not_see_investors_gets_pseudonyms():
    make_investors(2)
    notice = make_planned()
    reviewer = sign_in(Client(), make_user(Role.REVIEWER, lines=[make_line()]), stepped_up=True)
    heading, *rows = taken(reviewer, "notice-deliveries-export", notice.pk)
    assert {row[heading.index("Customer number")] for row in rows} == {""}


def test_templates(auditor):
    make_approved()
    make_draft(code="second")
    heading, *rows = taken(auditor, "template-list-export", query="?state=draft")
    assert [row[0] for row in rows] == ["second"]
    assert rows[0][heading.index("State")] == "Draft"


def test_an_erased_investor_leaves_nothing_personal(auditor):
    who = import_one()
    no_duties()
    SubjectKey.objects.filter(subject=who).update(wrapped=None, destroyed_at="2026-01-01T00:00Z")
    _heading, row = taken(auditor, "investor-list-export")
    assert row[:4] == ["erased", "", "", ""]


def test_without_a_fresh_second_factor_nothing_leaves():
    client = sign_in(Client(), make_user(Role.AUDITOR, lines=[make_line()]))
    answer = client.post(reverse("investor-list-export"))
    assert answer.status_code in (302, 303) and "step-up" in answer["Location"]
    assert not Record.objects.filter(action="list.exported").exists()


def test_too_many_rows_are_refused_by_name(auditor, monkeypatch):
    monkeypatch.setattr(listing, "MOST", 2)
    make_investors(3)
    answer = auditor.post(reverse("investor-list-export"))
    assert answer.status_code in (400, 422)
    assert "More than 2 rows match" in answer.content.decode()
    assert not Record.objects.filter(action="list.exported").exists()


def test_a_file_that_fails_half_way_is_not_handed_out(auditor, monkeypatch):
    make_investors(1)

    def broken(ids):
        raise RuntimeError("broken")

    monkeypatch.setattr("investors.list_views.selectors.masked_in_use", broken)
    auditor.raise_request_exception = False
    assert auditor.post(reverse("investor-list-export")).status_code == 500
    assert not Record.objects.filter(action="list.exported").exists()


# --- saved views -------------------------------------------------------------------------------

LISTS = ["investor-list", "notice-list", "template-list"]
FILTER = {"investor-list": "language=en", "notice-list": "state=draft",
          "template-list": "state=draft"}  # fmt: skip


@pytest.mark.parametrize("route", LISTS)
def test_a_view_is_saved_shown_as_a_tab_and_removed(auditor, route):
    here = f"{reverse(route)}?{FILTER[route]}"
    assert "Save these filters" in auditor.get(here).content.decode()
    saved = auditor.post(reverse("view-save", args=[route]), {"name": "Mine", "path": here})
    assert saved.url == here
    page = auditor.get(reverse(route)).content.decode()
    assert f'href="{here}"' in page and "Mine" in page
    assert "Save these filters" not in page
    shown = auditor.get(here).content.decode()
    assert "Remove this view" in shown and "Save these filters" not in shown
    view = SavedView.objects.get()
    gone = auditor.post(reverse("view-remove", args=[view.pk]), {"path": reverse(route)})
    assert gone.url == reverse(route)
    assert "Mine" not in auditor.get(reverse(route)).content.decode()


def test_a_view_without_a_name_or_elsewhere_is_refused_with_words(auditor):
    here = reverse("notice-list") + "?state=draft"
    answer = auditor.post(reverse("view-save", args=["notice-list"]), {"path": here}, follow=True)
    assert "Give the view a name" in answer.content.decode()
    away = {"name": "x", "path": "https://evil.example/?state=draft"}
    assert auditor.post(reverse("view-save", args=["notice-list"]), away).url == "/"


def test_saved_views_cost_one_query(auditor):
    url = reverse("notice-list")
    auditor.get(url)
    with CaptureQueriesContext(connection) as none:
        auditor.get(url)
    for number in range(3):
        path = f"{url}?state=draft&line=l{number}"
        auditor.post(
            reverse("view-save", args=["notice-list"]), {"name": f"{number}", "path": path}
        )
    with CaptureQueriesContext(connection) as three:
        auditor.get(url)
    assert len(three) == len(none)
