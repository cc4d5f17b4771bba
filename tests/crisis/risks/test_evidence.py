"""What the product itself sees of controls: each source against what it asks."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Verification
from core import clock
from crisis.incidents.services.activating import activate
from crisis.risks.evidence import SOURCES, are_few, asked
from tests.builders import approved_template, make_investors, make_planned, send_all
from tests.crisis.risks.builders import editor

pytestmark = pytest.mark.django_db


def standing(code: str, now: dt.datetime | None = None) -> str:
    return asked([code], now or clock.now())[code].standing


def test_nothing_is_proven_in_an_empty_house() -> None:
    assert {code: standing(code) for code in SOURCES} == dict.fromkeys(SOURCES, "unproven")
    assert asked(["nobody"], clock.now()) == {}


def test_the_ledger_was_verified() -> None:
    now = clock.now()
    Verification.objects.create(started_at=now, finished_at=now, ok=True, size=3)
    assert standing("ledger_verified") == "works"
    assert standing("ledger_verified", now + dt.timedelta(hours=37)) == "stale"
    Verification.objects.create(started_at=now, finished_at=now, ok=False, size=3)
    assert standing("ledger_verified") == "fails"


def test_a_template_that_two_people_approved() -> None:
    approved_template()
    assert standing("templates_by_two") == "works"
    assert standing("templates_by_two", clock.now() + dt.timedelta(days=91)) == "unproven"


def test_the_share_of_failed_deliveries() -> None:
    make_investors(2)
    make_planned(channels={"parallel": ["inbox"]})
    assert standing("deliveries") == "unproven"  # planned, and nothing attempted
    send_all()
    found = asked(["deliveries"], clock.now())["deliveries"]
    assert found.standing == "works" and "0 of 2" in str(found.said)
    assert standing("deliveries", clock.now() + dt.timedelta(days=31)) == "unproven"


@pytest.mark.parametrize(("failed", "few"), [(0, True), (5, True), (6, False), (100, False)])
def test_at_most_five_of_a_hundred_may_fail(failed: int, few: bool) -> None:
    assert are_few(failed, 100) is few


def test_an_open_drill_is_no_evidence() -> None:
    activate(title="Drill", exercise=True, actor=editor(), now=clock.now())
    assert standing("drill") == "unproven"
