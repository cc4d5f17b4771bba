"""The alarm of a removed witness is closed by a person, once, with a reason; of one that is still
asked, never."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from audit import alarms
from audit.models import ClosedAlarm, Record
from audit.note import SignatureType, VerifierKey
from audit.witnessing.closing.selectors import standing_alarms
from audit.witnessing.closing.services import close_alarm
from core import clock
from core.actor import system
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, StepUpRequired
from core.roles import Role
from tests.core.builders import actor_of, make_user, sign_in

pytestmark = pytest.mark.django_db
KEY = VerifierKey("witness.example/a", bytes(32), SignatureType.COSIGNATURE)
REFUSED = "audit.witness_refused"
CLOSED = "audit.witness_alarm_closed"


@pytest.fixture(autouse=True)
def removed(settings):
    """No witness is asked; one refused while it was."""
    settings.LEDGER_WITNESSES = []
    sound(KEY.name)


def sound(witness: str) -> None:
    payload = {"witness": witness, "cosigned": 3}
    alarms.sound(REFUSED, actor=system("test"), now=clock.now(), payload=payload)


def close(role: Role = Role.AUDITOR, **changes) -> int:
    given = {
        "witness": KEY.name,
        "reason": "The contract ended",
        "actor": actor_of(make_user(role), stepped_up=True),
        "now": clock.now(),
        **changes,
    }
    return close_alarm(**given)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_the_alarm_ends_with_a_record_and_a_new_refusal_sounds_again(role):
    assert alarms.standing().witness
    assert close(role) == 1
    assert not alarms.standing()
    told = Record.objects.get(action=CLOSED)
    assert told.content["witness"] == KEY.name
    assert "contract" not in told.payload
    assert told.sealed
    sound(KEY.name)
    assert alarms.standing().witness
    assert Record.objects.filter(action=REFUSED).count() == 2


def test_the_alarms_of_others_stand_on():
    sound("witness.example/b")
    close()
    assert [each.witness for each in standing_alarms()] == ["witness.example/b"]
    assert alarms.standing().witness


def test_a_witness_that_is_asked_ends_its_alarm_itself(settings):
    settings.LEDGER_WITNESSES = [f"{KEY} https://witness.example"]
    assert [each.asked for each in standing_alarms()] == [True]
    with pytest.raises(Conflict, match="still asked"):
        close()
    settings.LEDGER_WITNESSES = [f"{KEY}"]  # kept for what it cosigned, asked no more
    assert close() == 1


def test_who_may_not_and_what_is_missing():
    with pytest.raises(Forbidden):
        close(Role.CRISIS_OFFICER)
    with pytest.raises(StepUpRequired):
        close(actor=actor_of(make_user(Role.AUDITOR), stepped_up=False))
    with pytest.raises(InvalidInput) as refused:
        close(reason="  ")
    assert refused.value.field == "reason"
    with pytest.raises(NotFound):
        close(witness="nobody.example")
    assert alarms.standing().witness
    assert close() == 1
    with pytest.raises(NotFound):
        close()
    assert Record.objects.filter(action=CLOSED).count() == 1


@pytest.mark.parametrize("verb", ["UPDATE audit_closedalarm SET at = now()",
                                  "DELETE FROM audit_closedalarm"])  # fmt: skip
def test_a_closed_alarm_stays_closed_and_told(verb):
    close()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb)
    assert ClosedAlarm.objects.count() == 1


def test_the_page_closes_it_and_asks_for_the_reason(client):
    sign_in(client, make_user(Role.AUDITOR), stepped_up=True)
    page = client.get(reverse("audit-ledger")).content.decode()
    assert KEY.name in page
    assert "Close this alarm" in page
    answer = client.post(reverse("witness-alarm-close"), {"witness": KEY.name, "reason": ""})
    assert answer.status_code == 422
    assert KEY.name in answer.content.decode()
    answer = client.post(
        reverse("witness-alarm-close"), {"witness": KEY.name, "reason": "It moved"}, follow=True
    )
    assert "The alarm is closed" in answer.content.decode()
    assert not alarms.standing()


def test_a_witness_in_use_has_no_button(client, settings):
    settings.LEDGER_WITNESSES = [f"{KEY} https://witness.example"]
    sign_in(client, make_user(Role.AUDITOR), stepped_up=True)
    page = client.get(reverse("audit-ledger")).content.decode()
    assert "ends when this witness cosigns again" in page
    assert "Close this alarm" not in page


def test_a_cosignature_after_it_ends_an_alarm_too():
    from audit.models import Attestor, AttestorKind

    Attestor.objects.create(
        name=str(KEY), kind=AttestorKind.WITNESS, held_at=clock.now() + dt.timedelta(seconds=1)
    )
    assert standing_alarms() == []
    assert not alarms.standing()
