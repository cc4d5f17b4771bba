"""States, moves, and what events make of a delivery."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.rules import (
    DELIVERIES,
    EVENT_EVIDENCE,
    HANDED_OVER,
    NOTICES,
    OPEN,
    UNREACHED,
    DeliveryState,
    EventKind,
    Evidence,
    NoticeState,
    apply_event,
    apply_events,
)
from core.errors import IllegalTransition, InvalidInput

handed_over = st.sampled_from(
    [
        (DeliveryState.SENDING, Evidence.NONE),
        (DeliveryState.UNCONFIRMED, Evidence.NONE),
        (DeliveryState.ACCEPTED, Evidence.ACCEPTED),
        (DeliveryState.DELIVERED, Evidence.DELIVERED),
    ]
)
told = st.lists(st.sampled_from(list(EventKind)), max_size=8)


@given(handed_over, told, st.randoms())
def test_the_order_of_events_makes_no_difference(start, kinds, random):
    shuffled = list(kinds)
    random.shuffle(shuffled)
    assert apply_events(*start, kinds) == apply_events(*start, shuffled)


@given(handed_over, told)
def test_events_told_twice_change_nothing(start, kinds):
    assert apply_events(*start, kinds) == apply_events(*start, kinds + kinds)


@given(handed_over, told)
def test_evidence_never_falls_and_every_step_is_a_legal_move(start, kinds):
    state, evidence = start
    for kind in kinds:
        after, reached = apply_event(state, evidence, kind)
        assert reached >= evidence
        if after != state:
            DELIVERIES.check(old=state, new=after)
        state, evidence = after, reached


def test_what_a_machine_opened_is_not_read():
    state, evidence = apply_event(
        DeliveryState.ACCEPTED, Evidence.ACCEPTED, EventKind.MACHINE_OPENED
    )
    assert (state, evidence.read) == (DeliveryState.DELIVERED, False)
    assert apply_event(state, evidence, EventKind.OPENED)[1].read


def test_a_bounce_outweighs_a_delivery_but_not_a_reader():
    start = (DeliveryState.ACCEPTED, Evidence.ACCEPTED)
    bounced = apply_events(*start, [EventKind.DELIVERED, EventKind.BOUNCED])
    assert bounced == (DeliveryState.FAILED, Evidence.DELIVERED)
    assert apply_event(*bounced, EventKind.OPENED) == (DeliveryState.DELIVERED, Evidence.OPENED)


@pytest.mark.parametrize(
    "state",
    [
        DeliveryState.STANDBY,
        DeliveryState.HELD,
        DeliveryState.QUEUED,
        DeliveryState.REFUSED,
        DeliveryState.CANCELLED,
        DeliveryState.NOT_NEEDED,
    ],
)
def test_no_receipt_moves_what_was_never_handed_over(state):
    for kind in EventKind:
        assert apply_event(state, Evidence.NONE, kind) == (state, Evidence.NONE)


def test_each_delivery_state_is_open_reached_unreached_or_spared():
    groups = [OPEN, HANDED_OVER, UNREACHED, {DeliveryState.NOT_NEEDED}]
    assert sorted(itertools.chain(*groups)) == sorted(DeliveryState)


def test_open_states_can_end_and_settled_ones_never_open_again():
    for old, new in DELIVERIES.moves:
        assert old in OPEN or new not in OPEN, (old, new)
    for state in OPEN:
        assert _reachable(state) - OPEN, state


def _reachable(state: DeliveryState) -> set[DeliveryState]:
    found: set[DeliveryState] = set()
    frontier = {state}
    while frontier:
        frontier = {new for old, new in DELIVERIES.moves if old in frontier} - found
        found |= frontier
    return found


def test_every_investors_act_has_a_grade_of_evidence():
    grades = [EVENT_EVIDENCE[EventKind(kind)] for kind in ("viewed", "acknowledged", "answered")]
    assert grades == sorted(grades)
    assert all(grade.read for grade in grades)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NoticeState.DRAFT, NoticeState.RELEASED),
        (NoticeState.READY, NoticeState.SENDING),
        (NoticeState.DONE, NoticeState.SENDING),
        (NoticeState.CANCELLED, NoticeState.RELEASED),
    ],
)
def test_a_notice_cannot_skip_its_release_or_come_back(old, new):
    with pytest.raises(IllegalTransition):
        NOTICES.check(old=old, new=new)


def test_stopping_a_notice_needs_a_reason():
    for state in (NoticeState.PAUSED, NoticeState.CANCELLED):
        with pytest.raises(InvalidInput) as refused:
            NOTICES.check(old=NoticeState.SENDING, new=state, reason=" ")
        assert refused.value.field == "reason"
        NOTICES.check(old=NoticeState.SENDING, new=state, reason="wrong figure")
