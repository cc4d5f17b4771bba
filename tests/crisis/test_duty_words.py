"""What an incident page says next, and of a clock that was met."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from core import clock
from core.errors import InvalidInput
from core.roles import Role
from crisis.clocks import selectors as clocks
from crisis.incidents.duties import Running, next_duty
from crisis.incidents.rules import State
from crisis.incidents.services.writing import log
from tests.crisis.builders import make_actor, make_verified


def test_a_closed_incident_waits_for_nothing_but_a_running_clock() -> None:
    now = clock.now()
    assert next_duty(State.CLOSED, has_lead=True, running=[]) is None
    waiting = next_duty(
        State.CLOSED, has_lead=True, running=[Running("retrospective", "Retrospective", now)]
    )
    assert waiting is not None
    assert (waiting.words, waiting.due_at) == ("Retrospective", now)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["at", "written_at"])
def test_a_line_about_the_year_one_is_a_slip(field: str) -> None:
    incident, actor = make_verified(make_actor(Role.CRISIS_OFFICER)), make_actor(Role.REVIEWER)
    given = {"incident_id": incident.pk, "text": "x", "actor": actor, "now": clock.now()}
    with pytest.raises(InvalidInput) as refused:
        log(**given, **{field: dt.datetime(1, 12, 8, tzinfo=dt.UTC)})
    assert refused.value.field == field
    assert log(**given, **{field: clock.now() - dt.timedelta(days=3600)}).pk


@pytest.mark.django_db
def test_a_clock_that_was_met_has_time_to_spare_and_none_left() -> None:
    incident = make_verified(make_actor(Role.CRISIS_OFFICER))
    with translation.override("en"):
        words = {each.clock.code: each.left_text for each in clocks.clocks_of(incident)}
    assert words["verify"].endswith("to spare")
    assert words["restore"].endswith("left")
