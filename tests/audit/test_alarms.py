"""Which alarms stand is asked on every page: exact, and without reading the ledger's records."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from audit import alarms
from audit.models import Record, SoundedAlarm
from core.actor import system
from tests.audit.builders import NOW

pytestmark = pytest.mark.django_db
REFUSED = "audit.signing_refused"
WITNESS = "audit.witness_refused"


def sound(action: str, *, at: dt.datetime = NOW, **payload) -> bool:
    return alarms.sound(action, actor=system("test"), now=at, payload=payload)


def test_an_alarm_stands_where_its_record_says():
    assert not alarms.standing()
    assert sound(REFUSED, size=7)
    assert sound(WITNESS, witness="w.example/a", cosigned=3)
    assert alarms.standing() == alarms.Standing(signing=NOW, witness=NOW)
    for row in SoundedAlarm.objects.all():
        told = Record.objects.get(pk=row.record)
        assert (told.action, told.recorded_at) == (row.action, row.at)
        assert told.content.get("witness", "") == row.witness


def test_the_same_again_is_said_once():
    assert sound(REFUSED, size=7)
    assert not sound(REFUSED, size=7, at=NOW + dt.timedelta(minutes=1))
    assert sound(REFUSED, size=8, at=NOW + dt.timedelta(minutes=2))
    assert SoundedAlarm.objects.count() == Record.objects.filter(action=REFUSED).count() == 2


def test_asking_which_stand_never_touches_the_records():
    """Whatever their number: 10 million take as long as none."""
    sound(WITNESS, witness="w.example/a", cosigned=3)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {alarms._STANDING}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "audit_soundedalarm" in plan
    assert "audit_record" not in plan


@pytest.mark.parametrize("verb", ["UPDATE audit_soundedalarm SET at = now()",
                                  "DELETE FROM audit_soundedalarm"])  # fmt: skip
def test_an_alarm_is_not_silenced(verb):
    sound(REFUSED, size=7)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb)
