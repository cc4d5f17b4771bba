"""Rounds of bulletins, suggested values, scores: pure."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from crisis.drills import rules as drills
from crisis.drills.rules import ClockResult, StepResult
from crisis.statements import rules
from templates_mgmt.rules import Placeholder

BEGUN = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def rounds(published=(), *, now, ended=None):
    return rules.rounds(verified_at=BEGUN, ended_at=ended, published=published, now=now)


def test_the_first_bulletin_is_owed_a_day_after_the_verification():
    (first,) = rounds(now=BEGUN + HOUR)
    assert (first.number, first.due, first.told) == (1, BEGUN + DAY, None)
    assert rules.missed([first], BEGUN + HOUR) == []


def test_a_day_without_one_is_missed_and_a_later_one_does_not_mend_it():
    told = BEGUN + DAY + HOUR
    found = rounds([told], now=BEGUN + 2 * DAY)
    assert [each.told for each in found] == [None, told, None]
    assert [each.number for each in rules.missed(found, BEGUN + 2 * DAY)] == [1]


def test_at_the_due_instant_is_in_time():
    found = rounds([BEGUN + DAY], now=BEGUN + DAY)
    assert found[0].told == BEGUN + DAY


def test_none_is_owed_after_the_end():
    found = rounds(now=BEGUN + 9 * DAY, ended=BEGUN + 2 * DAY + HOUR)
    assert [each.number for each in found] == [1, 2]


@given(st.integers(0, 60 * 24 * 10), st.lists(st.integers(0, 60 * 24 * 10), max_size=6))
def test_every_published_bulletin_counts_for_exactly_one_day(minutes, told):
    now = BEGUN + dt.timedelta(minutes=minutes)
    times = [BEGUN + dt.timedelta(minutes=at) for at in told if at <= minutes]
    found = rounds(times, now=now)
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert len(found) == minutes // 1440 + 1
    for each in found:
        inside = [at for at in times if each.due - DAY < at <= each.due]
        inside += [at for at in times if at == BEGUN and each.number == 1]
        assert (each.told is not None) == bool(inside)


def test_values_come_from_the_facts_of_the_incident():
    placeholders = [
        Placeholder("since", "time"), Placeholder("systems", "text"), Placeholder("other", "text"),
    ]  # fmt: skip
    found = rules.suggested(
        placeholders, since=BEGUN, scope={"systems": ["A", "B"]}, languages=["zh-hans", "en"]
    )
    assert found == {"since": "09:00", "systems": {"zh-hans": "A、B", "en": "A、B"}}


def test_a_score_weighs_what_could_be_judged():
    clocks = [ClockResult("verify", "Verify", 600, 1800, True),
              ClockResult("bulletin", "Bulletin", None, 86400, None),
              ClockResult("restore", "Restore", None, 100, False)]  # fmt: skip
    made = drills.score(clocks, [StepResult("Switch", 90, 60), StepResult("Back", 50, 60)], None)
    assert (made["clocks_met"], made["clocks_judged"], made["steps_met"]) == (1, 2, 1)
    assert made["total"] == 50
    assert drills.score([], [], None)["total"] is None


def test_recovery_counts_and_takes_the_middle_time():
    marks = [BEGUN + dt.timedelta(seconds=n) for n in (60, 120, 600)]
    assert drills.recovery(BEGUN, [*marks, None]) == (4, 3, 120)


def test_two_drills_a_year_are_owed():
    assert drills.missing([], BEGUN) == 2
    assert drills.missing([BEGUN - 400 * DAY, BEGUN - DAY], BEGUN) == 1
    assert drills.missing([BEGUN - DAY, BEGUN - 2 * DAY, BEGUN - 3 * DAY], BEGUN) == 0
