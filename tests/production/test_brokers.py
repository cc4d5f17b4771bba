"""The production profile: a worker on RabbitMQ or Redis plans and sends what was released."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from urllib.parse import quote

import pytest
from celery import Celery
from django.db import connection

from comms.models import Delivery
from comms.rules import DeliveryState
from tests import builders
from tests.waiting import until

pytestmark = [pytest.mark.production, pytest.mark.django_db(transaction=True)]

BROKERS = {"RabbitMQ": "VOUCHSAFE_TEST_AMQP_URL", "Redis": "VOUCHSAFE_TEST_REDIS_URL"}


@pytest.fixture(params=list(BROKERS))
def broker_url(request):
    url = os.environ.get(BROKERS[request.param])
    if not url:
        pytest.skip(f"{BROKERS[request.param]} is not set: no {request.param} to test with")
    return url


def app_role_url() -> str:
    """This test's database as the application role, in the form a worker's environment has."""
    at = connection.settings_dict
    place = f"{at['HOST']}:{at['PORT']}" if at["PORT"] else ""
    options = "" if place else f"?host={at['HOST']}"
    return f"postgresql://{at['USER']}:{quote(at['PASSWORD'])}@{place}/{at['NAME']}{options}"


@pytest.fixture
def worker(broker_url, settings):
    queue = f"vouchsafe-test-{uuid.uuid4().hex[:8]}"
    environment = {
        **os.environ,
        "CELERY_BROKER_URL": broker_url,
        "DATABASE_URL": app_role_url(),
        "DATABASE_OWNER_URL": app_role_url(),
        "VOUCHSAFE_KEY_DIR": str(settings.KEY_DIR),
        "VOUCHSAFE_LEDGER_DIR": str(settings.LEDGER_DIR),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "portal", "worker", "--pool", "solo", "-Q", queue,
         "--without-gossip", "--without-mingle", "--without-heartbeat", "-n", f"{queue}@test"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    app = Celery(broker=broker_url)
    yield lambda task, *args: app.send_task(task, args=args, queue=queue)
    process.terminate()
    process.wait(30)
    with app.connection_for_write() as held:
        held.default_channel.queue_delete(queue)


def test_a_worker_plans_and_sends_what_was_released(worker):
    investors = builders.make_investors(20)
    notice = builders.make_released(channels={"parallel": ["inbox"]}, criticality="important")
    worker("comms.tasks.plan", str(notice.pk))
    until(lambda: Delivery.objects.filter(notice=notice).count() == len(investors), seconds=30)
    worker("comms.tasks.send")
    handed_over = [DeliveryState.ACCEPTED.value, DeliveryState.DELIVERED.value]
    until(
        lambda: (
            Delivery.objects.filter(notice=notice, state__in=handed_over).count() == len(investors)
        ),
        seconds=30,
    )
    assert set(Delivery.objects.filter(notice=notice).values_list("attempts", flat=True)) == {1}
