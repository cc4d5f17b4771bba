"""Indicators come from real measures, goals from real incidents, money from entries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput
from core.roles import Role
from crisis.incidents.services.ending import restore
from crisis.indicators import rules, selectors, services
from crisis.indicators.measures import uptime
from crisis.indicators.models import Account, IndicatorTableVersion, Reading
from crisis.indicators.rules import Band, Indicator
from investors.models import ImportBatch
from tests.core.builders import make_line, make_user, sign_in
from tests.crisis.builders import make_actor, make_verified
from tests.recorded import recorded

HIGH = Indicator("uptime", {"en": "Uptime"}, "uptime", "high", Decimal(99), Decimal(95))
LOW = Indicator("error", {"en": "Errors"}, "", "low", Decimal(3), Decimal(5))
percents = st.decimals(0, 100, places=3)
MAY = dt.date(2026, 5, 1)
INSTANT = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)


def given_by(actor: Actor) -> dict[str, Any]:
    return {"actor": actor, "now": clock.now()}


def officer() -> Actor:
    return make_actor(Role.CRISIS_OFFICER)


def entry(by: Actor, *, benefit: bool, amount: str) -> Account:
    return services.add_account(
        year=2026, is_benefit=benefit, amount=amount, what="Second line", reckoning="contract",
        **given_by(by),
    )  # fmt: skip


# Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "value", "band"),
    [
        (HIGH, "100", Band.OK), (HIGH, "99", Band.OK), (HIGH, "98.999", Band.WARN),
        (HIGH, "95", Band.WARN), (HIGH, "94.999", Band.BREACH),
        (LOW, "3", Band.OK), (LOW, "5", Band.WARN), (LOW, "5.001", Band.BREACH),
    ],
)  # fmt: skip
def test_the_limit_is_still_within(indicator: Indicator, value: str, band: Band) -> None:
    assert indicator.band(Decimal(value)) == band


@given(percents, percents)
def test_a_better_value_never_stands_worse(one: Decimal, other: Decimal) -> None:
    order = [Band.BREACH, Band.WARN, Band.OK]
    worse, better = sorted((one, other))
    assert order.index(HIGH.band(worse)) <= order.index(HIGH.band(better))
    assert order.index(LOW.band(better)) <= order.index(LOW.band(worse))


@given(st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=8))
def test_what_overlaps_is_down_once(raw: list[tuple[int, int]]) -> None:
    minutes = [(min(a, b), max(a, b)) for a, b in raw]
    spans = [
        (INSTANT + dt.timedelta(minutes=a), INSTANT + dt.timedelta(minutes=b)) for a, b in minutes
    ]
    down = rules.downtime_minutes(spans, INSTANT, INSTANT + dt.timedelta(minutes=100))
    assert down == sum(any(a <= m < b for a, b in minutes) for m in range(100))


@pytest.mark.parametrize(
    ("day", "goal"),
    [("2025-12-31", None), ("2026-01-01", -20), ("2027-01-02", -30), ("2030-01-01", -50)],
)
def test_the_goal_of_a_year(day: str, goal: int | None) -> None:
    goals = rules.Goals(dt.date(2026, 1, 1), (-20, -30, -50), 30, 50, Decimal(3))
    assert rules.goal_for(goals, dt.date.fromisoformat(day)) == goal


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "UP"}, "rows.1.code"), ({"source": "guess"}, "rows.1.source"),
        ({"warn": "90"}, "rows.1.warn"), ({"limit": "101"}, "rows.1.limit"),
        ({"better": "odd"}, "rows.1.better"), ({"name": {"en": "x"}}, "rows.1.name.zh-hans"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named(change: dict[str, Any], field: str) -> None:
    row = {
        "code": "up", "name": {"zh-hans": "可用", "en": "Up"}, "source": "", "better": "high",
        "warn": "99", "limit": "95",
    }  # fmt: skip
    assert rules.clean_rows([row], frozenset())[0].code == "up"
    with pytest.raises(InvalidInput) as refused:
        rules.clean_rows([row | change], frozenset())
    assert refused.value.field == field


# Measures -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_uptime_counts_verified_system_failures_only() -> None:
    now = clock.now()
    start = now - dt.timedelta(hours=10)
    actor = officer()
    failure = make_verified(actor, since=now - dt.timedelta(hours=2))
    make_verified(actor, since=now - dt.timedelta(hours=9), exercise=True)
    make_verified(actor, since=now - dt.timedelta(hours=9), nature="complaints")
    restore(incident_id=failure.pk, at=now - dt.timedelta(hours=1), actor=actor, now=clock.now())
    found = uptime(start, now)
    assert (found.part, found.whole) == (540, 600)
    assert found.value == 90


@pytest.mark.django_db
def test_a_month_is_read_once_when_it_has_ended() -> None:
    with recorded():
        ImportBatch.objects.create(
            file_name="x.csv", business_line=make_line(), state="done",
            totals={"read": 200, "rejected": 13}, created_at=INSTANT, finished_at=INSTANT,
        )  # fmt: skip
    june = dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
    assert services.read_months(now=june) > 0
    assert services.read_months(now=june) == 0
    reading = Reading.objects.get(month=MAY, code="data_error")
    assert (reading.part, reading.whole, reading.value) == (13, 200, Decimal("6.5"))
    assert reading.band == Band.BREACH
    assert [each.code for each in selectors.beyond(dt.date(2026, 6, 3))] == ["data_error"]
    assert Record.objects.filter(action="indicator.read").count() == Reading.objects.count()


@pytest.mark.django_db
def test_what_is_not_measured_is_written_down_with_its_source() -> None:
    given = {"month": MAY, "code": "staff_errors", "value": "1.5", "note": "reconciliation"}
    first = services.write_reading(**given, **given_by(officer()))
    assert first.band == Band.WARN
    services.write_reading(**given | {"value": "2.5"}, **given_by(officer()))
    _months, series = selectors.overview(make_actor(Role.AUDITOR), dt.date(2026, 6, 3))
    [shown] = [each for each in series if each.indicator.code == "staff_errors"]
    assert shown.latest is not None
    assert shown.latest.value == Decimal("2.5")
    for change, field in (({"code": "uptime"}, "code"), ({"note": " "}, "note"),
                          ({"month": dt.date(2199, 1, 1)}, "month")):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            services.write_reading(**given | change, **given_by(officer()))
        assert refused.value.field == field


# The table ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_changed_the_table_does_not_put_it_in_force() -> None:
    both = make_actor(Role.CRISIS_OFFICER, Role.REVIEWER)
    version = services.new_version(**given_by(both))
    services.submit(version_id=version.pk, **given_by(both))
    given = {"version_id": version.pk, "shown_hash": version.content_hash}
    with pytest.raises(FourEyesViolation):
        services.approve(**given, **given_by(both))
    services.approve(**given, **given_by(make_actor(Role.REVIEWER)))
    assert selectors.table_in_force().number == 2


@pytest.mark.django_db
def test_an_author_has_no_hand_in_it() -> None:
    with pytest.raises(Forbidden):
        services.new_version(**given_by(make_actor(Role.AUTHOR)))


# Effect ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_benefit_for_one_unit_of_cost_and_what_was_taken_back() -> None:
    by = officer()
    entry(by, benefit=False, amount="100")
    wrong = entry(by, benefit=False, amount="900")
    entry(by, benefit=True, amount="310.50")
    services.reverse_account(account_id=wrong.pk, reason="another budget", **given_by(by))
    [year] = selectors.money()
    assert (year.cost, year.benefit, year.ratio) == (100, Decimal("310.50"), Decimal("3.10"))
    with pytest.raises(Conflict):
        services.reverse_account(account_id=wrong.pk, reason="again", **given_by(by))


@pytest.mark.django_db
def test_effect_leaves_exercises_out() -> None:
    actor = officer()
    make_verified(actor)
    make_verified(actor, exercise=True)
    found = selectors.effect(make_actor(Role.AUDITOR), clock.now())
    assert (found.lately, found.responses) == (1, 1)
    assert sum(n for _month, n in found.months) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["UPDATE crisis_reading SET value = 100", "DELETE FROM crisis_account",
     "UPDATE crisis_indicatortableversion SET goals = '{}'"],
)  # fmt: skip
def test_the_database_refuses(statement: str) -> None:
    entry(officer(), benefit=True, amount="5")
    services.write_reading(
        month=MAY, code="staff_errors", value="1", note="x", **given_by(officer())
    )
    with pytest.raises(Exception, match=r"refused|denied|cannot"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Reading.objects.get().value == 1


# Pages ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_table_is_changed_on_its_page(client: Client) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)
    edit = client.post(reverse("risk-indicator-table-new"))["Location"]
    page = client.get(edit)
    form = page.context["form"]
    data = {field.html_name: field.value() for field in form}
    data |= {field.html_name: field.value() for field in form.rows.management_form}
    for row in form.rows:
        data |= {field.html_name: field.value() or "" for field in row}
    data = {name: "" if value is None else value for name, value in data.items()}
    refused = client.post(edit, data | {"row-0-warn": "10"})
    assert refused.status_code == 422
    assert "The warning must come before the limit." in refused.text
    client.post(edit, data | {"row-0-limit": "96", "then": "submit"})
    version = IndicatorTableVersion.objects.get(number=2)
    assert (version.state, version.indicators[0].limit) == ("in_review", Decimal(96))


@pytest.mark.django_db
def test_pages_of_readings_and_effect(client: Client, django_assert_max_num_queries: Any) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER))
    page = reverse("risk-indicator-write")
    good = {"code": "staff_errors", "month": "2026-05", "value": "1", "note": "reconciliation"}
    assert client.post(page, good | {"value": "x"}).status_code == 422
    assert client.post(page, good).status_code == 302
    account = {"year": 2026, "is_benefit": "benefit", "amount": "5", "what": "x", "reckoning": "y"}
    assert (
        client.post(reverse("risk-effect-account"), account | {"amount": "-1"}).status_code == 422
    )
    client.post(reverse("risk-effect-account"), account)
    assert Account.objects.get().is_benefit
    with django_assert_max_num_queries(24):
        assert "Errors of operation" in client.get(reverse("risk-indicators")).text
    with django_assert_max_num_queries(20):
        assert client.get(reverse("risk-effect")).status_code == 200
