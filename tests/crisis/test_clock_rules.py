"""When a clock is due: a table that people can check by hand, and what holds for every row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars import CALENDARS
from core.errors import IllegalTransition, InvalidInput
from core.transitions import Machine
from crisis.clocks import rules
from crisis.clocks.cleaning import clean_row, clean_rows
from crisis.clocks.rules import MACHINE, Row, Situation, State, Unit
from crisis.clocks.shipped import SHIPPED
from tests.crisis.clocks_table import DAYS, ROWS

UTC = dt.UTC
BY_CODE = {row.code: row for row in SHIPPED}
instants = st.datetimes(
    min_value=dt.datetime(2025, 1, 1),  # noqa: DTZ001 - as hypothesis wants it
    max_value=dt.datetime(2032, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
rows = st.sampled_from(SHIPPED)


@pytest.mark.parametrize(
    ("code", "start", "aware", "due"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_due_as_the_table_says(code: str, start: str, aware: str | None, due: str) -> None:
    at = dt.datetime.fromisoformat
    found = rules.due_at(BY_CODE[code], at(start), at(aware) if aware else None)
    assert found == at(due)


@pytest.mark.parametrize(("calendar", "day", "works"), DAYS)
def test_business_days(calendar: str, day: str, works: bool) -> None:
    assert CALENDARS[calendar].is_business_day(dt.date.fromisoformat(day)) is works


def test_china_is_certain_as_far_as_its_holidays_are_decreed() -> None:
    until = CALENDARS["cn"].certain_until
    assert until is not None
    assert until >= dt.date(2026, 12, 31)
    assert CALENDARS["us-sec"].certain_until is None


@given(rows, instants)
def test_due_never_before_the_start_and_never_in_another_zone(row: Row, start: dt.datetime) -> None:
    due = rules.due_at(row, start)
    assert due > start
    assert due.utcoffset() == dt.timedelta(0) or due.tzinfo is start.tzinfo


@given(rows, instants, st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=60)))
def test_who_starts_later_is_never_due_earlier(
    row: Row, start: dt.datetime, later: dt.timedelta
) -> None:
    slack = dt.timedelta(hours=1)  # the hour that comes twice
    assert rules.due_at(row, start + later) >= rules.due_at(row, start) - slack


@given(instants, st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(hours=40)))
def test_the_cap_only_makes_it_stricter_and_never_absurd(
    aware: dt.datetime, until: dt.timedelta
) -> None:
    row, start = BY_CODE["dora_initial"], aware + until
    due = rules.due_at(row, start, aware)
    assert start < due <= start + dt.timedelta(hours=4)
    assert due <= aware + dt.timedelta(hours=24) or start >= aware + dt.timedelta(hours=24)


@given(instants, st.integers(1, 200), st.sampled_from(["hourly", "daily"]))
def test_rounds_stand_on_a_grid(first: dt.datetime, number: int, repeats: str) -> None:
    row = replace(BY_CODE["bulletin"], repeats=repeats, jurisdiction="us")
    here, next_one = (rules.round_due(row, first, each) for each in (number, number + 1))
    step = dt.timedelta(hours=1) if repeats == "hourly" else dt.timedelta(days=1)
    assert abs((next_one - here) - step) <= dt.timedelta(hours=1)
    if repeats == "hourly":
        assert next_one - here == step
    assert rules.round_due(row, first, 1) == first


@given(st.sampled_from(sorted(CALENDARS)), instants, st.integers(1, 20))
def test_business_days_are_counted_one_by_one(code: str, start: dt.datetime, count: int) -> None:
    calendar = CALENDARS[code]
    end = calendar.after_business_days(start, count).astimezone(calendar.zone).date()
    day, counted = start.astimezone(calendar.zone).date(), 0
    while day < end:
        day += dt.timedelta(days=1)
        counted += calendar.is_business_day(day)
    assert counted == count
    assert calendar.is_business_day(end)


@given(st.sampled_from(list(State)), st.sampled_from(list(State)), st.sampled_from(["", "because"]))
def test_moves_of_a_clock(old: State, new: State, reason: str) -> None:
    machine: Machine = MACHINE
    move = machine.moves.get((old, new))
    if move is None or (move.reason and not reason):
        with pytest.raises((IllegalTransition, InvalidInput)):
            machine.check(old=old, new=new, reason=reason)
    else:
        assert machine.check(old=old, new=new, reason=reason) == move
    if old not in rules.LIVE:
        assert move is None


class TestConditions:
    now = dt.datetime(2026, 11, 22, tzinfo=UTC)

    def test_a_row_waits_for_a_nature_that_is_not_known_yet(self) -> None:
        row = BY_CODE["regsp_vendor"]
        assert not rules.applies(row, Situation({}))
        assert rules.applies(row, Situation({}, nature="third_party"))

    def test_operators_and_others_never_share_a_clock(self) -> None:
        for operator in (True, False):
            situation = Situation({}, infrastructure=operator)
            both = [
                rules.applies(BY_CODE[code], situation)
                for code in ("cac_initial_operator", "cac_initial")
            ]
            assert both == [operator, not operator]

    def test_any_of_the_moments_will_do(self) -> None:
        row = replace(BY_CODE["csrc_summary"], enabled=True, check="")
        assert not rules.applies(row, Situation({"restored": self.now}))
        assert rules.applies(row, Situation({"leak_possible": self.now}))

    def test_what_is_to_be_checked_ships_switched_off_and_says_so(self) -> None:
        for code in ("csrc_incident", "csrc_summary"):
            assert not BY_CODE[code].enabled
            assert "2021" in BY_CODE[code].check
            assert not rules.applies(BY_CODE[code], Situation({"leak_possible": self.now}))
        assert all(row.enabled != bool(row.check) for row in SHIPPED)

    def test_the_first_of_several_starts_counts(self) -> None:
        row, later = BY_CODE["csrc_incident"], self.now + dt.timedelta(hours=1)
        reached = {"leak_possible": later, "not_restored_30_min": self.now}
        assert rules.started_at(row, Situation(reached)) == self.now
        assert rules.started_at(row, Situation({})) is None


class TestUrgency:
    due = dt.datetime(2026, 11, 22, 12, tzinfo=UTC)

    def look(self, state: str = "running", *, minutes: int, met: int | None = None) -> str:
        at = self.due + dt.timedelta(minutes=minutes)
        met_at = None if met is None else self.due + dt.timedelta(minutes=met)
        return rules.urgency(
            state=state, due=self.due, met=met_at, breached=minutes > 0, now=at
        ).value

    @pytest.mark.parametrize(
        ("minutes", "word"), [(-61, "running"), (-60, "soon"), (-1, "soon"), (0, "overdue")]
    )
    def test_of_a_running_clock(self, minutes: int, word: str) -> None:
        assert self.look(minutes=minutes) == word

    def test_met_in_time_stays_so_when_it_became_known_late(self) -> None:
        assert self.look("met", minutes=90, met=-5) == "met"
        assert self.look("met", minutes=90, met=5) == "met_late"


class TestCleaning:
    def test_the_shipped_table_is_clean(self) -> None:
        again = clean_rows(clean_row(rules.canonical(row)) for row in SHIPPED)
        assert again == list(SHIPPED)
        assert [rules.row_of(rules.canonical(row)) for row in SHIPPED] == list(SHIPPED)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"code": "DORA"}, "code"),
            ({"name": {"en": "x"}}, "name.zh-hans"),
            ({"amount": 0}, "amount"),
            ({"amount": "many"}, "amount"),
            ({"amount": True}, "amount"),
            ({"unit": "weeks"}, "unit"),
            ({"jurisdiction": "mars"}, "jurisdiction"),
            ({"starts": []}, "starts"),
            ({"source": " "}, "source"),
            ({"natures": ["noise"]}, "natures"),
            ({"check": "look", "enabled": True}, "enabled"),
            ({"latest": True}, "latest"),
            ({"met_by": "luck"}, "met_by"),
        ],
    )
    def test_bad_rows_name_their_field(self, change: dict[str, object], field: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            clean_row({**rules.canonical(BY_CODE["gdpr_breach"]), **change})
        assert refused.value.field == field

    def test_codes_come_once_and_circles_are_refused(self) -> None:
        row = BY_CODE["gdpr_breach"]
        with pytest.raises(InvalidInput, match="already"):
            clean_rows([row, row])
        with pytest.raises(InvalidInput, match="does not exist"):
            clean_rows([replace(row, starts=("met:nothing",))])
        one = replace(row, code="one", starts=("met:two",))
        two = replace(row, code="two", starts=("met:one",))
        with pytest.raises(InvalidInput, match="start itself"):
            clean_rows([one, two])

    @given(
        st.dictionaries(
            st.sampled_from(sorted(rules.canonical(SHIPPED[0]))),
            st.none() | st.booleans() | st.integers() | st.text(max_size=5)
            | st.lists(st.text(max_size=5), max_size=3)
            | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        )
    )  # fmt: skip
    def test_anything_is_a_clean_row_or_a_refusal_with_a_field(
        self, change: dict[str, object]
    ) -> None:
        try:
            row = clean_row({**rules.canonical(SHIPPED[0]), **change})
        except InvalidInput as refused:
            assert refused.field
        else:
            assert row.amount >= 1
            assert Unit(row.unit)
