"""Workers and brokers that fail while 1,000 investors are written to on two channels."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from comms.models import Delivery, Notice
from comms.services import notices
from core import clock
from investors.candidates import open_contacts
from investors.models import ContactPoint
from tests import builders
from tests.faults.invariants import check
from tests.faults.plant import LEASE, Ground, Plant
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PEOPLE = 1000
SEED = int(os.environ.get("FAULT_SEED", "1"))


@pytest.fixture
def dice() -> random.Random:
    return random.Random(SEED)


@pytest.fixture(scope="module")
def ground(
    django_db_setup: None, keys: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with Ground(tmp_path_factory.mktemp("ground")) as shared:
        yield shared


@pytest.fixture
def plant(tmp_path: Path, ground: Ground) -> Iterator[Plant]:
    with Plant(tmp_path, ground) as running:
        yield running


def audience(plant: Plant, dice: random.Random) -> list[UUID]:
    """1,000 investors: some without consent to SMS, some with a number nobody can reach."""
    without = dice.randint(20, 60)
    people = builders.make_investors(PEOPLE - without)
    people += builders.make_investors(without, consents=("inbox",))
    contacts = ContactPoint.objects.filter(kind="phone", investor__in=people)
    phones = sorted(open_contacts(contacts.values_list("pk", flat=True)).values())
    for phone in dice.sample(phones, 15):
        plant.gateway.rules.refuse[phone] = "no_such_number"
    return people


def release() -> Notice:
    """A released notice by SMS and inbox; nothing is planned before a worker hears of it."""
    return builders.make_released(channels={"parallel": ["sms", "inbox"]})


def send_with(plant: Plant, notice: Notice) -> None:
    """One worker plans, then sends; the gateway's hooks do the rest."""
    plant.start_worker()
    plant.ring("plan", str(notice.pk))
    plant.settle(notice)


def once(number: int, act) -> object:
    """A gateway hook that acts at one request."""
    return lambda call: act() if call == number else None


def test_kill_before_the_provider_accepts(plant, dice):
    people = audience(plant, dice)
    notice = release()

    def die() -> None:
        plant.kill()
        raise ValueError("nothing accepted")

    plant.gateway.before = once(dice.randint(1, 4), die)
    send_with(plant, notice)
    assert plant.workers[0].wait() == -signal.SIGKILL
    check(plant, notice, people)


def test_kill_after_the_provider_accepted_before_the_commit(plant, dice):
    people = audience(plant, dice)
    notice = release()
    plant.gateway.after = once(dice.randint(1, 4), plant.kill)
    send_with(plant, notice)
    assert plant.workers[0].wait() == -signal.SIGKILL
    check(plant, notice, people)


def test_kill_after_the_commit_before_the_message_is_acknowledged(plant, dice):
    people = audience(plant, dice)
    notice = release()
    plant.start_worker()
    plant.ring("plan", str(notice.pk))
    until(lambda: Delivery.objects.filter(state="accepted").exists(), seconds=90)
    plant.kill()
    plant.ring("send", times=2)
    plant.settle(notice)
    check(plant, notice, people)


@pytest.mark.thorough
def test_sigterm_in_the_middle_of_a_batch(plant, dice):
    people = audience(plant, dice)
    notice = release()
    stop = once(dice.randint(1, 4), lambda: plant.kill(how=signal.SIGTERM))
    plant.gateway.before = stop
    send_with(plant, notice)
    assert plant.workers[0].wait(timeout=60) == 0
    check(plant, notice, people)


@pytest.mark.thorough
def test_the_broker_is_wiped(plant, dice):
    people = audience(plant, dice)
    notice = release()
    lost: list[int] = []
    wiped = dice.randint(1, 3)
    plant.gateway.before = once(wiped, lambda: lost.append(plant.wipe_broker()))
    plant.ring("plan", str(notice.pk), times=3)
    assert plant.wipe_broker() == 3
    send_with(plant, notice)
    assert len(lost) == 1
    check(plant, notice, people)


@pytest.mark.thorough
def test_every_message_is_delivered_five_times(plant, dice):
    people = audience(plant, dice)
    notice = release()
    plant.start_worker()
    plant.start_worker()
    plant.ring("plan", str(notice.pk), times=5)
    plant.ring("send", times=5)
    plant.ring("sweep", times=5)
    plant.settle(notice)
    check(plant, notice, people)


@pytest.mark.thorough
def test_a_lease_shorter_than_the_work(plant, dice):
    people = audience(plant, dice)
    notice = release()
    slow = dice.sample(range(1, 8), 2)

    def dawdle(call: int) -> None:
        if call in slow:
            time.sleep(LEASE + 1)

    plant.gateway.after = dawdle
    plant.start_worker()
    send_with(plant, notice)
    check(plant, notice, people)


@pytest.mark.thorough
def test_a_paused_notice_survives_a_killed_worker(plant, dice):
    people = audience(plant, dice)
    notice = release()
    actor = builders.releaser()
    plant.gateway.after = once(2, plant.kill)
    plant.start_worker()
    plant.ring("plan", str(notice.pk))
    until(lambda: plant.workers[0].poll() is not None, seconds=90)
    notices.pause_notice(notice_id=notice.pk, reason="check", actor=actor, now=clock.now())
    accepted = plant.gateway.calls
    plant.start_worker()
    plant.ring("send", times=3)
    plant.ring("sweep")
    until(lambda: not any(plant.queue.iterdir()), seconds=60)
    assert plant.gateway.calls == accepted
    notices.resume_notice(notice_id=notice.pk, reason="fine", actor=actor, now=clock.now())
    plant.settle(notice)
    check(plant, notice, people)
