"""Who gets a notice, where and when; and who does not, and why."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms import planning
from comms.planning import (
    ChannelPlan,
    Hold,
    Planner,
    Reason,
    Sibling,
    check_class,
    end_of_quiet,
    fallback_move,
    may_send_now,
    plan,
    read_channel_plan,
    retry_at,
    standing_on,
)
from comms.rules import Channel, Criticality, DeliveryState, Evidence
from core.errors import InvalidInput
from tests.comms.candidates import NOON, candidate, candidates, policies, policy

CRITICAL = {"parallel": ["sms", "inbox"], "fallback": ["email"]}
missing = st.frozensets(st.sampled_from(["name", "ref"]))


@given(candidates, policies(), missing)
def test_planning_is_total(who, how, absent):
    """Each channel of the plan gets a delivery or an exclusion, never both, never neither."""
    deliveries, exclusions = plan(who, how, NOON, absent)
    if not who.active:
        assert (deliveries, [e.reason for e in exclusions]) == ([], ["closed"])
        return
    named = [d.channel.value for d in deliveries] + [e.channel for e in exclusions]
    assert sorted(named) == sorted(channel.value for channel in how.plan.channels)


@given(candidates, policies(), missing)
def test_nobody_is_planned_whom_sending_would_refuse(who, how, absent):
    for delivery in plan(who, how, NOON, absent).deliveries:
        verdict = may_send_now(
            standing_on(who, delivery.channel), how.criticality, delivery.channel, NOON
        )
        assert verdict is None or isinstance(verdict, Hold)
        if delivery.state == DeliveryState.HELD:
            assert verdict == Hold(delivery.due_at)


@given(candidates, policies(), missing)
def test_fallbacks_stand_by_only_behind_enough_others(who, how, absent):
    deliveries = plan(who, how, NOON, absent).deliveries
    at_once = [d for d in deliveries if d.rank == 0]
    standby = [d for d in deliveries if d.state == DeliveryState.STANDBY]
    assert [d.rank for d in standby] == list(range(1, len(standby) + 1))
    assert not standby or len(at_once) >= how.plan.needed


@given(candidates, candidates, policies(), missing)
def test_the_planner_answers_like_the_rule(one, other, how, absent):
    planner = Planner(how, NOON)
    for who in (one, other, one._replace(investor_id=other.investor_id)):
        assert planner.plan(who, absent) == plan(who, how, NOON, absent)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phone_state": "", "phone_id": None}, Reason.NO_CONTACT),
        ({"phone_state": "suppressed"}, Reason.SUPPRESSED),
        ({"sms_consent": False}, Reason.NO_CONSENT),
        ({"sms_wanted": False}, Reason.UNWANTED),
    ],
)
def test_each_reason_against_a_channel(changes, reason):
    assert plan(candidate(), policy(), NOON).exclusions == []
    deliveries, exclusions = plan(candidate(**changes), policy(), NOON)
    assert (deliveries, exclusions) == ([], [("sms", reason.value)])
    standing = standing_on(candidate(**changes), Channel.SMS)
    assert may_send_now(standing, Criticality.CRITICAL, Channel.SMS, NOON) == reason


def test_a_missing_value_is_named_and_counts_only_where_the_wording_needs_it():
    needs = policy(names=frozenset({"name"}))
    assert plan(candidate(), needs, NOON, frozenset({"name"})).exclusions == [
        ("sms", "missing_value:name")
    ]
    assert plan(candidate(), policy(), NOON, frozenset({"name"})).exclusions == []


def test_a_language_that_is_not_written_falls_back_to_one_that_is():
    only_english = policy(languages=("en",))
    assert plan(candidate(language="zh-hant"), only_english, NOON).deliveries[0].language == "en"
    assert plan(candidate(), policy(languages=()), NOON).exclusions == [("sms", "no_variant")]


def test_a_fallback_steps_in_when_a_parallel_channel_is_excluded():
    critical = policy(Criticality.CRITICAL, **CRITICAL)
    everything = plan(candidate(), critical, NOON).deliveries
    assert [(d.channel, d.rank) for d in everything] == [("sms", 0), ("inbox", 0), ("email", 1)]
    without_sms = plan(candidate(sms_consent=False), critical, NOON).deliveries
    assert [(d.channel, d.rank) for d in without_sms] == [("inbox", 0), ("email", 0)]


def test_fallbacks_follow_the_investors_preference():
    chain = policy(parallel=["inbox"], fallback=["sms", "email"])
    preferring = candidate(preferred_channels=("email", "sms"))
    ranks = [(d.channel, d.rank) for d in plan(preferring, chain, NOON).deliveries]
    assert ranks == [("inbox", 0), ("email", 1), ("sms", 2)]


# Quiet hours


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ("21:59", None),
        ("22:00", "08:00+1"),
        ("23:30", "08:00+1"),
        ("03:00", "08:00"),
        ("08:00", None),
    ],
)
def test_quiet_hours_across_midnight(local, ends):
    hour, minute = map(int, local.split(":"))
    now = dt.datetime(2026, 3, 2, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))
    until = end_of_quiet(dt.time(22), dt.time(8), "Asia/Shanghai", now)
    if ends is None:
        assert until is None
    else:
        day = 3 if ends.endswith("+1") else 2
        assert until == dt.datetime(2026, 3, day, 0, 0, tzinfo=dt.UTC)


def test_quiet_hours_are_held_for_what_disturbs_and_overridden_when_critical():
    night = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)  # 23:00 in Shanghai
    sleeper = candidate(quiet_from=dt.time(22), quiet_to=dt.time(8))
    both = plan(sleeper, policy(parallel=["sms", "inbox"]), night).deliveries
    assert [(d.channel, d.state, d.held) for d in both] == [
        ("sms", "held", "quiet_hours"),
        ("inbox", "queued", ""),
    ]
    urgent = plan(sleeper, policy(Criticality.CRITICAL, **CRITICAL), night).deliveries
    assert {d.state for d in urgent if d.rank == 0} == {DeliveryState.QUEUED}


@given(
    st.times(), st.times(), st.integers(0, 366 * 24 * 60),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe"]),
)  # fmt: skip
def test_quiet_hours_end_within_a_day(start, end, minutes, zone):
    now = NOON + dt.timedelta(minutes=minutes)
    until = end_of_quiet(start, end, zone, now)
    if until is not None:
        assert dt.timedelta(0) < until - now <= dt.timedelta(hours=25)


# Channel plans


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({}, "channels.parallel"),
        ({"parallel": ["pigeon"]}, "channels.parallel"),
        ({"parallel": ["sms"], "fallback": ["sms"]}, "channels"),
        ({"parallel": ["sms"], "wait_seconds": -1}, "channels.wait_seconds"),
        ({"parallel": ["sms"], "wait_seconds": "5"}, "channels.wait_seconds"),
        ({"parallel": ["sms"], "until": "hoped"}, "channels.until"),
        ({"parallel": ["sms"], "needed": 2}, "channels.needed"),
    ],
)
def test_a_bad_channel_plan_names_the_field(raw, field):
    with pytest.raises(InvalidInput) as refused:
        read_channel_plan(raw, Criticality.IMPORTANT)
    assert refused.value.field == field


@pytest.mark.parametrize("key", ["parallel", "fallback"])
@pytest.mark.parametrize("channel", ["push", "chat", "hotline"])
def test_a_channel_that_nothing_sends_is_in_no_plan(channel, key):
    raw = {"parallel": ["sms"], "fallback": ["email"], key: [channel]}
    with pytest.raises(InvalidInput) as refused:
        read_channel_plan(raw, Criticality.ROUTINE)
    assert (refused.value.code, refused.value.field) == ("not_sent", f"channels.{key}")
    assert refused.value.details == {"channel": channel}


@given(policies())
def test_a_channel_plan_survives_its_json(how):
    assert read_channel_plan(how.plan.as_json(), how.criticality) == how.plan


@pytest.mark.parametrize(
    "raw",
    [
        {"parallel": ["sms"], "fallback": ["email"]},
        {"parallel": ["sms", "email"]},
        {"parallel": ["sms", "inbox"]},
    ],
)
def test_critical_needs_two_channels_and_mail_besides(raw):
    check_class(read_channel_plan(CRITICAL, Criticality.CRITICAL), Criticality.CRITICAL)
    check_class(read_channel_plan(raw, Criticality.ROUTINE), Criticality.ROUTINE)
    with pytest.raises(InvalidInput) as refused:
        check_class(read_channel_plan(raw, Criticality.CRITICAL), Criticality.CRITICAL)
    assert refused.value.code == "too_few_channels"


# Fallback and retries

_PLAN = ChannelPlan((Channel.SMS, Channel.INBOX), (Channel.EMAIL,), 300, Evidence.DELIVERED, 2)
_ACCEPTED = Sibling(DeliveryState.ACCEPTED, Evidence.ACCEPTED)
_DELIVERED = Sibling(DeliveryState.DELIVERED, Evidence.DELIVERED)
_FAILED = Sibling(DeliveryState.FAILED, Evidence.NONE)
_ACKNOWLEDGED = Sibling(DeliveryState.DELIVERED, Evidence.ACKNOWLEDGED)
_MINUTE, _HOUR = NOON - dt.timedelta(minutes=1), NOON - dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("lower", "handed", "move"),
    [
        ([_DELIVERED, _DELIVERED], _HOUR, DeliveryState.NOT_NEEDED),
        ([_ACKNOWLEDGED, _FAILED], _HOUR, DeliveryState.NOT_NEEDED),
        ([_DELIVERED, _FAILED], _MINUTE, DeliveryState.QUEUED),
        ([_DELIVERED], _MINUTE, DeliveryState.QUEUED),
        ([_DELIVERED, _ACCEPTED], _MINUTE, None),
        ([_DELIVERED, _ACCEPTED], _HOUR, DeliveryState.QUEUED),
        ([_ACCEPTED, _ACCEPTED], None, None),
    ],
)
def test_when_a_fallback_starts_or_is_spared(lower, handed, move):
    assert fallback_move(lower, _PLAN, handed, NOON) == move


def test_retries_wait_longer_each_time_and_end():
    waits = [retry_at(n, NOON) for n in range(1, planning.MAX_ATTEMPTS)]
    assert waits == sorted(waits) and len(set(waits)) == len(waits)
    assert retry_at(planning.MAX_ATTEMPTS, NOON) is None
