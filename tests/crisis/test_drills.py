"""Drills run on the real workflow, are scored against the clocks, and stay exercises."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import Error, connection, transaction

from audit.models import Record
from core import clock
from core.errors import Conflict, Forbidden, IllegalTransition, InvalidInput
from core.roles import Role
from crisis.clocks.models import Clock
from crisis.drills import selectors, services
from crisis.drills.models import Drill, LostContact
from crisis.incidents.rules import MomentKind
from crisis.incidents.services.common import reach
from tests.builders import make_investors
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.speaking import make_drill, make_running, officer

pytestmark = pytest.mark.django_db


def end(drill: Drill, **changes) -> Drill:
    given = {"summary": "It took too long.", "actor": officer(), "now": clock.now(), **changes}
    return services.end(drill_id=drill.pk, **given)


def test_a_started_drill_is_an_incident_that_is_an_exercise():
    drill = make_running()
    assert drill.incident is not None and drill.incident.exercise
    assert drill.incident.code.startswith("EX-")
    assert drill.incident.scope == {"systems": ["Order gateway"]}
    assert Clock.objects.filter(incident=drill.incident, code="verify").exists()
    assert Record.objects.get(action="drill.started").incident == drill.incident_id


def test_a_drill_is_scored_against_its_clocks():
    drill = make_running()
    now = clock.now()
    reach(drill.incident, MomentKind.VERIFIED, at=now, actor=officer(), now=now)
    ended = end(drill)
    verify = next(row for row in ended.score["clocks"] if row["code"] == "verify")
    assert verify["met"] is True and verify["allowed"] == 1800
    assert ended.score["total"] == 100
    assert not Clock.objects.filter(incident=drill.incident, state="running").exists()


def test_a_clock_that_ran_out_costs_points():
    drill = make_running()
    ended = end(drill, now=clock.now() + dt.timedelta(hours=1))
    verify = next(row for row in ended.score["clocks"] if row["code"] == "verify")
    assert verify["met"] is False and ended.score["total"] == 0


def test_a_site_switch_measures_each_step_once():
    steps = [{"name": "Down", "seconds": 60}, {"name": "Up", "seconds": 900}]
    drill = make_running("site_switch", steps=steps)
    later = clock.now() + dt.timedelta(minutes=5)
    for step in (0, 1):
        services.mark_step(drill_id=drill.pk, step=step, actor=officer(), now=later)
    with pytest.raises(Conflict):
        services.mark_step(drill_id=drill.pk, step=0, actor=officer(), now=later)
    with pytest.raises(InvalidInput):
        services.mark_step(drill_id=drill.pk, step=2, actor=officer(), now=later)
    down, up = selectors.step_results(drill)
    assert (down.met, up.met) == (False, True) and 299 <= (up.seconds or 0) <= 301
    assert end(drill).score["steps_met"] == 1


def test_a_site_switch_needs_steps():
    with pytest.raises(InvalidInput) as refused:
        make_drill("site_switch", steps=[])
    assert refused.value.field == "steps"


def test_a_lost_contact_drill_measures_how_fast_people_are_found():
    from investors.models import Investor

    lost, fine = make_investors(3), make_investors(2)
    Investor.objects.filter(pk__in=lost).update(reach=1)
    drill = make_running("lost_contact")
    rows = LostContact.objects.filter(drill=drill)
    assert {row.investor_id for row in rows} == set(lost) and not set(fine) & set(lost)
    later = clock.now() + dt.timedelta(minutes=10)
    first = rows.first()
    services.mark_found(lost_id=first.pk, actor=officer(), now=later)
    with pytest.raises(Conflict):
        services.mark_found(lost_id=first.pk, actor=officer(), now=later)
    score = end(drill).score
    assert score["recovery"]["people"] == 3 and score["recovery"]["recovered"] == 1
    assert 599 <= score["recovery"]["median_seconds"] <= 601
    told = Record.objects.get(action="drill.contact_found")
    assert told.investor == first.investor_id


def test_findings_have_an_owner_and_an_end():
    drill, owner = make_running(), officer()
    finding = services.note_finding(
        drill_id=drill.pk, text="Nobody knew the number", action="Print it", owner=owner.user_id,
        due_on=dt.date(2026, 1, 1), actor=officer(), now=clock.now(),
    )  # fmt: skip
    assert list(selectors.overdue_findings(dt.date(2026, 1, 2))) == [finding]
    other = make_actor(Role.DISPATCHER)
    with pytest.raises(Forbidden):
        services.settle_finding(finding_id=finding.pk, outcome="x", actor=other, now=clock.now())
    services.settle_finding(finding_id=finding.pk, outcome="Done", actor=owner, now=clock.now())
    assert not selectors.overdue_findings(dt.date(2026, 1, 2)).exists()
    with pytest.raises(Conflict):
        services.settle_finding(finding_id=finding.pk, outcome="x", actor=owner, now=clock.now())


def test_only_finished_drills_of_the_year_count():
    assert selectors.missing(clock.now()) == 2
    make_running()
    end(make_running())
    assert selectors.missing(clock.now()) == 1
    assert selectors.missing(clock.now() + dt.timedelta(days=366)) == 2


def test_moves_and_rights():
    drill = make_drill()
    with pytest.raises(IllegalTransition):
        end(drill)
    with pytest.raises(Forbidden):
        services.start(drill_id=drill.pk, actor=make_actor(Role.REVIEWER), now=clock.now())
    with pytest.raises(Exception, match="reason"):
        services.cancel(drill_id=drill.pk, reason=" ", actor=officer(), now=clock.now())
    services.cancel(drill_id=drill.pk, reason="storm", actor=officer(), now=clock.now())
    with pytest.raises(IllegalTransition):
        services.start(drill_id=drill.pk, actor=officer(), now=clock.now())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_drill SET score = '{\"total\": 100}'",
        "UPDATE crisis_drill SET incident_id = (SELECT id FROM crisis_incident WHERE NOT exercise)",
        "UPDATE crisis_drill SET scenario = 'easier'",
        "UPDATE crisis_drill SET state = 'planned'",
        "UPDATE crisis_drillmark SET at = now()",
        "DELETE FROM crisis_drillmark",
        "DELETE FROM crisis_drill",
        "UPDATE crisis_incident SET exercise = false",
    ],
)
def test_the_database_refuses(statement):
    make_incident()
    drill = make_running("site_switch")
    services.mark_step(drill_id=drill.pk, step=0, actor=officer(), now=clock.now())
    with pytest.raises(Error), transaction.atomic():
        connection.cursor().execute(statement)
