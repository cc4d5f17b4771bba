"""From the alarm to the end: every move, who may make it, and what it leaves behind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import Record
from core import clock
from core.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    StepUpRequired,
    VouchsafeError,
)
from core.roles import ROLE_CAPABILITIES, Capability, Role
from crisis.incidents.rules import MACHINE, State
from crisis.incidents.services import attaching, deciding, ending, staffing
from crisis.incidents.services.activating import activate
from crisis.models import Assignment, Clock, Incident, TierDecision
from tests.crisis.builders import make_actor, make_incident, make_verified

pytestmark = pytest.mark.django_db

SCOPE = {"systems": ["trading"]}


@pytest.fixture
def officer() -> Any:
    return make_actor(Role.CRISIS_OFFICER)


def verify(incident: Incident, actor: Any, **given: Any) -> Incident:
    words = {"nature": "technical", "scope": SCOPE, **given}
    return deciding.verify(incident_id=incident.pk, actor=actor, now=clock.now(), **words)


def clocks(incident: Incident) -> dict[str, str]:
    return dict(Clock.objects.filter(incident=incident).values_list("code", "state"))


# --- verification ---------------------------------------------------------------------------


def test_a_verification_sets_nature_scope_tier_and_lead_and_meets_its_clock(officer: Any) -> None:
    incident = verify(make_incident(), officer)
    assert (incident.state, incident.tier, incident.lead_id) == (
        "verified",
        "general",
        officer.user_id,
    )
    assert clocks(incident)["verify"] == "met"
    assert clocks(incident)["restore"] == "running"
    record = Record.objects.get(action="incident.verified")
    assert record.incident == incident.pk
    assert record.content["tier"] == record.content["proposed"] == "general"


def test_the_rule_of_the_plan_makes_a_leak_major(officer: Any) -> None:
    incident = verify(make_incident(), officer, nature="leak")
    assert incident.tier == "major"
    kinds = set(incident.moments.values_list("kind", flat=True))
    assert {"verified", "classified_major", "leak_possible"} <= kinds


def test_another_tier_than_the_rule_says_needs_a_reason(officer: Any) -> None:
    incident = make_incident()
    with pytest.raises(InvalidInput) as refused:
        verify(incident, officer, nature="leak", tier="general")
    assert refused.value.field == "reason"
    verify(incident, officer, nature="leak", tier="general", reason="Test data only.")
    decision = TierDecision.objects.get(incident=incident)
    assert (decision.proposed, decision.tier, decision.reason) == (
        "major",
        "general",
        "Test data only.",
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"nature": ""}, "nature"),
        ({"nature": "weather"}, "nature"),
        ({"scope": {}}, "scope"),
        ({"scope": {"investors": "many"}}, "scope.investors"),
        ({"tier": "apocalyptic", "reason": "x"}, "tier"),
    ],
)
def test_a_verification_names_the_field_at_fault(officer: Any, given: Any, field: str) -> None:
    incident = make_incident()
    with pytest.raises(InvalidInput) as refused:
        verify(incident, officer, **given)
    assert refused.value.field == field
    incident.refresh_from_db()
    assert incident.state == "alarmed"


def test_a_reason_is_not_told_to_the_ledger(officer: Any) -> None:
    incident = verify(
        make_incident(), officer, nature="leak", tier="general", reason="Mr Wang said so"
    )
    payloads = "".join(
        Record.objects.filter(incident=incident.pk).values_list("payload", flat=True)
    )
    assert "Wang" not in payloads


# --- tier -----------------------------------------------------------------------------------


def test_an_upgrade_needs_a_reason_and_starts_what_it_brings(officer: Any) -> None:
    incident = make_verified(officer)
    given = {"incident_id": incident.pk, "tier": "major", "actor": officer}
    with pytest.raises(InvalidInput):
        deciding.change_tier(**given, reason=" ", now=clock.now())
    deciding.change_tier(**given, reason="All branches now.", now=clock.now())
    assert incident.moments.filter(kind="classified_major").exists()
    decisions = list(TierDecision.objects.filter(incident=incident).values_list("before", "tier"))
    assert decisions == [("", "general"), ("general", "major")]
    assert clocks(incident)["restore"] == "lapsed"


def test_a_downgrade_is_told_as_one(officer: Any) -> None:
    incident = make_verified(officer, nature="leak")
    deciding.change_tier(
        incident_id=incident.pk,
        tier="general",
        reason="Nothing left.",
        actor=officer,
        now=clock.now(),
    )
    assert incident.entries.filter(text__contains="Nothing left.").exists()
    assert clocks(incident)["restore"] == "running"


def test_the_same_tier_again_is_refused(officer: Any) -> None:
    incident = make_verified(officer)
    with pytest.raises(InvalidInput):
        deciding.change_tier(
            incident_id=incident.pk, tier="general", reason="x", actor=officer, now=clock.now()
        )


def test_what_is_not_verified_has_no_tier_to_change(officer: Any) -> None:
    with pytest.raises(Conflict):
        deciding.change_tier(
            incident_id=make_incident().pk, tier="major", reason="x", actor=officer, now=clock.now()
        )


# --- moments --------------------------------------------------------------------------------


def test_a_moment_counts_from_when_it_was_so(officer: Any) -> None:
    at = clock.now() - dt.timedelta(minutes=20)
    incident = make_verified(officer, since=at - dt.timedelta(hours=1))
    given = {"incident_id": incident.pk, "kind": "materiality_determined", "actor": officer}
    deciding.record_moment(**given, at=at, now=clock.now())
    started = Clock.objects.get(incident=incident, code="sec_8k")
    assert started.started_at == at
    with pytest.raises(Conflict):
        deciding.record_moment(**given, now=clock.now())


@pytest.mark.parametrize("kind", ["closed", "verified", "aware", "nonsense", ""])
def test_moments_of_moves_are_not_recorded_by_hand(officer: Any, kind: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        deciding.record_moment(
            incident_id=make_verified(officer).pk, kind=kind, actor=officer, now=clock.now()
        )
    assert refused.value.field == "kind"


@pytest.mark.parametrize("minutes", [-120, 5])
def test_a_moment_lies_within_the_incident(officer: Any, minutes: int) -> None:
    at = clock.now() + dt.timedelta(minutes=minutes)
    with pytest.raises(InvalidInput) as refused:
        deciding.record_moment(
            incident_id=make_verified(officer).pk, kind="extortion_paid", at=at, actor=officer,
            now=clock.now(),
        )  # fmt: skip
    assert refused.value.field == "at"


# --- roles ----------------------------------------------------------------------------------


def test_a_role_goes_to_who_is_named_and_leaves_the_one_before(officer: Any) -> None:
    incident, other = make_verified(officer), make_actor(Role.RELEASER)
    given = {"incident_id": incident.pk, "role": "legal", "actor": officer}
    staffing.assign_role(**given, person_id=other.user_id, now=clock.now())
    with pytest.raises(Conflict):
        staffing.assign_role(**given, person_id=other.user_id, now=clock.now())
    staffing.assign_role(**given, person_id=None, now=clock.now())
    rows = Assignment.objects.filter(incident=incident, role="legal").values_list(
        "person", flat=True
    )
    assert list(rows) == [other.user_id, None]


def test_nobody_without_a_part_in_crises_gets_a_role(officer: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        staffing.assign_role(
            incident_id=make_verified(officer).pk, role="legal",
            person_id=make_actor(Role.AUTHOR).user_id, actor=officer, now=clock.now(),
        )  # fmt: skip
    assert refused.value.field == "person"


def test_another_officer_takes_the_lead(officer: Any) -> None:
    incident, other = make_verified(officer), make_actor(Role.CRISIS_OFFICER)
    staffing.take_lead(incident_id=incident.pk, actor=other, now=clock.now())
    incident.refresh_from_db()
    assert incident.lead_id == other.user_id
    with pytest.raises(Conflict):
        staffing.take_lead(incident_id=incident.pk, actor=other, now=clock.now())


def test_who_only_writes_leads_when_the_plan_names_her(officer: Any, monkeypatch: Any) -> None:
    deputy = make_actor(Role.DISPATCHER)
    with pytest.raises(Forbidden):
        staffing.take_lead(incident_id=make_incident().pk, actor=deputy, now=clock.now())
    plan = {**plan_with("legal", [str(deputy.user_id)])}
    monkeypatch.setattr("crisis.incidents.services.activating.frozen_plan", lambda: plan)
    incident = make_incident()
    staffing.take_lead(incident_id=incident.pk, actor=deputy, now=clock.now())
    incident.refresh_from_db()
    assert incident.lead_id == deputy.user_id


def plan_with(role: str, people: list[str]) -> dict[str, Any]:
    from crisis.plans.shipped import SHIPPED

    roles = [{**row, "people": people if row["code"] == role else []} for row in SHIPPED["roles"]]
    return {**SHIPPED, "roles": roles}


def test_a_major_incident_has_its_task_force_and_calls_it_out(
    officer: Any, monkeypatch: Any
) -> None:
    lawyer = make_actor(Role.REVIEWER)
    plan = plan_with("legal", [str(lawyer.user_id)])
    monkeypatch.setattr("crisis.incidents.services.activating.frozen_plan", lambda: plan)
    incident = verify(make_incident(), officer, nature="leak")
    held = Assignment.objects.get(incident=incident, role="legal")
    assert held.person_id == lawyer.user_id
    assert incident.pages.filter(role="legal", state="calling").exists()


# --- restoring and ending -------------------------------------------------------------------


def restored(officer: Any, **given: Any) -> Incident:
    incident = make_verified(officer, **given)
    return ending.restore(incident_id=incident.pk, actor=officer, now=clock.now())


def test_a_restoration_meets_its_clock_and_can_fail_again(officer: Any) -> None:
    incident = restored(officer)
    assert clocks(incident)["restore"] == "met"
    ending.relapse(incident_id=incident.pk, reason="Down again.", actor=officer, now=clock.now())
    incident.refresh_from_db()
    assert (incident.state, incident.restored_at) == ("verified", None)


def test_a_close_names_the_duties_that_are_open(officer: Any) -> None:
    incident = restored(officer, nature="leak")
    given = {"incident_id": incident.pk, "words": "Mended.", "actor": officer}
    with pytest.raises(Conflict) as refused:
        ending.close(**given, now=clock.now())
    assert "gdpr_breach" in refused.value.details["duties"]
    assert "GDPR" in str(refused.value)
    ending.close(**given, despite="Reports follow.", now=clock.now())
    assert clocks(incident)["gdpr_breach"] == "running"
    assert clocks(incident)["bulletin"] == "lapsed"
    assert clocks(incident)["retrospective"] == "running"


def test_a_close_without_open_duties_needs_no_excuse(officer: Any) -> None:
    incident = ending.close(
        incident_id=restored(officer).pk, words="Mended.", actor=officer, now=clock.now()
    )
    assert (incident.state, incident.state_reason) == ("closed", "Mended.")
    assert incident.closed_at


def test_closing_words_are_needed(officer: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        ending.close(incident_id=restored(officer).pk, words="  ", actor=officer, now=clock.now())
    assert refused.value.field == "words"


def test_a_false_alarm_cancels_its_clocks_and_calls_nobody_any_more(officer: Any) -> None:
    incident = make_verified(officer, nature="leak")
    deciding.dismiss(
        incident_id=incident.pk, reason="A test message.", actor=officer, now=clock.now()
    )
    assert set(clocks(incident).values()) <= {"cancelled", "met", "lapsed"}
    assert not incident.pages.filter(state="calling").exists()


def test_a_duplicate_ends_and_the_other_one_tells_of_it(officer: Any) -> None:
    first, second = make_incident("Down"), make_incident("Down as well")
    into = attaching.attach_duplicate(
        incident_id=second.pk, into_id=first.pk, actor=officer, now=clock.now()
    )
    assert into.pk == first.pk
    assert first.entries.filter(kind="signal", text__contains=second.code).exists()
    second.refresh_from_db()
    assert second.state == "dismissed"


def test_an_exercise_is_no_duplicate_of_an_incident(officer: Any) -> None:
    drill = make_incident("Drill", exercise=True)
    with pytest.raises(InvalidInput):
        attaching.attach_duplicate(
            incident_id=drill.pk, into_id=make_incident().pk, actor=officer, now=clock.now()
        )


# --- moves by table -------------------------------------------------------------------------

TO = {
    "verify": State.VERIFIED, "dismiss": State.DISMISSED, "restore": State.RESTORED,
    "relapse": State.VERIFIED, "close": State.CLOSED,
}  # fmt: skip


def in_state(state: str, officer: Any) -> Incident:
    if state == "alarmed":
        return make_incident()
    if state == "dismissed":
        return deciding.dismiss(
            incident_id=make_incident().pk, reason="x", actor=officer, now=clock.now()
        )
    incident = make_verified(officer)
    given = {"incident_id": incident.pk, "actor": officer, "now": clock.now()}
    if state in {"restored", "closed"}:
        ending.restore(**given)
    if state == "closed":
        ending.close(**given, words="x")
    incident.refresh_from_db()
    return incident


CALLS: dict[str, Any] = {
    "verify": lambda **given: deciding.verify(nature="technical", scope=SCOPE, **given),
    "dismiss": lambda **given: deciding.dismiss(reason="x", **given),
    "restore": ending.restore,
    "relapse": lambda **given: ending.relapse(reason="x", **given),
    "close": lambda **given: ending.close(words="x", **given),
}


@pytest.mark.parametrize("verb", sorted(CALLS))
@pytest.mark.parametrize("state", [state.value for state in State])
def test_only_the_moves_of_the_machine_succeed(state: str, verb: str, officer: Any) -> None:
    incident = in_state(state, officer)
    before = Record.objects.count()
    move = MACHINE.moves.get((state, TO[verb]))
    legal = move is not None and move.name == verb
    given = {"incident_id": incident.pk, "actor": officer, "now": clock.now()}
    if legal:
        assert CALLS[verb](**given).state == TO[verb]
        return
    with pytest.raises(IllegalTransition):
        CALLS[verb](**given)
    incident.refresh_from_db()
    assert (incident.state, Record.objects.count()) == (state, before)


RUNS: dict[str, Any] = {
    **CALLS,
    "tier": lambda **given: deciding.change_tier(tier="major", reason="x", **given),
    "moment": lambda **given: deciding.record_moment(kind="extortion_paid", **given),
    "role": lambda **given: staffing.assign_role(role="legal", person_id=None, **given),
    "duplicate": lambda **given: attaching.attach_duplicate(into_id=given["incident_id"], **given),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("verb", sorted(RUNS))
def test_only_who_runs_crises_moves_an_incident(role: Role, verb: str) -> None:
    if Capability.CRISIS_RUN in ROLE_CAPABILITIES[role]:
        return
    with pytest.raises(Forbidden):
        RUNS[verb](incident_id=make_incident().pk, actor=make_actor(role), now=clock.now())


@pytest.mark.parametrize("role", list(Role))
def test_who_may_start_one(role: Role) -> None:
    given = {"title": "Down", "actor": make_actor(role), "now": clock.now()}
    if Capability.CRISIS_ACTIVATE in ROLE_CAPABILITIES[role]:
        assert activate(**given).is_open
    else:
        with pytest.raises(Forbidden):
            activate(**given)


@pytest.mark.parametrize("verb", ["close", "dismiss", "tier"])
def test_what_cannot_be_undone_asks_for_the_second_factor(verb: str, officer: Any) -> None:
    incident = restored(officer) if verb == "close" else make_verified(officer)
    stale = replace(officer, stepped_up_at=clock.now() - dt.timedelta(minutes=6))
    with pytest.raises(StepUpRequired):
        RUNS[verb](incident_id=incident.pk, actor=stale, now=clock.now())


# --- below Python ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_incident SET tier = 'major'",
        "UPDATE crisis_incident SET state = 'closed', state_reason = 'x', closed_at = now()",
        "UPDATE crisis_incident SET state = 'restored'",
        "UPDATE crisis_incident SET state = 'dismissed', closed_at = now(), state_reason = ''",
        "UPDATE crisis_incident SET verified_at = NULL",
        "UPDATE crisis_incident SET nature = ''",
        "UPDATE crisis_incident SET since = since, code = 'INC-0'",
        "UPDATE crisis_tierdecision SET reason = 'y'",
        "DELETE FROM crisis_tierdecision",
        "UPDATE crisis_assignment SET role = 'legal'",
        "DELETE FROM crisis_assignment",
        "DELETE FROM crisis_attachment",
        "UPDATE crisis_moment SET at = now()",
    ],
)
def test_the_database_refuses_by_itself(statement: str, officer: Any) -> None:
    make_verified(officer)
    with pytest.raises(Exception, match=r"refused|denied|cannot|constraint"), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_tier_changes_only_with_the_newest_decision(officer: Any) -> None:
    incident = make_verified(officer)
    TierDecision.objects.create(
        incident=incident, before="major", tier="general", reason="x", decided_at=clock.now(),
        decided_by_id=officer.user_id,
    )  # fmt: skip
    with pytest.raises(Exception, match="without a decision"), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(tier="major")


def test_an_ended_incident_changes_no_more(officer: Any) -> None:
    incident = in_state("closed", officer)
    with pytest.raises(VouchsafeError):
        staffing.take_lead(
            incident_id=incident.pk, actor=make_actor(Role.CRISIS_OFFICER), now=clock.now()
        )
    with pytest.raises(Exception, match="closed incident"), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(title="Nothing")
