"""Legal holds: one places, another releases, and they win."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from audit.leaf import Subjects
from audit.record import record
from audit.retention import selectors, services
from audit.retention.models import HoldScope, LegalHold
from core import clock
from core.actor import system
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from tests.audit.retention import approver, manager, no_duties
from tests.builders import make_investor, make_user
from tests.core.builders import actor_of, last_record

pytestmark = pytest.mark.django_db


def dealt_with(investor, **subjects):
    with transaction.atomic():
        record(
            action="notice.shown",
            actor=system("test"),
            now=clock.now(),
            subjects=Subjects(investor=investor, **subjects),
        )


def place(actor=None, **words):
    given = {"scope": HoldScope.INVESTOR, "matter": "Case 7", "reason": "Court order"} | words
    return services.place_hold(**given, actor=actor or manager(), now=clock.now())


def test_a_hold_is_recorded_and_its_words_are_sealed():
    investor = make_investor().pk
    dealt_with(investor)
    hold = place(subject=investor)
    written = last_record("hold.placed")
    assert (written.investor, written.object) == (investor, f"hold:{hold.pk}")
    assert "Case 7" not in str(written.facts)
    assert written.sealed


@pytest.mark.parametrize("scope", [HoldScope.INVESTOR, HoldScope.NOTICE, HoldScope.STAFF])
def test_a_hold_reaches_the_investor_by_every_way(scope):
    investor, notice = make_investor().pk, uuid4()
    staff = make_user(Role.DISPATCHER).pk
    no_duties()
    dealt_with(investor, notice=notice, staff=staff)
    place(scope=scope, subject={"investor": investor, "notice": notice, "staff": staff}[scope])

    reasons = selectors.reasons_to_keep(investor=investor, now=clock.now())
    assert [(reason.type, reason.rule, reason.until) for reason in reasons] == [
        ("hold", "Case 7", None)
    ]
    assert selectors.reasons_to_keep(investor=make_investor().pk, now=clock.now()) == []


def test_a_hold_on_a_period_keeps_what_happened_in_it():
    investor = make_investor().pk
    no_duties()
    dealt_with(investor)
    now, day = clock.now(), dt.timedelta(days=1)
    place(scope=HoldScope.PERIOD, period=(now - 3 * day, now - 2 * day))
    assert selectors.reasons_to_keep(investor=investor, now=now) == []
    place(scope=HoldScope.PERIOD, period=(now - day, now + day))
    assert len(selectors.reasons_to_keep(investor=investor, now=now)) == 1


def test_only_a_second_person_releases_and_only_once():
    investor = make_investor().pk
    dealt_with(investor)
    first = manager()
    hold = place(first, subject=investor)
    second = approver()
    for actor, error in [
        (first, FourEyesViolation),
        (replace(second, stepped_up_at=None), StepUpRequired),
        (actor_of(make_user(Role.AUDITOR)), Forbidden),
    ]:
        with pytest.raises(error):
            services.release_hold(hold_id=hold.pk, reason="over", actor=actor, now=clock.now())
    services.release_hold(hold_id=hold.pk, reason="over", actor=second, now=clock.now())
    assert last_record("hold.released").object == f"hold:{hold.pk}"
    with pytest.raises(Conflict):
        services.release_hold(hold_id=hold.pk, reason="over", actor=second, now=clock.now())


def test_sql_refuses_release_by_the_same_person_and_any_other_change():
    investor = make_investor().pk
    dealt_with(investor)
    actor = manager()
    rows = LegalHold.objects.filter(pk=place(actor, subject=investor).pk)
    for values in (
        {"released_by": actor.user_id, "released_at": clock.now(), "release_reason": "x"},
        {"matter": "another"},
        {"released_by": uuid4(), "released_at": clock.now(), "release_reason": "x", "matter": "y"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"subject": None}, "subject"),
        ({"subject": uuid4()}, "subject"),
        ({"subject": uuid4(), "matter": " "}, "matter"),
        ({"subject": uuid4(), "reason": ""}, "reason"),
        ({"scope": HoldScope.PERIOD}, "period_from"),
        (
            {
                "scope": HoldScope.PERIOD,
                "period": (
                    dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
                    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                ),
            },
            "period_to",
        ),
    ],
)
def test_a_hold_that_makes_no_sense_names_its_field(words, field):
    with pytest.raises(InvalidInput) as refused:
        place(**words)
    assert refused.value.field == field
    with pytest.raises(Forbidden):
        place(actor_of(make_user(Role.AUTHOR)), **words)
