"""Correspondence or retail communication, by what was really sent (FINRA 2210(a))."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from comms import reach
from comms.models import Delivery
from core import clock
from core.roles import Role
from templates_mgmt.filing import selectors
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import ClassChange
from templates_mgmt.filing.rules import RETAIL_DAYS, RETAIL_LIMIT, class_in_effect
from tests.builders import make_investors, make_planned, send_all
from tests.comms import rows
from tests.core.builders import actor_of, last_record, make_line, make_user
from tests.templates_mgmt.filing import approve, make_filed

from .visitors import visitor

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def hand_over(notice, investor, channel: str, day: int) -> None:
    delivery = rows.make_delivery(notice, investor, channel=channel)
    at = NOW + dt.timedelta(days=day)
    Delivery.objects.filter(pk=delivery.pk).update(handed_at=at)


def counted(notice):
    return reach.busiest([notice.version_id])[notice.version_id]


def by_hand(days: dict[int, set[int]]) -> tuple[int, int]:
    """The busiest period by going through all of them: most investors, and its earliest start."""
    starts = range(min(days) - RETAIL_DAYS, max(days) + 1)
    sums = {
        start: len(set().union(*(days.get(start + n, set()) for n in range(RETAIL_DAYS))))
        for start in starts
    }
    return max(sums.values()), min(start for start in starts if sums[start] == max(sums.values()))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.django_db
def test_the_query_counts_what_going_through_every_period_counts(seed):
    rng = random.Random(seed)
    notice = rows.make_notice()
    days: dict[int, set[int]] = {}
    for person in range(8):
        investor = rows.make_investor(email=f"a{person}@example.com", phone=f"+12025550{person:03}")
        for channel in rng.sample(["sms", "email", "inbox"], rng.randint(1, 3)):
            day = rng.randint(0, 75)
            hand_over(notice, investor, channel, day)
            days.setdefault(day, set()).add(person)
    found = counted(notice)
    people, start = by_hand(days)
    assert (found.people, found.everybody) == (people, 8)
    assert found.since == (NOW + dt.timedelta(days=start)).date()


@pytest.mark.django_db
@pytest.mark.parametrize(("apart", "people"), [(RETAIL_DAYS - 1, 2), (RETAIL_DAYS, 1)])
def test_a_period_has_thirty_days_and_no_more(apart, people):
    notice = rows.make_notice()
    for person, day in enumerate((0, apart)):
        hand_over(notice, rows.make_investor(phone=f"+1202555000{person}"), "sms", day)
    assert counted(notice).people == people and counted(notice).everybody == 2


@pytest.mark.django_db
def test_a_person_counts_once_and_what_was_not_handed_over_does_not():
    notice, investor = rows.make_notice(), rows.make_investor(email="a@example.com")
    for channel, day in (("email", 0), ("inbox", 3)):
        hand_over(notice, investor, channel, day)
    rows.make_delivery(notice, rows.make_investor(phone="+12025550001"))
    assert (counted(notice).people, counted(notice).everybody) == (1, 1)
    assert reach.busiest([]) == {}


@pytest.mark.parametrize("stated", ["retail", "institutional", "correspondence", ""])
@pytest.mark.parametrize("people", [0, RETAIL_LIMIT, RETAIL_LIMIT + 1])
def test_only_correspondence_to_more_than_25_changes_its_class(stated, people):
    changes = stated == "correspondence" and people == 26
    assert class_in_effect(stated, people) == ("retail" if changes else stated)


def sent_to(count: int, stated: str = "correspondence"):
    make_investors(count)
    version = approve(make_filed(communication_class=stated))
    make_planned(version)
    send_all()
    return version


@pytest.mark.django_db(transaction=True)
class TestClassFollows:
    def test_twenty_five_stay_correspondence(self, null_providers):
        version = sent_to(RETAIL_LIMIT)
        assert filings.follow_reach(now=clock.now()) == 0
        shown = selectors.shown(version, clock.now())
        assert shown.reach.people == RETAIL_LIMIT and shown.class_in_effect == "correspondence"

    def test_the_twenty_sixth_makes_it_retail_once_and_for_good(self, null_providers):
        version = sent_to(RETAIL_LIMIT + 1)
        before = selectors.shown(version, clock.now())
        assert before.class_in_effect == "retail" and before.class_change is None
        assert [filings.follow_reach(now=clock.now()) for _time in range(2)] == [1, 0]
        written = last_record("template.class_changed")
        assert written.facts["to"] == "retail" and written.facts["people"] == 26
        row = ClassChange.objects.get()
        filing = version.filing
        filing.refresh_from_db()
        assert filing.communication_class == "correspondence"  # as filed; its hash stays true
        for statement in ("UPDATE", "DELETE"):
            verb = "DELETE FROM" if statement == "DELETE" else "UPDATE"
            rest = "" if statement == "DELETE" else " SET people = 1"
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"{verb} templates_mgmt_classchange{rest}")
        assert ClassChange.objects.get() == row

    def test_the_page_the_api_and_the_export_say_it(self, null_providers):
        version = sent_to(RETAIL_LIMIT + 1)
        filings.follow_reach(now=clock.now())
        page = visitor(Role.AUDITOR).get(reverse("version-filing", args=[version.pk]))
        text = page.content.decode()
        assert "26 within the busiest 30 days" in text and "Retail communication" in text
        actor = actor_of(make_user(Role.AUDITOR, lines=[make_line()]))
        record = selectors.record_of(actor, version.pk)
        assert (record["communication_class"], record["class_in_effect"]) == (
            "correspondence", "retail",
        )  # fmt: skip
        assert (record["investors_in_30_days"], record["investors"]) == (26, 26)

    def test_what_its_author_filed_as_retail_stays_so(self, null_providers):
        version = sent_to(1, "retail")
        assert filings.follow_reach(now=clock.now()) == 0
        assert selectors.shown(version, clock.now()).class_in_effect == "retail"
