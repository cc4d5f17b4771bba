"""Lessons: looked back on by one person, signed off by another; actions end once and are asked
about until they do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from crisis.clocks.models import Clock
from crisis.learning import rules, services
from crisis.learning.models import LearningAction, RetrospectiveVersion
from crisis.models import Incident
from tests.core.builders import actor_of, make_user, sign_in
from tests.crisis.builders import make_actor, make_closed

DAY = dt.date(2026, 11, 22)
PARTS = {"summary": "The gateway stopped.", "causes": "A certificate had ended."}


def officer() -> Actor:
    return make_actor(Role.CRISIS_OFFICER)


def reviewer() -> Actor:
    return make_actor(Role.REVIEWER)


def given_by(actor: Actor) -> dict[str, Any]:
    return {"actor": actor, "now": clock.now()}


@pytest.fixture
def closed(db: None) -> Incident:
    return make_closed()


def submitted(incident: Incident, by: Actor) -> RetrospectiveVersion:
    version = services.start_retrospective(incident_id=incident.pk, **given_by(by))
    services.save(version_id=version.pk, parts=PARTS, **given_by(by))
    return services.submit(version_id=version.pk, **given_by(by))


def added(incident: Incident, due_on: dt.date = DAY, by: Actor | None = None) -> LearningAction:
    return services.add_action(
        incident_id=incident.pk, title="Watch certificates", due_on=due_on,
        owner_id=make_user(Role.DISPATCHER).pk, **given_by(by or officer()),
    )  # fmt: skip


# Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "step"), [(-8, None), (-7, -1), (-1, -1), (0, 0), (6, 0), (7, 1), (70, 10)]
)
def test_when_an_owner_is_asked(late: int, step: int | None) -> None:
    assert rules.chase_step(DAY, DAY + dt.timedelta(days=late)) == step


@given(st.integers(-60, 200), st.integers(0, 60))
def test_questions_only_grow(late: int, more: int) -> None:
    first = rules.chase_step(DAY, DAY + dt.timedelta(days=late))
    then = rules.chase_step(DAY, DAY + dt.timedelta(days=late + more))
    assert first is None or (then is not None and then >= first)


# The retrospective ----------------------------------------------------------------------------


def test_signing_off_takes_a_second_person_and_meets_the_clock(closed: Incident) -> None:
    version = submitted(closed, officer())
    services.approve(version_id=version.pk, shown_hash=version.content_hash, **given_by(reviewer()))
    version.refresh_from_db()
    assert version.state == "approved"
    assert Clock.objects.get(incident=closed, code="retrospective").state == "met"
    assert Record.objects.filter(action="retrospective.approved").count() == 1


def test_its_writer_cannot_sign_it_off(closed: Incident) -> None:
    both = make_actor(Role.CRISIS_OFFICER, Role.REVIEWER)
    version = submitted(closed, both)
    with pytest.raises(FourEyesViolation):
        services.approve(version_id=version.pk, shown_hash=version.content_hash, **given_by(both))
    with pytest.raises(Exception, match="four eyes"), transaction.atomic():
        RetrospectiveVersion.objects.filter(pk=version.pk).update(
            state="approved", decided_by=both.user_id, decided_at=clock.now()
        )


def test_without_a_fresh_second_factor_nothing_is_signed_off(closed: Incident) -> None:
    version = submitted(closed, officer())
    stale = actor_of(make_user(Role.REVIEWER), stepped_up=False)
    with pytest.raises(StepUpRequired):
        services.approve(version_id=version.pk, shown_hash=version.content_hash, **given_by(stale))


def test_it_is_too_early_while_the_incident_is_handled(db: None) -> None:
    from tests.crisis.builders import make_incident

    with pytest.raises(Conflict) as refused:
        services.start_retrospective(incident_id=make_incident().pk, **given_by(officer()))
    assert refused.value.code == "too_early"


def test_without_causes_it_cannot_be_submitted(closed: Incident) -> None:
    by = officer()
    version = services.start_retrospective(incident_id=closed.pk, **given_by(by))
    services.save(version_id=version.pk, parts={"summary": "x"}, **given_by(by))
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=version.pk, **given_by(by))
    assert refused.value.field == "causes"


def test_after_a_return_work_goes_on_with_the_same_words(closed: Incident) -> None:
    version = submitted(closed, officer())
    services.return_version(version_id=version.pk, reason="Ask why again.", **given_by(reviewer()))
    again = services.start_retrospective(incident_id=closed.pk, **given_by(officer()))
    assert (again.number, again.summary) == (2, PARTS["summary"])


# Actions --------------------------------------------------------------------------------------


def test_its_owner_ends_an_action_with_what_was_done(closed: Incident) -> None:
    action = added(closed)
    owner = actor_of(action.owner)
    with pytest.raises(InvalidInput):
        services.finish_action(action_id=action.pk, outcome=" ", **given_by(owner))
    services.finish_action(action_id=action.pk, outcome="Monitored now.", **given_by(owner))
    with pytest.raises(Conflict):
        services.finish_action(action_id=action.pk, outcome="again", **given_by(owner))


def test_nobody_else_ends_it(closed: Incident) -> None:
    action = added(closed)
    with pytest.raises(Forbidden):
        services.finish_action(
            action_id=action.pk, outcome="done", **given_by(make_actor(Role.RELEASER))
        )


def test_dropping_takes_somebody_uninvolved(closed: Incident) -> None:
    both = make_actor(Role.CRISIS_OFFICER, Role.REVIEWER)
    action = added(closed, by=both)
    with pytest.raises(FourEyesViolation):
        services.drop_action(action_id=action.pk, outcome="too dear", **given_by(both))
    services.drop_action(action_id=action.pk, outcome="too dear", **given_by(reviewer()))
    action.refresh_from_db()
    assert action.state == "dropped"


@pytest.mark.parametrize(
    "change",
    ["title = 'nothing'", "state = 'done'", "due_on = due_on + 90, owner_id = added_by_id"],
)
def test_the_database_refuses(closed: Incident, change: str) -> None:
    added(closed)
    with pytest.raises(Exception, match=r"cannot|violates"), transaction.atomic():
        connection.cursor().execute(f"UPDATE crisis_learningaction SET {change}")


def test_owners_are_asked_once_per_step_until_it_ends(closed: Incident) -> None:
    action = added(closed, due_on=DAY)
    now = clock.now()

    def ask(days: int) -> int:
        return services.chase_due(now=now, today=DAY + dt.timedelta(days=days))

    assert [ask(-10), ask(-7), ask(-6), ask(0), ask(1), ask(20)] == [0, 1, 0, 1, 0, 1]
    services.move_action(
        action_id=action.pk,
        due_on=DAY + dt.timedelta(days=90),
        reason="parts",
        **given_by(officer()),
    )
    assert ask(21) == 0
    services.finish_action(action_id=action.pk, outcome="done", **given_by(officer()))
    assert ask(400) == 0


# Pages ----------------------------------------------------------------------------------------


def test_from_the_incident_to_the_signed_off_lesson(client: Client, closed: Incident) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)
    answer = client.post(reverse("retrospective-new", args=[closed.pk]))
    version = RetrospectiveVersion.objects.get()
    assert answer["Location"] == reverse("retrospective-edit", args=[version.pk])
    blank = client.post(answer["Location"], {"revision": 1, "summary": "x", "then": "submit"})
    assert blank.status_code == 422
    version.refresh_from_db()
    client.post(answer["Location"], PARTS | {"revision": version.revision, "then": "submit"})
    other = sign_in(Client(), make_user(Role.REVIEWER), stepped_up=True)
    version.refresh_from_db()
    page = reverse("retrospective", args=[version.pk])
    assert "Put in force" in other.get(page).text
    assert "Put in force" not in client.get(page).text
    other.post(
        reverse("retrospective-decide", args=[version.pk]),
        {"verb": "approve", "shown_hash": version.content_hash},
    )
    version.refresh_from_db()
    assert version.state == "approved"


def test_an_owner_without_other_rights_sees_and_ends_her_action(
    client: Client, closed: Incident
) -> None:
    owner = make_user(Role.AUTHOR)
    action = services.add_action(
        incident_id=closed.pk, title="Rewrite", due_on=timezone.localdate(), owner_id=owner.pk,
        **given_by(officer()),
    )  # fmt: skip
    sign_in(client, owner)
    page = reverse("incident-action", args=[action.pk])
    assert "Rewrite" in client.get(page).text
    client.post(reverse("incident-action-finish", args=[action.pk]), {"outcome": "rewritten"})
    action.refresh_from_db()
    assert action.state == "done"
    stranger = sign_in(Client(), make_user(Role.AUTHOR))
    assert stranger.get(page).status_code == 404
