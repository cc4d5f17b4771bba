"""Tallies are rolled up and stay exact while deliveries go on moving."""

from __future__ import annotations

import datetime as dt
import threading

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections

from comms.models import Delivery, Tally
from comms.page_selectors import figures
from comms.services import closing
from core import clock
from tests.builders import make_investors, make_planned, send_all

pytestmark = pytest.mark.django_db(transaction=True)
LATER = dt.timedelta(minutes=2)


def counted(notice) -> dict[str, int]:
    states: dict[str, int] = {}
    for state in Delivery.objects.filter(notice=notice).values_list("state", flat=True):
        states[state] = states.get(state, 0) + 1
    return states


def test_a_notice_that_ends_keeps_one_row_per_count(null_providers):
    make_investors(30)
    notice = make_planned()
    send_all(limit=3)
    before = figures(notice.pk)
    assert Tally.objects.filter(notice=notice.pk).count() > 20
    closing.finish_notices(now=clock.now())
    assert Tally.objects.filter(notice=notice.pk).count() == 1
    assert figures(notice.pk) == before


def test_a_crowded_notice_is_rolled_up_while_it_goes_out(null_providers, monkeypatch):
    monkeypatch.setattr(closing, "CROWDED", 10)
    make_investors(30)
    notice = make_planned()
    send_all(limit=3)
    rows = Tally.objects.filter(notice=notice.pk).count()
    assert closing.compact_tallies(now=clock.now()) == 0  # the last minute tells the rate
    assert closing.compact_tallies(now=clock.now() + LATER) == rows - 1
    assert dict(figures(notice.pk).by_state) == counted(notice) == {"accepted": 30}


def test_rolling_up_loses_no_row_of_a_transaction_still_open(null_providers, admin_conninfo):
    make_investors(4)
    notice = make_planned()
    with psycopg.connect(admin_conninfo) as other:
        other.execute(
            "UPDATE comms_delivery SET state = 'cancelled' WHERE id = "
            "(SELECT id FROM comms_delivery WHERE notice_id = %s LIMIT 1)",
            [notice.pk],
        )
        closing._compact(notice.pk, before=clock.now() + LATER)
        assert dict(figures(notice.pk).by_state) == {"queued": 4}
        other.commit()
    assert dict(figures(notice.pk).by_state) == {"queued": 3, "cancelled": 1}
    closing._compact(notice.pk, before=clock.now() + LATER)
    assert dict(figures(notice.pk).by_state) == counted(notice)


def test_many_who_roll_up_at_once_count_nothing_twice(null_providers):
    make_investors(60)
    notice = make_planned()

    def roll_up() -> None:
        for _ in range(20):
            closing._compact(notice.pk, before=clock.now() + LATER)
        connections.close_all()

    threads = [threading.Thread(target=roll_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    send_all(limit=4)
    for thread in threads:
        thread.join()
    assert dict(figures(notice.pk).by_state) == counted(notice) == {"accepted": 60}


def test_nobody_writes_tallies_by_hand(null_providers):
    make_investors(1)
    make_planned()
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM comms_tally")
