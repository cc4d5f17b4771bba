"""Measures start incidents: by criteria in force, once, and always on the record."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit import alarms
from audit.models import Record
from audit.verify import verify_log
from comms import signing
from comms.models import Delivery
from core import clock
from core.actor import system
from core.errors import Conflict, FourEyesViolation, InvalidInput
from core.roles import Role
from crisis.criteria import monitors, rules, selectors, services
from crisis.criteria.models import Effect, Signal
from crisis.criteria.rules import Criterion, Observation
from crisis.criteria.shipped import SHIPPED
from crisis.criteria.signals import report_measure
from crisis.models import CriterionSet, Entry, Incident
from investors.models import ImportBatch
from tests.audit.builders import as_superuser, grow
from tests.comms.rows import make_delivery, make_investor, make_notice
from tests.crisis.builders import make_actor
from tests.crisis.calling import NOON

pytestmark = pytest.mark.django_db
PROBE = system("monitor-probe")
MINUTE = dt.timedelta(minutes=1)


def report(measure="outage_minutes", value=130, *, at=NOON, now=None, **options) -> Signal:
    given = {
        "source": "probe", "message_id": f"{measure}-{value}-{at}", "actor": PROBE,
        "now": now or at, "at": at, **options,
    }  # fmt: skip
    return report_measure(measure=measure, value=Decimal(value), **given)


def led_to(signal: Signal) -> list[tuple[str, str, str]]:
    rows = Effect.objects.filter(signal=signal)
    return [(row.criterion, row.outcome, row.incident.code) for row in rows]


def test_a_measure_over_the_threshold_starts_an_incident():
    signal = report()
    incident = Incident.objects.get()
    assert led_to(signal) == [("outage", "opened", incident.code)]
    assert (incident.cause, incident.nature) == ("criterion:outage", "technical")
    assert incident.activated_by is None
    told = Record.objects.get(action="signal.received")
    assert (told.incident, json.loads(told.payload)["outcome"]) == (incident.pk, "opened")


def test_a_measure_at_the_threshold_leads_to_nothing_and_is_kept():
    assert report(value=120).outcome == "nothing"
    assert not Incident.objects.exists()
    assert Record.objects.filter(action="signal.received").count() == 1


def test_a_measure_that_no_criterion_knows_is_kept():
    assert report("temperature", 99).outcome == "nothing"


def test_a_second_signal_joins_the_open_incident_and_stands_on_its_timeline():
    report()
    second = report(value=140, at=NOON + 20 * MINUTE)
    assert (second.outcome, Incident.objects.count()) == ("attached", 1)
    third = report(value=141, at=NOON + 21 * MINUTE)
    assert third.outcome == "attached"
    lines = Entry.objects.filter(kind="signal")
    assert lines.count() == 1  # one line in a quarter of an hour, however many signals
    assert lines.get().detail["value"] == "140"


def test_the_same_message_again_is_the_same_signal():
    first = report(body_hash="a")
    assert report(body_hash="a").pk == first.pk
    with pytest.raises(Conflict):
        report(body_hash="b")
    assert Signal.objects.count() == 1


def test_complaints_are_added_up_over_a_day():
    outcomes = [
        report("complaints", 400, at=NOON + hours * 60 * MINUTE, unit="complaints").outcome
        for hours in (0, 8, 33, 34, 35)
    ]
    # the first two lie more than a day before the last, which alone reaches 1,200
    assert outcomes == ["nothing", "nothing", "nothing", "nothing", "opened"]


def test_a_measure_in_another_unit_is_refused():
    with pytest.raises(InvalidInput, match="minutes") as refused:
        report(unit="hours")
    assert refused.value.field == "unit"


def test_the_products_own_measures_cannot_be_reported_from_outside():
    assert report("ledger_alarm", 1).outcome == "nothing"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": NOON + 10 * MINUTE, "now": NOON}, "at"),
        ({"at": NOON - dt.timedelta(days=8), "now": NOON}, "at"),
        ({"measure": "Bad measure"}, "measure"),
        ({"value": "1.2345"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"message_id": ""}, "message_id"),
    ],
)
def test_bad_signals_are_refused_with_the_field(change, field):
    with pytest.raises(InvalidInput) as refused:
        report(**change)
    assert refused.value.field == field


@pytest.mark.django_db(transaction=True)
def test_two_signals_at_the_same_instant_start_one_incident():
    start, done = threading.Barrier(2), []

    def act(value: int) -> None:
        try:
            start.wait()
            done.append(report(value=value).outcome)
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=[value]) for value in (130, 131)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["attached", "opened"]
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_signal SET value = 0",
        "DELETE FROM crisis_signal",
        "UPDATE crisis_effect SET outcome = 'nothing'",
        "DELETE FROM crisis_effect",
        "UPDATE crisis_criterionsetversion SET content = '{}'",
        "DELETE FROM crisis_criterionset",
    ],
)
def test_the_database_refuses(statement):
    report()
    with pytest.raises(Exception, match=r"refused|denied|cannot"), transaction.atomic():
        connection.cursor().execute(statement)


# --- criteria under four eyes -----------------------------------------------------------------


def in_force(rows) -> None:
    author, approver = make_actor(Role.CRISIS_OFFICER), make_actor(Role.REVIEWER)
    now = clock.now()
    version = services.new_version(set_id=CriterionSet.objects.get().pk, actor=author, now=now)
    services.save(version_id=version.pk, content={"criteria": rows}, actor=author, now=now)
    services.submit(version_id=version.pk, actor=author, now=now)
    shown = selectors.version_for(approver, version.pk).content_hash
    both = dataclasses.replace(approver, id=author.id, user_id=author.user_id)
    with pytest.raises(FourEyesViolation):
        services.approve(version_id=version.pk, shown_hash=shown, actor=both, now=now)
    services.approve(version_id=version.pk, shown_hash=shown, actor=approver, now=now)


def test_changed_criteria_rule_from_their_approval_on():
    assert report(value=60).outcome == "nothing"
    in_force([{**SHIPPED["criteria"][0], "threshold": "30"}])
    assert report(value=61).outcome == "opened"
    assert report("complaints", 5000).outcome == "nothing"


def test_a_criterion_switched_off_leads_to_nothing():
    in_force([{**SHIPPED["criteria"][0], "enabled": False}])
    assert report().outcome == "nothing"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"threshold": "many"}, "criteria.1.threshold"),
        ({"comparison": "about"}, "criteria.1.comparison"),
        ({"combine": "sum", "window": 0}, "criteria.1.window"),
        ({"code": "Out age"}, "criteria.1.code"),
        ({"nature": "weather"}, "criteria.1.nature"),
        ({"name": {"en": "Outage"}}, "criteria.1.name"),
    ],
)
def test_a_bad_criterion_is_refused_with_its_row(change, field):
    with pytest.raises(InvalidInput) as refused:
        rules.clean({"criteria": [{**SHIPPED["criteria"][0], **change}]})
    assert refused.value.field == field


def test_the_shipped_criteria_are_what_the_editor_would_keep():
    assert rules.clean(SHIPPED) == SHIPPED


def test_a_dry_run_says_what_would_have_happened():
    for minutes in (10, 130, 200):
        report(value=minutes, at=NOON + minutes * MINUTE)
    version = selectors.versions(make_actor(Role.AUDITOR))[0]
    outage = selectors.would_have(version, now=NOON + dt.timedelta(days=1))[0]
    assert (outage.criterion.code, outage.seen, outage.met) == ("outage", 3, 2)
    assert (outage.first, outage.last) == (NOON + 130 * MINUTE, NOON + 200 * MINUTE)


# --- the rules, by property -------------------------------------------------------------------

SUM = rules.read(SHIPPED)[1]
values = st.decimals(-1000, 1000, places=3)


@given(st.sampled_from(list(rules.Comparison)), values, values)
def test_exactly_one_of_a_comparison_and_its_opposite_holds(comparison, threshold, value):
    opposite = {"gt": "le", "le": "gt", "ge": "lt", "lt": "ge"}[comparison]
    base = {**SHIPPED["criteria"][0], "threshold": threshold}
    one = Criterion(**{**base, "comparison": comparison})
    other = Criterion(**{**base, "comparison": opposite})
    assert one.met_by(value) != other.met_by(value)


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 700)), max_size=25))
def test_a_replayed_sum_is_that_of_its_window(given_):
    seen = [
        Observation("probe", "complaints", Decimal(value), NOON + minute * MINUTE)
        for minute, value in given_
    ]
    for firing in rules.replay([SUM], seen):
        inside = sum(
            each.value
            for each in seen
            if firing.at - dt.timedelta(minutes=1440) < each.at <= firing.at
        )
        assert 1000 < firing.value <= inside


# --- the ledger, and the product's own measures -----------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_failed_verification_starts_an_incident(admin_conninfo):
    grow(5)
    as_superuser(
        admin_conninfo,
        "UPDATE audit_record SET payload = '{}' WHERE id = "
        "(SELECT record FROM audit_leaf WHERE index = 2)",
    )
    assert not verify_log(actor=system("test"), now=clock.now()).ok
    incident = Incident.objects.get()
    assert (incident.cause, incident.nature) == ("criterion:ledger", "ledger")
    assert Signal.objects.get().source == "ledger"
    assert incident.moments.filter(kind="aware").exists()
    monitors.look(now=clock.now())  # the alarm stands, and is known
    assert Signal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_alarm_that_nobody_heard_is_found_by_the_monitor(admin_conninfo):
    alarms.forget(monitors.hear)
    try:
        grow(5)
        as_superuser(
            admin_conninfo,
            "UPDATE audit_record SET payload = '{}' WHERE id = "
            "(SELECT record FROM audit_leaf WHERE index = 2)",
        )
        verify_log(actor=system("test"), now=clock.now())
    finally:
        alarms.listen(monitors.hear)
    assert not Incident.objects.exists()
    assert monitors.look(now=clock.now()) == 1
    assert monitors.look(now=clock.now()) == 0
    assert Incident.objects.get().nature == "ledger"


def test_a_falling_delivery_rate_starts_an_incident_once_a_quarter():
    notice = make_notice()
    for number in range(20):
        made = make_delivery(
            notice, make_investor(), state="delivered" if number > 4 else "sending"
        )
        if number <= 4:
            Delivery.objects.filter(pk=made.pk).update(state="failed")
    now = clock.now()
    assert monitors.delivery_rate(now - 60 * MINUTE) == 75
    assert monitors.look(now=now) == 1
    assert monitors.look(now=now) == 0
    assert Incident.objects.get().cause == "criterion:delivery_rate"


def test_few_deliveries_say_nothing():
    assert monitors.delivery_rate(NOON) is None
    assert monitors.look(now=NOON) == 0


def test_refused_rows_of_imports_are_counted():
    now = clock.now()
    given = {"created_at": now, "finished_at": now, "state": "done", "file_name": "a.csv"}
    ImportBatch.objects.create(totals={"read": 100, "rejected": 20}, **given)
    ImportBatch.objects.create(totals={"read": 100, "rejected": 100}, dry_run=True, **given)
    assert monitors.import_error_rate(now - MINUTE) == 20
    assert monitors.look(now=now) == 1
    assert Incident.objects.get().cause == "criterion:import_errors"


# --- the signed call --------------------------------------------------------------------------


@pytest.fixture
def monitor(settings):
    settings.MONITOR_SECRETS = {"probe": "whsec_c2VjcmV0LXNlY3JldA=="}
    return settings.MONITOR_SECRETS["probe"]


def call(client, secret, *, message="msg_1", age=0, body=None, headers=None, **fields):
    said = {"source": "probe", "measure": "outage_minutes", "value": "130", "unit": "minutes",
            "at": clock.now().isoformat(), **fields}  # fmt: skip
    raw = json.dumps(said).encode() if body is None else body
    signed = signing.headers(secret, message, int(clock.now().timestamp()) - age, raw)
    return client.post(
        reverse("api-signals"), data=raw, content_type="application/json",
        headers=signed if headers is None else headers,
    )  # fmt: skip


def test_an_authentic_call_starts_an_incident(client, monitor):
    answer = call(client, monitor)
    assert answer.status_code == 200, answer.content
    assert answer.json()["outcome"] == "opened"
    assert answer.json()["incidents"] == [Incident.objects.get().code]


def test_a_call_sent_again_is_answered_alike_and_does_nothing(client, monitor):
    at = clock.now().isoformat()
    first, again = (call(client, monitor, at=at) for _time in range(2))
    assert (first.json(), Signal.objects.count()) == (again.json(), 1)
    changed = call(client, monitor, at=at, value="500")
    assert (changed.status_code, changed.json()["code"]) == (409, "replayed")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"secret": "whsec_b3RoZXI="}, "bad_signature"),
        ({"source": "stranger"}, "bad_signature"),
        ({"source": "ledger", "measure": "ledger_alarm", "value": "1"}, "bad_signature"),
        ({"age": 400}, "stale_timestamp"),
        ({"age": -400}, "stale_timestamp"),
        ({"headers": {}}, "unsigned"),
    ],
)
def test_what_is_not_authentic_or_not_fresh_is_refused(client, monitor, settings, options, code):
    settings.MONITOR_SECRETS["ledger"] = monitor  # even a key does not make one an inside source
    answer = call(client, **{"secret": monitor, **options})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert not Signal.objects.exists()


def test_a_body_that_is_changed_on_the_way_is_refused(client, monitor):
    raw = b'{"source": "probe", "measure": "outage_minutes", "value": "1"}'
    signed = signing.headers(monitor, "m", int(clock.now().timestamp()), raw)
    answer = call(client, monitor, body=raw.replace(b"1", b"9"), headers=signed)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "fields", [{"value": "much"}, {"measure": "a b"}, {"at": "yesterday"}, {"unit": "hours"}]
)
def test_a_signed_call_with_a_bad_field_names_it(client, monitor, fields):
    answer = call(client, monitor, **fields)
    assert answer.status_code == 422, answer.content
    assert next(iter(fields)) in answer.content.decode()


def test_a_body_that_is_no_object_is_refused(client, monitor):
    assert call(client, monitor, body=b"[1]").status_code == 422
    assert call(client, monitor, body=b"\xff").status_code == 422
