"""The pure rules of retention, and that SQL agrees with them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.retention import rules, selectors
from audit.retention.models import RetentionRule, RetentionSchedule
from audit.retention.rules import Basis, Bound, Kind, Rule, Unit, add

instants = st.integers(631_152_000, 3_786_912_000).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)
)
days = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))
periods = st.tuples(st.integers(1, 400), st.sampled_from(Unit))
made_rules = st.builds(
    Rule,
    code=st.just("r"),
    name=st.just("r"),
    source=st.just("s"),
    kinds=st.sets(st.sampled_from(["business", "identity"]), min_size=1).map(frozenset),
    jurisdictions=st.sets(st.sampled_from(["CN", "US", "EU"])).map(frozenset),
    amount=st.integers(1, 40),
    unit=st.sampled_from(Unit),
    bound=st.sampled_from(Bound),
    basis=st.sampled_from(Basis),
    active=st.booleans(),
)
places = st.sets(st.sampled_from(["CN", "US", "EU"]), min_size=1).map(frozenset)


@pytest.mark.parametrize(
    ("day", "amount", "unit", "end"),
    [
        ("2024-02-29", 1, Unit.YEARS, "2025-03-01"),
        ("2024-02-29", 4, Unit.YEARS, "2028-02-29"),
        ("2025-01-31", 1, Unit.MONTHS, "2025-03-01"),
        ("2024-01-31", 1, Unit.MONTHS, "2024-03-01"),
        ("2025-08-31", 6, Unit.MONTHS, "2026-03-01"),
        ("2025-12-31", 2, Unit.MONTHS, "2026-03-01"),
        ("2025-12-31", 180, Unit.DAYS, "2026-06-29"),
        ("9990-01-01", 20, Unit.YEARS, "9999-12-31"),
    ],
)
def test_months_and_leap_years(day, amount, unit, end):
    assert add(dt.date.fromisoformat(day), amount, unit) == dt.date.fromisoformat(end)


@given(days, days, periods)
def test_a_later_start_never_ends_earlier(one, other, period):
    first, second = sorted([one, other])
    assert add(first, *period) <= add(second, *period)


@given(st.lists(made_rules, max_size=6), places, instants, st.none() | instants)
def test_nothing_is_due_before_any_duty_that_applies(found, jurisdictions, start, ended):
    day = rules.due_day(
        found, kind="business", jurisdictions=jurisdictions, start=start, relationship_end=ended
    )
    for rule in found:
        if rule.bound is Bound.AT_LEAST and rule.applies("business", jurisdictions):
            end = rules.duty_end(rule, start, ended)
            assert day is None if end is None else (day is None or day >= end)
    if ended is None and any(
        rule.applies("business", jurisdictions)
        and (rule.bound, rule.basis) == (Bound.AT_LEAST, Basis.RELATIONSHIP)
        for rule in found
    ):
        assert day is None


@given(st.lists(made_rules, max_size=6), places, instants, instants)
def test_another_jurisdiction_never_shortens(found, jurisdictions, start, ended):
    duties = [rule for rule in found if rule.bound is Bound.AT_LEAST]
    asked = {"kind": "business", "start": start, "relationship_end": ended}
    few = rules.due_day(duties, jurisdictions=jurisdictions, **asked)
    all_ = rules.due_day(duties, jurisdictions=frozenset({"CN", "US", "EU"}), **asked)
    assert few is None or (all_ is not None and all_ >= few)


@given(instants, periods)
def test_the_last_day_is_over_nowhere_before_its_end(start, period):
    until = add(rules.first_day(start), *period)
    last_moment_west = dt.datetime.combine(
        until, dt.time.max, tzinfo=dt.timezone(dt.timedelta(hours=-12))
    )
    assert not rules.is_over(until, last_moment_west)
    assert rules.is_over(until, last_moment_west + dt.timedelta(microseconds=1))


def test_a_limit_counts_only_where_no_duty_does():
    limit = Rule("m", "m", "s", frozenset({"monitoring"}), frozenset(), 180, Unit.DAYS,
                 Bound.AT_MOST)  # fmt: skip
    duty = Rule("d", "d", "s", frozenset({"monitoring"}), frozenset({"CN"}), 20, Unit.YEARS)
    asked = {
        "kind": "monitoring",
        "start": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "relationship_end": None,
    }
    there = frozenset({"US"})
    assert rules.due_day([limit, duty], jurisdictions=there, **asked) == dt.date(2026, 6, 30)
    here = frozenset({"CN"})
    assert rules.due_day([limit, duty], jurisdictions=here, **asked) == dt.date(2046, 1, 1)


def test_the_longest_prefix_says_the_kinds():
    table = [["investor.", "business"], ["investor.", "identity"], ["investor.viewed", "telemetry"]]
    assert rules.kinds_of("investor.updated", table) == {"business", "identity"}
    assert rules.kinds_of("investor.viewed", table) == {"telemetry"}
    assert rules.kinds_of("something.else", table) == {"business"}


# --- SQL agrees -----------------------------------------------------------------------------


@pytest.mark.django_db
@settings(deadline=None, max_examples=150)
@given(days, periods)
def test_sql_adds_periods_alike(day, period):
    amount, unit = period
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_retention_add(%s, %s, %s)", [day, amount, unit.value])
        assert cursor.fetchone()[0] == add(day, amount, unit)


@pytest.mark.django_db
@settings(deadline=None, max_examples=150)
@given(st.sampled_from(Kind), instants, st.none() | instants)
def test_sql_decides_alike(kind, start, ended):
    schedule = selectors.schedule_in_force()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
        cursor.execute("SELECT audit_retention_due(%s, %s, NULL, %s)", [kind.value, start, ended])
        due = cursor.fetchone()[0]
    expected = rules.due_day(
        [each.rule for each in schedule.rules.all()],
        kind=kind.value,
        jurisdictions=selectors.jurisdictions_of(schedule, None),
        start=start,
        relationship_end=ended,
    )
    assert bool(due) == rules.is_over(expected, now)


# --- what is shipped ------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_shipped_table_has_every_row_with_its_source():
    shipped = {
        rule.code: (rule.amount, rule.unit, rule.active, rule.source)
        for rule in RetentionRule.objects.filter(schedule__number=1)
    }
    assert shipped == {
        "us-communications": (3, "years", True, "SEC 17 CFR 240.17a-4(b)(4)"),
        "us-books": (6, "years", True, "SEC 17 CFR 240.17a-4(a)"),
        "us-finra-default": (6, "years", True, "FINRA 4511(b)"),
        "eu-mifid": (5, "years", True, "(EU) 2017/565 Art 76"),
        "eu-mifid-request": (7, "years", False, "(EU) 2017/565 Art 76"),
        "cn-securities": (20, "years", True, "证券法 Art 137; 适当性管理办法 Art 32"),
        "cn-aml": (10, "years", True, "反洗钱法 2024"),
        "cn-pipl-assessment": (3, "years", True, "个人信息保护法 Art 56"),
        "cn-network-logs": (6, "months", True, "网络安全法"),
        "house-monitoring": (180, "days", True, "house rule"),
    }
    assert RetentionSchedule.objects.get(number=1).state == "approved"
