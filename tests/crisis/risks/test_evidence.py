"""What the product itself sees of controls: each source against what it asks."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Verification
from comms.models import Tally
from core import clock
from crisis.incidents.services.activating import activate
from crisis.risks.evidence import SOURCES, asked
from tests.builders import approved_template, make_investors, make_released
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


@pytest.mark.parametrize(("failed", "said"), [(5, "works"), (6, "fails")])
def test_at_most_five_of_a_hundred_deliveries_may_fail(failed: int, said: str) -> None:
    make_investors(1)
    notice = make_released()
    now = clock.now()
    for state, count in (("failed", failed), ("delivered", 90), ("accepted", 10 - failed)):
        Tally.objects.create(
            notice=notice.pk, channel="sms", state=state, evidence=0, delta=count, at=now
        )
    found = asked(["deliveries"], now)["deliveries"]
    assert (found.standing, f"{failed} of 100" in str(found.said)) == (said, True)
    assert standing("deliveries", now + dt.timedelta(days=31)) == "unproven"


def test_an_open_drill_is_no_evidence() -> None:
    activate(title="Drill", exercise=True, actor=editor(), now=clock.now())
    assert standing("drill") == "unproven"
