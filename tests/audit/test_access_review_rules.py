"""What stands out in a quarter, and when a review is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from audit.access_review import rules
from audit.access_review.rules import Finding, Key, Person, Use
from core.roles import Capability

NOW = dt.datetime(2026, 10, 2, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
REVIEWER = Person(
    active=True,
    made_at=NOW - 200 * DAY,
    last_sign_in=NOW - DAY,
    capabilities=frozenset({"investors.view", "templates.view"}),
    uses=(Use("investor.viewed", 3),),
)
OLD_KEY = Key("crm", ("investors.view",), NOW - 200 * DAY, NOW - 95 * DAY, live=True)


def names(person: Person) -> list[str]:
    return [found.finding.value for found in rules.findings(person, now=NOW)]


def test_somebody_who_uses_her_rights_is_asked_only_whether_they_are_needed():
    assert names(REVIEWER) == ["rights"]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"uses": ()}, Finding.UNUSED),
        ({"uses": (Use("investor.viewed", 9, by_night=5),)}, Finding.NIGHT),
        ({"uses": (*REVIEWER.uses, Use("contact.revealed", 50))}, Finding.REVEALS),
        ({"last_sign_in": NOW - 90 * DAY}, Finding.DORMANT),
        ({"last_sign_in": None}, Finding.DORMANT),
        ({"outside_line": 1}, Finding.OUTSIDE_LINE),
        ({"self_granted": 1}, Finding.SELF_GRANTED),
        ({"keys": (OLD_KEY,)}, Finding.KEY_UNUSED),
    ],
)
def test_each_rule_finds_its_case_and_nothing_else(change, finding):
    assert names(replace(REVIEWER, **change)) == ["rights", finding.value]


@pytest.mark.parametrize(
    "change",
    [
        {"uses": (Use("investor.viewed", 9, by_night=4),)},
        {"uses": (*REVIEWER.uses, Use("contact.revealed", 49))},
        {"last_sign_in": NOW - 89 * DAY},
        {"uses": (), "made_at": NOW - 29 * DAY},
        {"keys": (replace(OLD_KEY, live=False),)},
        {"keys": (replace(OLD_KEY, last_used_at=NOW - 89 * DAY),)},
    ],
)
def test_just_below_nothing_stands_out(change):
    assert names(replace(REVIEWER, **change)) == ["rights"]


def test_who_left_and_did_nothing_is_not_asked_about():
    assert names(replace(REVIEWER, active=False)) == []


def test_every_traced_right_exists():
    assert rules.TRACES.keys() <= {capability.value for capability in Capability}


@pytest.mark.parametrize(
    ("signed_until", "first_act", "due"),
    [
        (None, NOW - 60 * DAY, True),
        (None, NOW - DAY, False),
        (None, None, False),
        (dt.datetime(2026, 9, 30, tzinfo=dt.UTC), NOW - 300 * DAY, True),
        (dt.datetime(2026, 10, 1, tzinfo=dt.UTC), NOW - 300 * DAY, False),
    ],
)
def test_a_review_is_due_when_the_last_quarter_is_not_covered(signed_until, first_act, due):
    assert rules.is_due(NOW, signed_until=signed_until, first_act=first_act) is due
