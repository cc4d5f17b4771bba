"""Lists, live figures and deliveries: what they show, to whom, and at what cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comms import page_selectors
from comms.models import Delivery, Notice
from core.pages import keyset_page
from core.roles import Role
from tests.builders import (
    CRITICAL,
    approved_template,
    dispatcher,
    make_investor,
    make_investors,
    make_notice,
    make_planned,
    send_all,
)
from tests.core.builders import last_record

from .visitors import ref_of, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("null_providers")]


@pytest.fixture
def auditor() -> Client:
    return visitor()


def html(client: Client, name: str, *args, query: str = "", **headers: str) -> str:
    answer = client.get(reverse(name, args=args) + query, headers=headers)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def queries(client: Client, url: str) -> int:
    client.get(url)  # what is cached once per process is not counted
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_an_empty_list_says_what_to_do():
    assert "Choose an approved template" in html(visitor(Role.DISPATCHER), "notice-list")
    assert "A dispatcher prepares notices" in html(visitor(), "notice-list")


def test_the_filters_live_in_the_address(auditor):
    actor = dispatcher()
    outage = make_notice(actor=actor, title="Outage on Monday")
    halt = make_notice(actor=actor, title="Trading halt", criticality="routine")
    for query, found in [
        ("?q=outage", outage),
        ("?q=" + halt.code[:6].lower(), halt),
        ("?criticality=routine", halt),
        ("?state=draft&line=retail&q=halt", halt),
    ]:
        page = html(auditor, "notice-list", query=query)
        other = halt if found is outage else outage
        assert found.title in page
        assert other.title not in page
    assert "No notice matches" in html(auditor, "notice-list", query="?state=done")


def test_an_unknown_filter_is_said_and_a_foreign_cursor_refused(auditor):
    assert "Select a valid choice" in html(auditor, "notice-list", query="?state=nonsense")
    assert auditor.get(reverse("notice-list") + "?cursor=x").status_code == 422


def test_only_ones_own_lines_are_listed(auditor):
    notice = make_notice(title="Outage on Monday")
    assert notice.title in html(visitor(Role.RELEASER), "notice-list")
    assert notice.title not in html(visitor(Role.RELEASER, "wealth"), "notice-list")
    assert visitor(Role.ADMINISTRATOR).get(reverse("notice-list")).status_code == 403


def test_the_figures_add_up_and_link_to_the_deliveries(auditor):
    make_investors(3)
    make_investors(1, consents=["inbox"])
    notice = make_planned(channels=CRITICAL, criticality="critical")
    before = page_selectors.figures(notice.pk)
    assert (before.total, before.waiting, before.handed_over) == (7, 7, 0)
    send_all()
    after = page_selectors.figures(notice.pk)
    assert (after.total, after.waiting, after.handed_over) == (7, 0, 7)
    assert [rung.level for rung in after.ladder][:2] == ["accepted", "delivered"]
    assert after.ladder[0].count == Delivery.objects.filter(evidence__gte=10).count()
    page = html(auditor, "notice-detail", notice.pk)
    assert "?channel=sms&amp;state=accepted" in page
    assert "Ladder of evidence" in page


def test_the_live_part_asks_for_the_page_again_when_the_state_moved(auditor):
    make_investors(1)
    notice = make_planned()
    url = reverse("notice-live", args=[notice.pk])
    part = auditor.get(f"{url}?state=sending", headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in part.content.decode()
    assert "<html" not in part.content.decode()
    moved = auditor.get(f"{url}?state=released", headers={"HX-Request": "true"})
    assert (moved.status_code, moved["HX-Refresh"]) == (204, "true")
    assert auditor.get(url).status_code == 302


def test_exclusions_are_final_after_planning(auditor):
    make_investors(1)
    silent = make_investor(consents=["inbox"])
    notice = make_planned()
    page = html(auditor, "notice-excluded", notice.pk)
    assert "No consent to this channel" in page
    assert "as a dry run" not in page
    assert ref_of(silent)[-4:] in page
    assert ref_of(silent) not in page
    empty = html(auditor, "notice-excluded", notice.pk, query="?reason=suppressed&channel=sms")
    assert "Nobody for this reason" in empty


def test_deliveries_are_filtered_and_paged(auditor):
    make_investors(60)
    notice = make_planned(channels={"parallel": ["sms"], "fallback": ["email"]})
    first = html(auditor, "notice-deliveries", notice.pk)
    assert first.count("<tr data-item>") == 50
    assert "cursor=" in first
    standby = html(auditor, "notice-deliveries", notice.pk, query="?state=standby&channel=email")
    assert standby.count("<tr data-item>") == 50
    none = html(auditor, "notice-deliveries", notice.pk, query="?state=failed")
    assert "No delivery matches" in none


def test_each_delivery_is_on_exactly_one_page(auditor):
    make_investors(40)
    notice = make_planned(channels={"parallel": ["sms", "inbox"]})
    seen, cursor = [], None
    while True:
        page = one_page(notice, cursor)
        seen += [row.pk for row in page]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 80


def one_page(notice: Notice, cursor: str | None):
    return keyset_page(
        page_selectors.deliveries_of(notice), cursor, 7, order=page_selectors.BY_INVESTOR
    )


def test_a_delivery_shows_its_message_masked_and_proven_and_the_look_is_recorded(auditor):
    make_investor(name="王小明")
    notice = make_planned(channels={"parallel": ["sms"]})
    delivery = Delivery.objects.get()
    waiting = html(auditor, "delivery-detail", delivery.pk)
    assert "Nothing was written for it yet" in waiting
    send_all()
    page = html(auditor, "delivery-detail", delivery.pk)
    assert "王**" in page
    assert "王小明" not in page
    assert "Matches the commitment in the log" in page
    assert "Accepted by the provider" in page
    assert "+86 138****" in page
    record = last_record("delivery.shown")
    assert (record.delivery, record.notice) == (delivery.pk, notice.pk)


def test_a_mail_is_shown_in_an_inert_document(auditor):
    make_investor()
    make_planned(channels={"parallel": ["email"]})
    delivery = Delivery.objects.get()
    url = reverse("delivery-message", args=[delivery.pk])
    assert auditor.get(url).status_code == 404
    send_all()
    answer = auditor.get(url)
    assert "王小明" not in answer.content.decode()
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_delivery_of_another_line_does_not_exist():
    make_investors(1)
    make_planned()
    delivery = Delivery.objects.get()
    url = reverse("delivery-detail", args=[delivery.pk])
    assert visitor(Role.RELEASER).get(url).status_code == 200
    assert visitor(Role.RELEASER, "wealth").get(url).status_code == 404
    assert visitor(Role.SUPERVISOR).get(url).status_code == 403


def test_the_number_of_queries_does_not_grow(auditor):
    make_investors(3)
    make_investors(3, consents=["inbox"])
    few = make_planned(channels=CRITICAL, criticality="critical")
    names = ("notice-detail", "notice-deliveries", "notice-excluded")
    list_url = reverse("notice-list")
    small = [queries(auditor, reverse(name, args=[few.pk])) for name in names]
    small.append(queries(auditor, list_url))
    make_investors(12)
    make_investors(12, consents=["inbox"])
    many = make_planned(channels=CRITICAL, criticality="critical")
    for _each in range(2):
        make_planned()
    large = [queries(auditor, reverse(name, args=[many.pk])) for name in names]
    large.append(queries(auditor, list_url))
    assert large == small
    assert max(large) <= 20


def test_a_template_shows_where_it_was_used():
    version = approved_template()
    notice = make_notice(version, title="Outage on Monday")
    foreign = make_notice(title="Another template")
    page = html(visitor(Role.REVIEWER), "template-detail", version.template_id)
    assert notice.title in page
    assert foreign.title not in page
    listed = html(visitor(), "notice-list", query=f"?template={version.template.code}")
    assert notice.title in listed
    assert foreign.title not in listed
    assert "Where used" not in html(visitor(Role.AUTHOR), "template-detail", version.template_id)
