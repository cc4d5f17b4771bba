"""Whatever is tried in whatever order: an incident goes only where its machine lets it, and each
move that was made, and none other, has its record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.errors import Conflict, InvalidInput
from core.roles import Role
from crisis.incidents.rules import MACHINE
from crisis.incidents.services.deciding import dismiss, verify
from crisis.incidents.services.ending import close, relapse, restore
from crisis.models import Incident
from tests.crisis.builders import make_actor, make_incident

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
REASON = "seen on the screens"
MOVES: dict[str, tuple[str, Callable[..., Any], dict[str, Any]]] = {
    "verified": ("verified", verify, {"nature": "technical", "scope": {"systems": ["orders"]}}),
    "dismissed": ("dismissed", dismiss, {"reason": REASON}),
    "restored": ("restored", restore, {}),
    "relapsed": ("verified", relapse, {"reason": REASON}),
    "closed": ("closed", close, {"words": REASON, "despite": REASON}),
}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=8))
def test_only_legal_moves_are_made_and_each_is_recorded(tried: list[str]) -> None:
    with transaction.atomic():
        incident, actor, made = make_incident(), make_actor(Role.CRISIS_OFFICER), []
        for verb in tried:
            target, service, words = MOVES[verb]
            incident.refresh_from_db()
            legal = (incident.state, target) in MACHINE.moves and (verb == "relapsed") == (
                (incident.state, target) == ("restored", "verified")
            )
            try:
                with transaction.atomic():
                    service(incident_id=incident.pk, actor=actor, now=clock.now(), **words)
            except (Conflict, InvalidInput):
                assert not legal, (incident.state, verb)
            else:
                assert legal, (incident.state, verb)
                made.append(f"incident.{verb}")
                assert Incident.objects.get(pk=incident.pk).state == target
        moves = [f"incident.{verb}" for verb in MOVES]
        kept = Record.objects.filter(incident=incident.pk, action__in=moves).order_by("id")
        assert [record.action for record in kept] == made
        transaction.set_rollback(True)
