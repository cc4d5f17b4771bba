"""The ground: an incident opens with its record, timeline and moments, and keeps its origin."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Record
from core import clock
from core.errors import Forbidden, InvalidInput
from core.roles import Role
from crisis.incidents.rules import commitment
from crisis.incidents.services.activating import activate
from crisis.incidents.services.writing import log
from crisis.models import Entry, Incident, Moment
from tests.crisis.builders import make_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    return activate(title="Orders fail", actor=make_actor(Role.CRISIS_OFFICER), now=clock.now())


def test_an_activation_leaves_one_record_an_entry_and_its_moments(incident: Incident) -> None:
    records = Record.objects.filter(incident=incident.pk)
    told = {record.action for record in records}
    # nobody has a role of the shipped plan yet, which is told too
    assert told == {"incident.activated", "clock.started", "call.exhausted"}
    assert incident.code == f"INC-{clock.now().year}-0001"
    assert set(Moment.objects.values_list("kind", flat=True)) == {"activated", "aware"}
    assert incident.entries.exclude(kind__in=["clock", "call"]).count() == 1


def test_an_author_may_not_activate() -> None:
    with pytest.raises(Forbidden):
        activate(title="x", actor=make_actor(Role.AUTHOR), now=clock.now())
    assert not Incident.objects.exists()


def test_an_incident_needs_a_title() -> None:
    with pytest.raises(InvalidInput) as refused:
        activate(title="  ", actor=make_actor(Role.CRISIS_OFFICER), now=clock.now())
    assert refused.value.field == "title"


def test_a_line_sent_twice_is_kept_once_and_its_words_are_bound(incident: Incident) -> None:
    given = {"incident_id": incident.pk, "text": "Restarted the gateway.", "client_id": uuid4()}
    actor = make_actor(Role.CRISIS_OFFICER)
    first = log(**given, actor=actor, now=clock.now())
    assert log(**given, actor=actor, now=clock.now()).pk == first.pk
    record = Record.objects.get(action="incident.logged")
    assert commitment(bytes(first.salt), first.text) in record.payload
    assert "gateway" not in record.payload


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE crisis_entry SET text = 'nothing happened'",
        "DELETE FROM crisis_entry",
        "DELETE FROM crisis_incident",
        "UPDATE crisis_incident SET exercise = true",
        "UPDATE crisis_incident SET state = 'closed'",
    ],
)
def test_the_database_refuses(incident: Incident, statement: str) -> None:
    with pytest.raises(Exception, match=r"refused|denied|cannot"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Entry.objects.filter(incident=incident).exists()


def test_one_open_incident_per_cause() -> None:
    from crisis.incidents.services.activating import open_incident

    actor, now = make_actor(Role.CRISIS_OFFICER), clock.now()
    given = {"title": "Down", "cause": "criterion:outage", "dedupe": "criterion:outage"}
    open_incident(**given, actor=actor, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        open_incident(**given, actor=actor, now=now)
