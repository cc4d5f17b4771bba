"""Clocks that run: started by moments, met, breached at their due instant, paused with a reason."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction

from audit.models import Record
from core import clock
from core.actor import system
from core.errors import Conflict, Forbidden, IllegalTransition, InvalidInput, StepUpRequired
from core.roles import Role
from crisis.clocks import selectors, services
from crisis.clocks.models import Clock, ClockPause
from crisis.incidents.rules import MomentKind
from crisis.models import Entry, Incident, Moment
from tests.crisis.builders import make_actor, make_incident

pytestmark = pytest.mark.django_db

T0 = dt.datetime(2026, 11, 2, 2, 0, tzinfo=dt.UTC)  # 10:00 in Shanghai, 21:00 the day before in NY
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
OFFICER = system("test")


def reach(incident: Incident, kind: MomentKind, at: dt.datetime) -> None:
    """The incident reaches a moment, as its own services do it."""
    Moment.objects.create(incident=incident, kind=kind.value, at=at, recorded_at=at)
    services.at_moment(incident=incident, moment=kind.value, at=at, actor=OFFICER, now=at)


def of(incident: Incident, code: str) -> Clock:
    """The newest round of the clock `code`."""
    return incident.clocks.filter(code=code).order_by("-round")[0]


def codes(incident: Incident) -> set[str]:
    return set(incident.clocks.values_list("code", flat=True))


@pytest.fixture
def incident() -> Incident:
    actor = make_actor(Role.CRISIS_OFFICER)
    return make_incident(now=T0, actor=actor.with_step_up(T0))


def verified(incident: Incident, *, tier: str = "general", nature: str = "technical") -> None:
    """As the verification leaves it, without its other rules."""
    incident.tier, incident.nature = tier, nature
    reach(incident, MomentKind.VERIFIED, T0 + 10 * MINUTE)


class TestStarting:
    def test_an_alarm_starts_the_clock_of_its_verification(self, incident: Incident) -> None:
        only = incident.clocks.get()
        assert (only.code, only.due_at, only.round) == ("verify", T0 + 30 * MINUTE, 1)
        record = Record.objects.get(action="clock.started")
        assert (record.incident, record.occurred_at) == (incident.pk, T0)
        assert '"exercise":false' in record.payload

    def test_verified_meets_it_and_starts_the_clocks_of_a_general_incident(
        self, incident: Incident
    ) -> None:
        verified(incident)
        assert of(incident, "verify").met_at == T0 + 10 * MINUTE
        assert of(incident, "restore").due_at == T0 + 10 * MINUTE + 48 * HOUR
        assert of(incident, "bulletin").due_at == T0 + 10 * MINUTE + DAY
        assert codes(incident) == {"verify", "restore", "bulletin"}

    def test_a_moment_that_is_recorded_late_is_no_breach(self, incident: Incident) -> None:
        at, now = T0 + 10 * MINUTE, T0 + 2 * HOUR
        Moment.objects.create(incident=incident, kind=MomentKind.VERIFIED, at=at, recorded_at=now)
        services.at_moment(incident=incident, moment="verified", at=at, actor=OFFICER, now=now)
        verify = of(incident, "verify")
        assert (verify.met_at, verify.breached_at) == (at, None)

    def test_what_is_known_later_counts_from_when_it_began(self, incident: Incident) -> None:
        verified(incident, tier="major", nature="leak")
        assert "gdpr_breach" not in codes(incident)
        reach(incident, MomentKind.LEAK, T0 + HOUR)
        gdpr = of(incident, "gdpr_breach")
        assert (gdpr.started_at, gdpr.due_at) == (T0, T0 + 72 * HOUR)
        assert of(incident, "pipl_leak").due_at == T0 + 2 * HOUR

    def test_a_major_incident_starts_the_regulators_clocks_in_parallel(
        self, incident: Incident
    ) -> None:
        verified(incident, tier="major")
        reach(incident, MomentKind.MAJOR, T0 + HOUR)
        assert {"dora_initial", "cac_initial", "nydfs_event"} <= codes(incident)
        assert "cac_initial_operator" not in codes(incident)
        assert "restore" not in codes(incident)

    def test_a_row_to_be_checked_starts_nothing(self, incident: Incident) -> None:
        reach(incident, MomentKind.NOT_RESTORED, T0 + HOUR)
        assert "csrc_incident" not in codes(incident)

    def test_a_moment_twice_starts_nothing_twice(self, incident: Incident) -> None:
        for _time in range(2):
            services.at_moment(
                incident=incident, moment="activated", at=T0, actor=OFFICER, now=T0 + MINUTE
            )
        assert incident.clocks.count() == 1

    def test_a_tier_that_changes_lets_house_clocks_lapse_and_start_again(
        self, incident: Incident
    ) -> None:
        verified(incident)
        incident.tier = "major"
        services.reconsider(incident=incident, actor=OFFICER, now=T0 + HOUR)
        assert of(incident, "restore").state == "lapsed"
        incident.tier = "general"
        services.reconsider(incident=incident, actor=OFFICER, now=T0 + 2 * HOUR)
        again = of(incident, "restore")
        assert (again.state, again.round) == ("running", 2)
        assert again.due_at == T0 + 10 * MINUTE + 48 * HOUR


class TestMeeting:
    def test_a_report_starts_the_next_and_the_latest_one_counts(self, incident: Incident) -> None:
        reach(incident, MomentKind.MAJOR, T0)
        given = {"incident": incident, "actor": OFFICER}
        services.meet(**given, code="dora_initial", at=T0 + HOUR, now=T0 + 2 * HOUR)
        assert of(incident, "dora_initial").met_at == T0 + HOUR
        assert of(incident, "dora_intermediate").due_at == T0 + 73 * HOUR
        services.meet(**given, code="dora_intermediate", at=T0 + DAY, now=T0 + DAY)
        first = of(incident, "dora_final")
        services.meet(**given, code="dora_intermediate", at=T0 + 5 * DAY, now=T0 + 5 * DAY)
        latest = of(incident, "dora_final")
        assert (latest.pk, latest.due_at - first.due_at) == (first.pk, 4 * DAY)
        assert Record.objects.filter(action="clock.restarted").count() == 1

    def test_met_too_late_keeps_its_breach(self, incident: Incident) -> None:
        services.meet(incident=incident, code="verify", at=T0 + HOUR, actor=OFFICER, now=T0 + HOUR)
        late = of(incident, "verify")
        assert (late.state, late.breached_at) == ("met", T0 + 30 * MINUTE)
        assert Record.objects.get(action="clock.breached").occurred_at == T0 + 30 * MINUTE

    def test_met_in_time_but_recorded_late_is_no_breach(self, incident: Incident) -> None:
        services.meet(
            incident=incident, code="verify", at=T0 + 5 * MINUTE, actor=OFFICER, now=T0 + HOUR
        )
        services.tick(now=T0 + 2 * HOUR)
        assert of(incident, "verify").breached_at is None

    def test_nothing_is_met_in_the_future(self, incident: Incident) -> None:
        with pytest.raises(InvalidInput) as refused:
            services.meet(incident=incident, code="verify", at=T0 + HOUR, actor=OFFICER, now=T0)
        assert refused.value.field == "at"

    def test_a_bulletin_each_day(self, incident: Incident) -> None:
        verified(incident)
        first_due = T0 + 10 * MINUTE + DAY
        given = {"incident": incident, "code": "bulletin", "actor": OFFICER}
        services.meet(**given, at=T0 + HOUR, now=T0 + HOUR)
        services.meet(**given, at=T0 + 2 * HOUR, now=T0 + 2 * HOUR)
        second = of(incident, "bulletin")
        assert (second.round, second.state, second.due_at) == (2, "running", first_due + DAY)
        late = first_due + DAY + HOUR
        services.meet(**given, at=late, now=late)
        assert list(
            incident.clocks.filter(code="bulletin").order_by("round").values_list("state", "round")
        ) == [("met", 1), ("met", 2), ("met", 3), ("running", 4)]
        assert incident.clocks.get(code="bulletin", round=2).breached_at == first_due + DAY

    def test_bulletins_end_with_the_incident(self, incident: Incident) -> None:
        verified(incident)
        reach(incident, MomentKind.CLOSED, T0 + 3 * DAY + HOUR)
        states = list(
            incident.clocks.filter(code="bulletin").order_by("round").values_list(
                "state", "breached_at"
            )
        )  # fmt: skip
        first_due = T0 + 10 * MINUTE + DAY
        assert states == [
            ("lapsed", first_due),
            ("lapsed", first_due + DAY),
            ("lapsed", first_due + 2 * DAY),
            ("lapsed", None),
        ]
        assert of(incident, "retrospective").due_at == T0 + 63 * DAY + HOUR


class TestWatching:
    def test_a_breach_is_at_the_due_instant_however_late_it_is_noticed(
        self, incident: Incident
    ) -> None:
        late = T0 + 3 * DAY
        assert services.tick(now=late) == 1
        record = Record.objects.get(action="clock.breached")
        assert (record.occurred_at, record.recorded_at) == (T0 + 30 * MINUTE, late)
        line = Entry.objects.get(incident=incident, detail__verb="breached")
        assert (line.at, line.backdated) == (T0 + 30 * MINUTE, True)
        assert services.tick(now=late) == 0

    def test_rounds_missed_while_everything_stood_still(self, incident: Incident) -> None:
        verified(incident)
        services.tick(now=T0 + 4 * DAY)
        missed = incident.clocks.filter(code="bulletin").exclude(breached_at=None)
        assert missed.count() == 3
        assert Record.objects.filter(action="clock.breached").count() == 3 + 1  # and restore

    @pytest.mark.parametrize("shift", [-HOUR, HOUR])
    def test_a_machine_whose_clock_jumps_records_each_breach_once(
        self, incident: Incident, shift: dt.timedelta
    ) -> None:
        for now in (T0 + 2 * HOUR, T0 + 2 * HOUR + shift, T0 + 2 * HOUR):
            services.tick(now=now)
        assert Record.objects.filter(action="clock.breached").count() == 1
        assert of(incident, "verify").breached_at == T0 + 30 * MINUTE

    def test_not_a_moment_too_soon(self, incident: Incident) -> None:
        assert services.tick(now=T0 + 30 * MINUTE - dt.timedelta(microseconds=1)) == 0
        assert services.tick(now=T0 + 30 * MINUTE) == 1

    def test_two_ticks_cost_the_same_however_many_clocks_run(
        self, django_assert_max_num_queries
    ) -> None:
        for _number in range(5):
            make_incident(now=T0)
        with django_assert_max_num_queries(12):
            assert services.tick(now=T0 + HOUR) == 5
        with django_assert_max_num_queries(3):
            services.tick(now=T0 + HOUR)


class TestPausing:
    def officer(self, now: dt.datetime):
        return {"actor": make_actor(Role.CRISIS_OFFICER).with_step_up(now), "now": now}

    def test_a_pause_moves_the_due_instant_by_its_length(self, incident: Incident) -> None:
        verified(incident)
        clock_id, due = of(incident, "restore").pk, of(incident, "restore").due_at
        services.pause(clock_id=clock_id, reason="The site is shut", **self.officer(T0 + HOUR))
        services.tick(now=T0 + 30 * DAY)
        assert of(incident, "restore").breached_at is None
        services.resume(clock_id=clock_id, reason="Open again", **self.officer(T0 + 6 * HOUR))
        assert of(incident, "restore").due_at == due + 5 * HOUR
        stop = ClockPause.objects.get()
        assert (stop.paused_at, stop.resumed_at) == (T0 + HOUR, T0 + 6 * HOUR)
        assert {"clock.paused", "clock.resumed"} <= set(
            Record.objects.filter(incident=incident.pk).values_list("action", flat=True)
        )

    def test_a_machine_set_back_meanwhile_takes_nothing_away(self, incident: Incident) -> None:
        given = {"clock_id": incident.clocks.get().pk, "reason": "Wait"}
        services.pause(**given, **self.officer(T0 + 10 * MINUTE))
        services.resume(**given, **self.officer(T0 + 5 * MINUTE))
        assert of(incident, "verify").due_at == T0 + 30 * MINUTE

    def test_the_law_does_not_pause(self, incident: Incident) -> None:
        reach(incident, MomentKind.MAJOR, T0)
        with pytest.raises(Conflict) as refused:
            services.pause(
                clock_id=of(incident, "dora_initial").pk, reason="Busy", **self.officer(T0)
            )
        assert refused.value.code == "statutory"
        assert "2025/301" in str(refused.value)

    def test_a_missed_deadline_is_not_hidden_by_a_pause(self, incident: Incident) -> None:
        given = {"clock_id": incident.clocks.get().pk, "reason": "Wait"}
        with pytest.raises(Conflict) as refused:
            services.pause(**given, **self.officer(T0 + HOUR))
        assert refused.value.code == "overdue"

    def test_only_with_a_reason_and_the_right(self, incident: Incident) -> None:
        clock_id = incident.clocks.get().pk
        with pytest.raises(InvalidInput):
            services.pause(clock_id=clock_id, reason=" ", **self.officer(T0))
        with pytest.raises(Forbidden):
            services.pause(clock_id=clock_id, reason="x", actor=make_actor(Role.DISPATCHER), now=T0)
        with pytest.raises(IllegalTransition):
            services.resume(clock_id=clock_id, reason="x", **self.officer(T0))


class TestCallingOff:
    def test_compliance_calls_off_a_duty_by_law(self, incident: Incident) -> None:
        reach(incident, MomentKind.MAJOR, T0)
        given = {"clock_id": of(incident, "dora_initial").pk, "reason": "No EU business"}
        with pytest.raises(Forbidden):
            services.call_off(**given, actor=make_actor(Role.CRISIS_OFFICER), now=T0)
        reviewer = make_actor(Role.REVIEWER)
        with pytest.raises(StepUpRequired):
            services.call_off(**given, actor=reviewer.with_step_up(T0 - HOUR), now=T0)
        services.call_off(**given, actor=reviewer.with_step_up(T0), now=T0)
        reach(incident, MomentKind.RESTORED, T0 + HOUR)
        assert of(incident, "dora_initial").state == "cancelled"
        assert incident.clocks.filter(code="dora_initial").count() == 1
        assert "No EU" not in Record.objects.get(action="clock.cancelled").payload

    def test_a_false_alarm_ends_all_but_what_was_missed(self, incident: Incident) -> None:
        ended = services.cancel_running(
            incident=incident, reason="False alarm", actor=OFFICER, now=T0 + HOUR
        )
        assert ended == 1
        assert of(incident, "verify").breached_at == T0 + 30 * MINUTE


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_clock SET due_at = due_at + interval '1 day'",
        "UPDATE crisis_clock SET breached_at = NULL",
        "UPDATE crisis_clock SET code = 'x'",
        "UPDATE crisis_clock SET \"row\" = '{}'",
        "UPDATE crisis_clock SET state = 'lapsed'",
        "UPDATE crisis_clock SET state = 'met'",
        "UPDATE crisis_clock SET state = 'paused' WHERE code = 'dora_initial'",
        "UPDATE crisis_clock SET state = 'cancelled', ended_at = now()",
        "DELETE FROM crisis_clock",
        "UPDATE crisis_clocktableversion SET rows = '[]'",
        "DELETE FROM crisis_clocktableversion",
        "UPDATE crisis_clocktable SET code = 'x'",
        "INSERT INTO crisis_clockpause (id, clock_id, reason, paused_at) "
        "SELECT gen_random_uuid(), id, 'x', now() FROM crisis_clock",
    ],
)
def test_the_database_refuses(incident: Incident, statement: str) -> None:
    reach(incident, MomentKind.MAJOR, T0)
    services.tick(now=T0 + HOUR)
    refusal = pytest.raises(Exception, match=r"denied|cannot|check|starts|never|only")
    with refusal, transaction.atomic():
        connection.cursor().execute(statement)


class TestStrip:
    def test_one_query_and_the_nearest_first(self, django_assert_num_queries) -> None:
        with django_assert_num_queries(1):
            assert selectors.strip(T0).clocks == ()
        for minutes in range(5):
            make_incident(now=T0 + minutes * MINUTE)
        with django_assert_num_queries(1):
            strip = selectors.strip(T0 + 31 * MINUTE)
            words = [(each.urgency.value, each.label) for each in strip.clocks]
        assert len(words) == 3
        assert [word for word, _label in words] == ["overdue", "overdue", "soon"]

    def test_clocks_of_an_incident_most_urgent_first(self, incident: Incident) -> None:
        verified(incident)
        found = selectors.clocks_of(incident, clock.now())
        assert found[-1].clock.code == "verify"
        assert selectors.running_for([incident.pk])[incident.pk][0].code == "bulletin"
