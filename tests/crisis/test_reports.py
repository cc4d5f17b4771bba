"""Reports to regulators: pre-filled, reviewed by another, handed in; that meets the clock."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from crisis.clocks.models import Clock
from crisis.clocks.shipped import SHIPPED
from crisis.incidents.rules import MomentKind
from crisis.incidents.services.writing import log
from crisis.models import Entry, Incident
from crisis.reports import rules, services
from crisis.reports.definitions import FORMS, form_for
from crisis.reports.models import RegulatorReportVersion, ReportSubmission
from crisis.reports.selectors import due_reports
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.test_clocks import reach

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
PDF = b"%PDF-1.7 receipt"


@pytest.fixture
def writer() -> Actor:
    return make_actor(Role.CRISIS_OFFICER)


@pytest.fixture
def now() -> dt.datetime:
    return clock.now()


@pytest.fixture
def dora(now: dt.datetime) -> Clock:
    """The clock of a DORA notification, begun an hour ago."""
    incident = make_incident(
        title="Orders cannot be placed", now=now - 2 * HOUR, exercise=True,
        scope={"systems": ["order gateway"], "investors": 1200},
        actor=make_actor(Role.CRISIS_OFFICER),
    )  # fmt: skip
    log(
        incident_id=incident.pk, text="Switched to site B.", now=now - HOUR,
        actor=make_actor(Role.CRISIS_OFFICER),
    )  # fmt: skip
    reach(incident, MomentKind.MAJOR, now - HOUR)
    return incident.clocks.get(code="dora_initial")


def filled(dora: Clock, writer: Actor, now: dt.datetime) -> RegulatorReportVersion:
    """A draft with nothing left empty."""
    version = services.start(clock_id=dora.pk, actor=writer, now=now)
    given = {"text": "Filled", "long": "Filled", "time": "2026-03-02 14:05+01:00", "number": "7"}
    answers = {
        field.name: version.answers[field.name] or given[field.kind]
        for field in version.report.form.fields
    }
    return services.save(version_id=version.pk, answers=answers, actor=writer, now=now)


def approved(dora: Clock, writer: Actor, now: dt.datetime) -> RegulatorReportVersion:
    version = filled(dora, writer, now)
    version = services.submit(version_id=version.pk, actor=writer, now=now)
    return services.approve(
        version_id=version.pk, shown_hash=version.content_hash,
        actor=make_actor(Role.REVIEWER).with_step_up(now), now=now,
    )  # fmt: skip


class TestForms:
    def test_every_statutory_clock_has_a_form(self) -> None:
        asked = {row.code for row in SHIPPED if row.met_by == "report"}
        assert asked == set(FORMS)
        assert {row.code for row in SHIPPED if row.statutory} == asked

    @pytest.mark.parametrize("code", sorted(FORMS))
    def test_fields_come_once_and_fill_from_facts_there_are(self, code: str) -> None:
        form = form_for(code)
        names = [field.name for field in form.fields]
        assert len(names) == len(set(names))
        assert {field.fill for field in form.fields} - {""} <= set(rules.FACTS)
        assert all(field.zh and field.en for field in form.fields)

    @given(st.dictionaries(st.sampled_from(["what", "since", "investors"]), st.text(max_size=50)))
    def test_anything_is_kept_clean_or_refused_by_name(self, raw: dict[str, str]) -> None:
        form = form_for("dora_initial")
        try:
            answers = rules.clean_answers(form, raw)
        except InvalidInput as refused:
            assert (refused.field or "").startswith("answers.")
        else:
            assert rules.clean_answers(form, answers) == answers
            assert set(answers) == {field.name for field in form.fields}

    def test_a_receipt_is_what_its_bytes_say(self) -> None:
        assert rules.receipt_type(PDF) == "application/pdf"
        for bad in (b"<html>", b"%PDF-" + b"x" * rules.MAX_RECEIPT):
            with pytest.raises(InvalidInput) as refused:
                rules.receipt_type(bad)
            assert refused.value.field == "receipt"


class TestWriting:
    def test_a_draft_is_filled_from_the_incident(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        version = services.start(clock_id=dora.pk, actor=writer, now=now)
        answers = version.answers
        assert answers["reference"] == dora.incident.code
        assert answers["what"] == "Orders cannot be placed"
        assert answers["systems"] == "order gateway"
        assert answers["investors"] == "1200"
        assert "Switched to site B." in answers["measures"]
        assert answers["since"][-6:] in {"+01:00", "+02:00"}

    def test_what_is_empty_is_named(self, dora: Clock, writer: Actor, now: dt.datetime) -> None:
        version = services.start(clock_id=dora.pk, actor=writer, now=now)
        with pytest.raises(InvalidInput) as refused:
            services.submit(version_id=version.pk, actor=writer, now=now)
        assert (refused.value.field or "").startswith("answers.")
        assert "Nature" in str(refused.value)

    def test_the_ledger_holds_no_words_of_a_report(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        approved(dora, writer, now)
        records = Record.objects.filter(incident=dora.incident_id, action__startswith="report.")
        assert {record.action for record in records} == {
            "report.started", "report.saved", "report.submitted", "report.approved"
        }  # fmt: skip
        assert all("site B" not in record.payload for record in records)
        assert all('"exercise":true' in record.payload for record in records)

    def test_a_house_clock_asks_for_no_report(self, writer: Actor, now: dt.datetime) -> None:
        verify = make_incident().clocks.get()
        with pytest.raises(Conflict) as refused:
            services.start(clock_id=verify.pk, actor=writer, now=now)
        assert refused.value.code == "no_report"

    def test_only_by_those_who_may(self, dora: Clock, now: dt.datetime) -> None:
        with pytest.raises(Forbidden):
            services.start(clock_id=dora.pk, actor=make_actor(Role.AUDITOR), now=now)


class TestFourEyes:
    def test_a_writer_cannot_approve_even_with_the_right(
        self, dora: Clock, now: dt.datetime
    ) -> None:
        both = make_actor(Role.CRISIS_OFFICER, Role.REVIEWER).with_step_up(now)
        version = filled(dora, both, now)
        services.submit(version_id=version.pk, actor=both, now=now)
        given = {"version_id": version.pk, "shown_hash": version.content_hash, "now": now}
        with pytest.raises(FourEyesViolation):
            services.approve(**given, actor=both)
        with pytest.raises(StepUpRequired):
            services.approve(**given, actor=make_actor(Role.REVIEWER).with_step_up(now - HOUR))
        with pytest.raises(Forbidden):
            services.approve(**given, actor=make_actor(Role.CRISIS_OFFICER).with_step_up(now))

    def test_returned_with_a_reason_and_taken_up_again(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        version = filled(dora, writer, now)
        services.submit(version_id=version.pk, actor=writer, now=now)
        reviewer = make_actor(Role.REVIEWER)
        services.return_version(
            version_id=version.pk, reason="Say which Member States", actor=reviewer, now=now
        )
        again = services.start(clock_id=dora.pk, actor=writer, now=now)
        assert (again.number, again.answers) == (2, version.answers)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE crisis_regulatorreportversion SET answers = '{}'",
            "UPDATE crisis_regulatorreportversion SET state = 'approved'",
            "UPDATE crisis_regulatorreportversion SET state = 'approved', decided_at = now(), "
            "decided_by_id = edited_by_id",
            "DELETE FROM crisis_regulatorreportversion",
            "DELETE FROM crisis_regulatorreport",
            "INSERT INTO crisis_regulatorreport (id, clock_id, created_at) SELECT "
            "gen_random_uuid(), id, now() FROM crisis_clock WHERE code = 'verify'",
            "INSERT INTO crisis_reportsubmission (id, version_id, at, recorded_at, by_id, how, "
            "reference, receipt_text, receipt_name, receipt_type, receipt_sha256) SELECT "
            "gen_random_uuid(), id, now(), now(), edited_by_id, 'portal', 'x', 'x', '', '', '' "
            "FROM crisis_regulatorreportversion",
        ],
    )
    def test_the_database_refuses(
        self, dora: Clock, writer: Actor, now: dt.datetime, statement: str
    ) -> None:
        version = filled(dora, writer, now)
        services.submit(version_id=version.pk, actor=writer, now=now)
        refusal = pytest.raises(Exception, match=r"denied|cannot|four eyes|belongs|approved")
        with refusal, transaction.atomic():
            connection.cursor().execute(statement)


class TestHandingIn:
    given = {"how": "portal", "reference": "CA-2026-17", "receipt": PDF, "receipt_name": "r.pdf"}

    def test_it_meets_the_clock_and_starts_the_next(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        version, at = approved(dora, writer, now), now + HOUR
        done = services.hand_in(
            version_id=version.pk, at=at, actor=writer, now=at + HOUR, **self.given
        )
        dora.refresh_from_db()
        assert (dora.state, dora.met_at, dora.breached_at) == ("met", at, None)
        following = Clock.objects.get(code="dora_intermediate")
        assert following.due_at == at + 72 * HOUR
        assert done.receipt_type == "application/pdf"
        record = Record.objects.get(action="report.handed_in")
        assert record.occurred_at == at and "CA-2026-17" not in record.payload
        assert Entry.objects.filter(incident=dora.incident, kind="report").count() == 1

    def test_handed_in_too_late_keeps_the_breach(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        version, at = approved(dora, writer, now), now + 5 * HOUR
        services.hand_in(version_id=version.pk, at=at, actor=writer, now=at, **self.given)
        dora.refresh_from_db()
        assert (dora.met_at, dora.breached_at) == (at, dora.due_at)

    def test_a_later_intermediate_report_moves_the_final_one(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        first = approved(dora, writer, now)
        services.hand_in(version_id=first.pk, at=now, actor=writer, now=now, **self.given)
        middle = Clock.objects.get(code="dora_intermediate")
        one = approved(middle, writer, now)
        services.hand_in(version_id=one.pk, at=now, actor=writer, now=now, **self.given)
        due = Clock.objects.get(code="dora_final").due_at
        later = now + dt.timedelta(days=3)
        two = approved(middle, writer, later)
        services.hand_in(version_id=two.pk, at=later, actor=writer, now=later, **self.given)
        assert Clock.objects.get(code="dora_final").due_at > due
        one.refresh_from_db()
        assert one.state == "superseded"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"how": "pigeon"}, "how"),
            ({"reference": " "}, "reference"),
            ({"receipt": None}, "receipt_text"),
            ({"receipt": b"<script>"}, "receipt"),
            ({"at": dt.timedelta(hours=2)}, "at"),
            ({"at": dt.timedelta(hours=-2)}, "at"),
        ],
    )
    def test_refusals_name_their_field(
        self, dora: Clock, writer: Actor, now: dt.datetime, change: dict, field: str
    ) -> None:
        version = approved(dora, writer, now)
        at = now + change.pop("at", dt.timedelta(0))
        with pytest.raises(InvalidInput) as refused:
            services.hand_in(
                version_id=version.pk, at=at, actor=writer, now=now + HOUR,
                **{**self.given, **change},
            )  # fmt: skip
        assert refused.value.field == field
        assert not ReportSubmission.objects.exists()

    def test_nothing_unapproved_and_nothing_twice(
        self, dora: Clock, writer: Actor, now: dt.datetime
    ) -> None:
        version = filled(dora, writer, now)
        with pytest.raises(Conflict) as refused:
            services.hand_in(version_id=version.pk, at=now, actor=writer, now=now, **self.given)
        assert refused.value.code == "not_approved"
        services.submit(version_id=version.pk, actor=writer, now=now)
        services.approve(
            version_id=version.pk, shown_hash=version.content_hash,
            actor=make_actor(Role.REVIEWER).with_step_up(now), now=now,
        )  # fmt: skip
        services.hand_in(version_id=version.pk, at=now, actor=writer, now=now, **self.given)
        with pytest.raises(Conflict) as refused:
            services.hand_in(version_id=version.pk, at=now, actor=writer, now=now, **self.given)
        assert refused.value.code == "handed_in"

    def test_the_reports_of_an_incident(
        self, dora: Clock, writer: Actor, now: dt.datetime, django_assert_max_num_queries
    ) -> None:
        incident = Incident.objects.get(pk=dora.incident_id)
        approved(dora, writer, now)
        with django_assert_max_num_queries(4):
            found = due_reports(incident, now)
            states = {each.shown.clock.code: each.state for each in found}
        assert states["dora_initial"] == "approved"
        assert states["cac_initial"] == "missing"
