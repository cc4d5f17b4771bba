"""Writes on risks on PostgreSQL: their records, their refusals, and what SQL alone cannot do."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Record
from core import clock
from core.errors import (
    Conflict,
    Forbidden,
    FourEyesViolation,
    IllegalTransition,
    InvalidInput,
    NotFound,
    StepUpRequired,
)
from core.roles import Role
from crisis.models import (
    Acceptance,
    Assessment,
    ControlUse,
    Link,
    Risk,
    RiskMatrixVersion,
    Round,
    Unlink,
)
from crisis.risks import selectors
from crisis.risks.controls import services as controls
from crisis.risks.links import services as links
from crisis.risks.links.rules import End
from crisis.risks.matrix import services as matrix
from crisis.risks.matrix.rules import SHIPPED, content_of
from crisis.risks.matrix.selectors import impact_of, in_force
from crisis.risks.rounds import services as rounds
from crisis.risks.services import accepting, exporting, registering
from tests.core.builders import actor_of, make_user
from tests.crisis.builders import make_incident
from tests.crisis.risks.builders import (
    approver,
    assess,
    editor,
    fill,
    make_accepted,
    make_control,
    make_draft,
    make_open,
    make_proposed,
    make_round,
    note,
    today,
    words,
)

pytestmark = pytest.mark.django_db


def told(action: str) -> Record:
    return Record.objects.filter(action=action).latest("id")


class TestRegister:
    def test_a_risk_starts_as_a_draft_with_its_code_and_record(self) -> None:
        risk = make_draft()
        assert (risk.state, risk.code) == ("draft", f"R-{today().year}-001")
        record = told("risk.created")
        assert record.object == f"risk:{risk.pk}"
        assert risk.title not in record.payload
        assert make_draft().code.endswith("-002")

    def test_it_opens_once_it_is_assessed(self) -> None:
        actor, now = editor(), clock.now()
        risk = make_draft(actor)
        with pytest.raises(Conflict) as refused:
            registering.open_risk(risk_id=risk.pk, actor=actor, now=now)
        assert refused.value.code == "not_assessed"
        assess(risk, "inherent", 90, 100, actor=actor)
        assess(risk, "current", 50, 60, actor=actor)
        assert registering.open_risk(risk_id=risk.pk, actor=actor, now=now).state == "open"

    def test_it_closes_with_a_reason_and_opens_again(self) -> None:
        actor, now = editor(), clock.now()
        risk = make_open(actor)
        given = {"risk_id": risk.pk, "actor": actor, "now": now}
        with pytest.raises(InvalidInput):
            registering.close_risk(**given, reason=" ")
        registering.close_risk(**given, reason="Replaced.")
        with pytest.raises(Conflict):
            assess(risk, "current", 1, 1, actor=actor)
        assert registering.reopen_risk(**given, reason="It came back.").state == "open"

    def test_two_people_editing_lose_nothing(self) -> None:
        actor = editor()
        risk = make_draft(actor)
        given = {"risk_id": risk.pk, "actor": actor}
        shown = risk.changed_at
        later = words(actor, title="Renamed")
        registering.change_risk(**given, **later, shown_at=shown, now=clock.now())
        with pytest.raises(Conflict) as refused:
            registering.change_risk(**given, **words(actor), shown_at=shown, now=clock.now())
        assert refused.value.code == "stale"
        assert Risk.objects.get().title == "Renamed"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("kind", "weather"), ("title", " "), ("title", "a\x00b"), ("causes", "\ud800"),
            ("title", "x" * 201), ("department", ""),
            ("causes", "x" * 4001), ("owner_id", uuid4()),
        ],
    )  # fmt: skip
    def test_a_flaw_names_its_field(self, name: str, value: object) -> None:
        with pytest.raises(InvalidInput) as refused:
            make_draft(**{name: value})
        assert refused.value.field == name
        assert not Risk.objects.exists()

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR, Role.AUTHOR])
    def test_others_may_not(self, role: Role) -> None:
        with pytest.raises(Forbidden):
            make_draft(actor_of(make_user(role)))

    def test_an_assessment_stays_and_the_newest_counts(self) -> None:
        actor = editor()
        risk = make_open(actor, current=(40, 60))
        assess(risk, "current", 20, 60, actor=actor)
        row = selectors.rows_of([risk], in_force())[0]
        assert (row.points["current"].likelihood, Assessment.objects.count()) == (20, 3)
        with pytest.raises(InvalidInput) as refused:
            assess(risk, "residual", 95, 10, actor=actor)
        assert refused.value.field == "likelihood"


class TestAcceptance:
    def test_a_second_person_accepts_and_the_risk_follows(self) -> None:
        found = make_accepted()
        risk = Risk.objects.get()
        assert (found.state, risk.state) == ("active", "accepted")
        assert (found.likelihood, found.impact) == (40, 60)
        assert told("risk.accepted").object == f"risk:{risk.pk}"

    def test_neither_the_proposer_nor_the_owner_decides(self) -> None:
        both = actor_of(make_user(Role.CRISIS_OFFICER, Role.REVIEWER))
        owner = actor_of(make_user(Role.CRISIS_OFFICER, Role.REVIEWER))
        risk = make_open(owner)
        found = accepting.propose(
            risk_id=risk.pk, reason="r", expires_on=today() + dt.timedelta(days=9), actor=both,
            now=clock.now(),
        )  # fmt: skip
        for actor in (both, owner):
            with pytest.raises(FourEyesViolation):
                accepting.approve(acceptance_id=found.pk, actor=actor, now=clock.now())
            with pytest.raises(FourEyesViolation):
                accepting.decline(acceptance_id=found.pk, reason="no", actor=actor, now=clock.now())

    def test_it_needs_the_right_and_a_fresh_second_factor(self) -> None:
        found = make_proposed()
        with pytest.raises(Forbidden):
            accepting.approve(acceptance_id=found.pk, actor=editor(), now=clock.now())
        cold = actor_of(make_user(Role.REVIEWER), stepped_up=False)
        with pytest.raises(StepUpRequired):
            accepting.approve(acceptance_id=found.pk, actor=cold, now=clock.now())
        assert Risk.objects.get().state == "open"

    def test_what_was_assessed_anew_is_proposed_anew(self) -> None:
        actor = editor()
        risk = make_open(actor)
        found = make_proposed(risk)
        assess(risk, "residual", 30, 60, actor=actor)
        with pytest.raises(Conflict) as refused:
            accepting.approve(acceptance_id=found.pk, actor=approver(), now=clock.now())
        assert refused.value.code == "assessed_anew"

    def test_a_renewal_replaces_the_one_in_force(self) -> None:
        first = make_accepted()
        second = make_accepted(risk=first.risk)
        first.refresh_from_db()
        assert (first.state, second.state) == ("replaced", "active")
        assert Risk.objects.get().state == "accepted"

    def test_it_is_declined_or_withdrawn_with_a_reason(self) -> None:
        found = make_proposed()
        given = {"acceptance_id": found.pk, "now": clock.now()}
        with pytest.raises(InvalidInput):
            accepting.decline(**given, reason="", actor=approver())
        assert accepting.decline(**given, reason="no", actor=approver()).state == "declined"
        with pytest.raises(IllegalTransition):
            accepting.withdraw(**given, reason="no", actor=editor())
        other = make_proposed(found.risk)
        accepting.withdraw(
            acceptance_id=other.pk, reason="mistake", actor=editor(), now=clock.now()
        )
        assert Risk.objects.get().state == "open"

    def test_revoking_opens_the_risk_again(self) -> None:
        found = make_accepted()
        given = {"acceptance_id": found.pk, "now": clock.now()}
        with pytest.raises(Forbidden):
            accepting.revoke(**given, reason="r", actor=editor())
        second = approver()
        accepting.revoke(acceptance_id=found.pk, reason="It grew.", actor=second, now=clock.now())
        risk = Risk.objects.get()
        assert (risk.state, risk.state_reason) == ("open", "It grew.")

    def test_it_ends_by_itself_however_late_and_once(self) -> None:
        found = make_accepted(days=2)
        last = clock.now() + dt.timedelta(days=2)
        assert accepting.expire_due(now=last) == 0
        assert selectors.expired_open(last) == []
        late = last + dt.timedelta(days=30)
        assert selectors.expired_open(late) == [found.risk]  # also before the task ran
        assert (accepting.expire_due(now=late), accepting.expire_due(now=late)) == (1, 0)
        found.refresh_from_db()
        risk = Risk.objects.get()
        assert (found.state, found.ended_by, risk.state) == ("expired", None, "open")
        assert selectors.expired_open(late) == [risk]
        assert told("risk.acceptance_expired").actor == "system:risks"


class TestControls:
    def test_evidence_by_hand_works_until_it_expires(self) -> None:
        from crisis.risks.controls.selectors import standing_of

        actor = editor()
        control = make_control(actor)
        assert standing_of([control], clock.now())[control.pk].standing == "unproven"
        note(control, actor=actor, days=10)
        assert standing_of([control], clock.now())[control.pk].standing == "works"
        later = clock.now() + dt.timedelta(days=11)
        assert standing_of([control], later)[control.pk].standing == "stale"
        note(control, actor=actor, works=False)
        assert standing_of([control], clock.now())[control.pk].standing == "fails"

    def test_a_control_lowers_what_its_evidence_supports(self) -> None:
        actor = editor()
        risk, control = make_open(actor, inherent=(80, 60), current=(40, 40)), make_control(actor)
        controls.attach(
            risk_id=risk.pk, control_id=control.pk, strength=50, actor=actor, now=clock.now()
        )
        inherent = selectors.rows_of([risk], in_force())[0].points["inherent"]

        def ruled() -> tuple[int, int] | None:
            return selectors.by_rule(inherent, selectors.controls_of(risk, clock.now()))

        assert ruled() == (80, 60)
        note(control, actor=actor)
        assert ruled() == (40, 60)

    def test_once_per_risk_and_taken_off_with_a_reason(self) -> None:
        actor, now = editor(), clock.now()
        risk, control = make_open(actor), make_control(actor)
        given = {"risk_id": risk.pk, "control_id": control.pk, "strength": 50}
        use = controls.attach(**given, actor=actor, now=now)
        with pytest.raises(Conflict):
            controls.attach(**given, actor=actor, now=now)
        with pytest.raises(Conflict) as refused:
            controls.retire_control(control_id=control.pk, reason="old", actor=actor, now=now)
        assert refused.value.code == "in_use"
        controls.detach(use_id=use.pk, reason="replaced", actor=actor, now=now)
        controls.retire_control(control_id=control.pk, reason="old", actor=actor, now=now)
        with pytest.raises(Conflict):
            controls.attach(**given, actor=actor, now=now)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("kind", "magic"), ("frequency", "never"), ("source", "dream"), ("title", "")],
    )
    def test_a_flaw_names_its_field(self, name: str, value: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            make_control(**{name: value})
        assert refused.value.field == name

    @pytest.mark.parametrize("strength", [0, 91, "x", True])
    def test_no_control_is_stronger_than_ninety(self, strength: object) -> None:
        actor = editor()
        with pytest.raises(InvalidInput):
            controls.attach(
                risk_id=make_open(actor).pk, control_id=make_control(actor).pk,
                strength=strength, actor=actor, now=clock.now(),
            )  # fmt: skip

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://x.example.com", "x"])
    def test_a_link_is_a_web_address(self, link: str) -> None:
        actor = editor()
        with pytest.raises(InvalidInput) as refused:
            controls.add_evidence(
                control_id=make_control(actor).pk, works=True, seen="s", on=today(), link=link,
                expires_on=today() + dt.timedelta(days=1), actor=actor, now=clock.now(),
            )  # fmt: skip
        assert refused.value.field == "link"


class TestRounds:
    def test_its_chair_closes_it_with_minutes_and_attendance(self) -> None:
        chair, other = editor(), editor()
        found = make_round(chair)
        risk = make_draft(chair, round_id=found.pk)
        given = {"round_id": found.pk, "minutes": "We looked at the gateway.", "now": clock.now()}
        with pytest.raises(Conflict):
            rounds.close_round(**given, actor=chair)
        fill(found, other)
        with pytest.raises(Forbidden):
            rounds.close_round(**given, actor=other)
        with pytest.raises(InvalidInput):
            rounds.close_round(**{**given, "minutes": " "}, actor=chair)
        rounds.close_round(**given, actor=chair)
        payload = told("risk.round_closed").payload
        assert '"present":2' in payload and '"risks":1' in payload
        assert "gateway" not in payload
        assert risk.round_id == found.pk
        with pytest.raises(Conflict):
            fill(found, chair)
        with pytest.raises(Conflict):
            make_draft(chair, round_id=found.pk)

    def test_attendance_can_be_corrected_before(self) -> None:
        actor = editor()
        found = make_round(actor)
        person = make_user().pk
        for presence in ("present", "excused"):
            rounds.note_attendance(
                round_id=found.pk, person_id=person, department="Technology", presence=presence,
                actor=actor, now=clock.now(),
            )  # fmt: skip
        assert [row.presence for row in found.attendance.all()] == ["excused"]

    def test_a_chair_works_on_risks(self) -> None:
        with pytest.raises(InvalidInput) as refused:
            make_round(chair_id=make_user(Role.AUTHOR).pk)
        assert refused.value.field == "chair_id"

    def test_it_is_called_off_with_a_reason(self) -> None:
        actor = editor()
        found = make_round(actor)
        rounds.cancel_round(round_id=found.pk, reason="Typhoon.", actor=actor, now=clock.now())
        with pytest.raises(Conflict):
            rounds.cancel_round(round_id=found.pk, reason="x", actor=actor, now=clock.now())


class TestMatrix:
    def submitted(self, actor, **changes) -> RiskMatrixVersion:
        content = {**content_of(SHIPPED), **changes}
        version = matrix.new_version(actor=actor, now=clock.now())
        matrix.save(version_id=version.pk, **content, actor=actor, now=clock.now())
        return matrix.submit(version_id=version.pk, actor=actor, now=clock.now())

    def stricter(self) -> list[list[str]]:
        cells = [list(row) for row in SHIPPED.cells]
        cells[2][3] = "high"
        return cells

    def test_a_second_person_puts_it_in_force_and_levels_follow(self) -> None:
        actor = editor()
        risk = make_open(actor, current=(40, 60))
        version = self.submitted(actor, cells=self.stricter())
        changes = impact_of(version.content)
        assert [(c.risk, c.stage, c.before, c.after) for c in changes] == [
            (risk, "current", "elevated", "high")
        ]
        matrix.approve(
            version_id=version.pk, shown_hash=version.content_hash, actor=approver(),
            now=clock.now(),
        )  # fmt: skip
        assert in_force().level_of(40, 60) == "high"
        assert RiskMatrixVersion.objects.filter(state="approved").count() == 1

    def test_who_wrote_it_does_not_decide(self) -> None:
        both = actor_of(make_user(Role.CRISIS_OFFICER, Role.REVIEWER))
        version = self.submitted(both)
        given = {"version_id": version.pk, "actor": both, "now": clock.now()}
        with pytest.raises(FourEyesViolation):
            matrix.approve(**given, shown_hash=version.content_hash)
        with pytest.raises(FourEyesViolation):
            matrix.return_version(**given, reason="no")

    def test_it_can_be_returned(self) -> None:
        version = self.submitted(editor())
        matrix.return_version(
            version_id=version.pk, reason="Too strict.", actor=approver(), now=clock.now()
        )
        assert in_force() == SHIPPED


class TestLinks:
    def test_both_ends_and_once(self) -> None:
        actor, now = editor(), clock.now()
        risk, incident = make_open(actor), make_incident()
        ends = {"one": End("incident", incident.pk), "other": End("risk", risk.pk)}
        made = links.link(**ends, why="It came true.", actor=actor, now=now)
        record = told("risk.linked")
        assert (record.incident, record.object) == (incident.pk, f"risk:{risk.pk}")
        assert "came true" not in record.payload
        with pytest.raises(Conflict):
            links.link(one=ends["other"], other=ends["one"], actor=actor, now=now)
        links.unlink(link_id=made.pk, why="Another cause.", actor=actor, now=now)
        with pytest.raises(Conflict):
            links.unlink(link_id=made.pk, why="again", actor=actor, now=now)
        links.link(**ends, actor=actor, now=now)
        assert (Link.objects.count(), Unlink.objects.count()) == (2, 1)

    def test_what_is_not_there_cannot_be_linked(self) -> None:
        actor = editor()
        risk = End("risk", make_open(actor).pk)
        for kind in ("risk", "incident", "notice", "alert"):
            with pytest.raises(NotFound):
                links.link(one=risk, other=End(kind, uuid4()), actor=actor, now=clock.now())

    def test_an_alert_is_a_record_of_an_alarm(self) -> None:
        from audit import alarms
        from core.actor import system

        actor = editor()
        risk = End("risk", make_open(actor).pk)
        alarms.sound("audit.signing_refused", actor=system("t"), now=clock.now(), payload={})
        alert = told("audit.signing_refused")
        links.link(one=risk, other=End("alert", alert.pk), actor=actor, now=clock.now())
        other = told("risk.created")
        with pytest.raises(NotFound):
            links.link(one=risk, other=End("alert", other.pk), actor=actor, now=clock.now())


def test_an_export_is_recorded_and_runs_no_formula() -> None:
    make_open(title='=HYPERLINK("http://x.example.com")')
    auditor = actor_of(make_user(Role.AUDITOR))
    name, content = exporting.export_register(form="csv", actor=auditor, now=clock.now())
    lines = content.decode("utf-8-sig").splitlines()
    assert name.endswith(".csv") and lines[0].startswith("code,type,title")
    assert "'=HYPERLINK" in lines[1] and ",90,100,high," in lines[1]
    record = told("risk.register_exported")
    assert '"rows":1' in record.payload and '"format":"csv"' in record.payload
    with pytest.raises(Forbidden):
        exporting.export_register(
            form="csv", actor=actor_of(make_user(Role.AUTHOR)), now=clock.now()
        )


def test_the_register_for_the_board_is_a_pdf() -> None:
    make_open(title="短信网关在高峰期不可用")
    _name, content = exporting.export_register(form="pdf", actor=editor(), now=clock.now())
    assert content.startswith(b"%PDF") and len(content) > 10_000


# --- SQL alone ------------------------------------------------------------------------------


def refused(statement: str) -> None:
    words = r"refused|denied|cannot|four eyes|starts|constraint"
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_riskassessment SET likelihood = 1",
        "DELETE FROM crisis_riskassessment",
        "DELETE FROM crisis_risk",
        "UPDATE crisis_risk SET code = 'R-1'",
        "UPDATE crisis_risk SET state = 'draft'",
        "UPDATE crisis_risk SET state = 'open'",
        "UPDATE crisis_risk SET state = 'closed'",
        "DELETE FROM crisis_riskacceptance",
        "UPDATE crisis_riskacceptance SET expires_on = '2030-01-01'",
        "UPDATE crisis_riskacceptance SET state = 'proposed'",
        "UPDATE crisis_riskacceptance SET decided_by_id = proposed_by_id",
        "UPDATE crisis_riskmatrix SET code = 'x'",
        "UPDATE crisis_riskmatrixversion SET cells = '[]'",
    ],
)
def test_the_database_refuses_about_an_accepted_risk(statement: str) -> None:
    make_accepted()
    refused(statement)


def test_the_database_refuses_an_acceptance_by_its_proposer_or_the_owner() -> None:
    found = make_proposed()
    for person in (found.proposed_by_id, found.risk.owner_id):
        refused(
            "UPDATE crisis_riskacceptance SET state = 'active', decided_at = now(), "
            f"decided_by_id = '{person}'"
        )
    refused("UPDATE crisis_risk SET state = 'accepted'")
    assert Acceptance.objects.get().state == "proposed"


def test_the_database_refuses_to_open_what_was_not_assessed() -> None:
    make_draft()
    refused("UPDATE crisis_risk SET state = 'open'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_riskattendance SET presence = 'excused'",
        "DELETE FROM crisis_riskattendance",
        "UPDATE crisis_riskround SET minutes = 'nothing'",
        "UPDATE crisis_riskround SET state = 'planned'",
        "DELETE FROM crisis_riskround",
    ],
)
def test_the_database_refuses_about_a_closed_round(statement: str) -> None:
    actor = editor()
    found = make_round(actor)
    fill(found, actor)
    rounds.close_round(round_id=found.pk, minutes="m", actor=actor, now=clock.now())
    refused(statement)
    assert Round.objects.get().minutes == "m"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_riskcontrol SET code = 'C-1'",
        "DELETE FROM crisis_riskcontrol",
        "UPDATE crisis_riskcontrolevidence SET works = false",
        "DELETE FROM crisis_riskcontrolevidence",
        "UPDATE crisis_riskcontroluse SET strength = 90",
        "UPDATE crisis_link SET why = 'x'",
        "DELETE FROM crisis_link",
        "DELETE FROM crisis_unlink",
        "INSERT INTO crisis_link SELECT gen_random_uuid(), salt, one_kind, one_id, other_kind, "
        "other_id, why, at, by_id FROM crisis_link",
    ],
)
def test_the_database_refuses_about_controls_and_links(statement: str) -> None:
    actor, now = editor(), clock.now()
    risk, control = make_open(actor), make_control(actor)
    note(control, actor=actor)
    controls.attach(risk_id=risk.pk, control_id=control.pk, strength=5, actor=actor, now=now)
    links.link(
        one=End("risk", risk.pk), other=End("incident", make_incident().pk), actor=actor, now=now
    )
    columns = "id, salt, one_kind, one_id, other_kind, other_id, why, at, by_id"
    refused(statement.replace("INTO crisis_link SELECT", f"INTO crisis_link ({columns}) SELECT"))
    assert ControlUse.objects.get().strength == 5
