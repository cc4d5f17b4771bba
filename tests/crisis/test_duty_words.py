"""What an incident page says next, and of a clock that was met."""

from __future__ import annotations

import pytest
from django.utils import translation

from core import clock
from core.roles import Role
from crisis.clocks import selectors as clocks
from crisis.incidents.duties import Running, next_duty
from crisis.incidents.rules import State
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
def test_a_clock_that_was_met_has_time_to_spare_and_none_left() -> None:
    incident = make_verified(make_actor(Role.CRISIS_OFFICER))
    with translation.override("en"):
        words = {each.clock.code: each.left_text for each in clocks.clocks_of(incident)}
    assert words["verify"].endswith("to spare")
    assert words["restore"].endswith("left")
