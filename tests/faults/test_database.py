"""PostgreSQL stops at once, as in a power cut, while messages go out; then it comes back."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from comms.models import Delivery
from core.database import provision
from core.embedded import EmbeddedPostgres
from tests.conftest import point_django_at
from tests.faults.invariants import check
from tests.faults.plant import Ground, Plant
from tests.faults.test_workers import SEED, audience, release
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]
NAME = "vouchsafe_fault"


@pytest.fixture
def server(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[EmbeddedPostgres]:
    """A durable server of its own, migrated, with Django on it for the length of the test."""
    before = {alias: dict(connections[alias].settings_dict) for alias in ("default", "owner")}
    with tempfile.TemporaryDirectory(prefix="vf-") as directory, django_db_blocker.unblock():
        own = EmbeddedPostgres(Path(directory))
        own.start()
        try:
            provision(own.url(), database=NAME)
            point_django_at(own.url(), NAME)
            call_command("migrate", database="owner", verbosity=0, interactive=False)
            yield own
        finally:
            connections.close_all()
            for alias, settings in before.items():
                connections[alias].settings_dict.update(settings)
            own.stop("immediate")


@pytest.mark.thorough
def test_postgresql_stops_immediately(server, tmp_path):
    dice = random.Random(SEED)
    with Ground(tmp_path / "ground") as ground, Plant(tmp_path, ground) as plant:
        people = audience(plant, dice)
        notice = release()
        stopped: list[int] = []
        when = dice.randint(2, 4)

        def power_cut(call: int) -> None:
            if call == when:
                server.stop("immediate")
                stopped.append(call)

        plant.gateway.after = power_cut
        plant.start_worker()
        plant.ring("plan", str(notice.pk))
        until(lambda: stopped, seconds=90)
        connections.close_all()
        server.start()
        committed = Delivery.objects.filter(state="accepted").count()
        assert committed < plant.gateway.calls * 200, "the cut came between accept and commit"
        plant.settle(notice)
        check(plant, notice, people)
