"""Records written in bulk read back as they were given, whatever characters they hold."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.leaf import Subjects
from audit.models import Record
from audit.record import draft, record_many
from core import clock
from core.actor import system

pytestmark = pytest.mark.django_db
text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text, text.filter(bool), st.binary(max_size=40) | st.none())
def test_any_text_survives_the_copy(told, thing, sealed):
    entry = draft(
        action="test.told",
        actor=system("test"),
        now=clock.now(),
        subjects=Subjects(object=thing, investor=clock.uuid7()),
        payload={"told": told},
        sealed=sealed,
    )
    with transaction.atomic():
        assert record_many([entry]) == 1
    row = Record.objects.annotate(text=Cast("payload", TextField())).get(pk=entry.id)
    assert (row.text, row.object, row.investor) == (
        entry.payload,
        thing,
        entry.subjects.investor,
    )
    assert (None if row.sealed is None else bytes(row.sealed)) == sealed
    assert (row.occurred_at, row.recorded_at) == (entry.occurred_at, entry.recorded_at)
