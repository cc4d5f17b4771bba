"""A running installation for fault tests: real Celery workers over the filesystem broker, a real
SMS gateway over HTTP that the test can script, and this process in the place of beat."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import Celery
from django.conf import settings
from django.db import connection

from comms.models import Notice
from comms.peers.sms import Gateway, SmsPeer, SmsRules
from comms.services import closing
from core import clock
from tests.faults.nursery import Nursery, Worker

SECRET = "faults"
LEASE = 3  # seconds a worker may hold a batch


class ScriptedGateway(Gateway):
    """The gateway with two hooks, called with the number of the request: `before` it accepts
    anything (raise ValueError to accept nothing), and `after` it has, ahead of the answer."""

    before: Callable[[int], None] = staticmethod(lambda n: None)
    after: Callable[[int], None] = staticmethod(lambda n: None)
    calls = 0
    _counting = threading.Lock()

    def take(self, messages: list[dict[str, str]]) -> list[dict[str, Any]]:
        with self._counting:  # requests come side by side; each has a number of its own
            self.calls += 1
            call = self.calls
        self.before(call)
        results = super().take(messages)
        self.after(call)
        return results


class Ground:
    """What the tests of a module share: the broker's directory, the gateway's address, and a
    nursery of workers on the database that Django is pointed at. Nothing of a test stays here."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.peer = SmsPeer(directory / "peer", secret=SECRET)
        self.peer.gateway.close()
        self.peer.start()
        broker = directory / "var" / "broker"
        for name in ("queue", "processed", "control"):
            (broker / name).mkdir(parents=True, exist_ok=True)
        self.queue = broker / "queue"
        self.broker = Celery(broker="filesystem://", set_as_current=False)
        self.broker.conf.broker_transport_options = {
            "data_folder_in": str(self.queue),
            "data_folder_out": str(self.queue),
            "control_folder": str(broker / "control"),
        }
        self.nursery = Nursery(self._environment())

    def __enter__(self) -> Ground:
        return self

    def __exit__(self, *exc: object) -> None:
        self.nursery.close()
        self.peer.stop()

    def _environment(self) -> dict[str, str]:
        database = connection.settings_dict
        password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
        port = f"&port={database['PORT']}" if database["PORT"] else ""
        return {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": f"postgresql://{database['USER']}{password}@/{database['NAME']}"
            f"?host={database['HOST']}{port}",
            "VOUCHSAFE_VAR": str(self.directory / "var"),
            "VOUCHSAFE_KEY_DIR": str(settings.KEY_DIR),
            "VOUCHSAFE_SEND_LEASE": str(LEASE),
            "SMS_URL": self.peer.url,
            "SMS_SECRET": SECRET,
            "LOG_LEVEL": "WARNING",
        }


class Plant:
    """Workers on the test's own database, an empty broker, and a gateway that knows nothing yet."""

    def __init__(self, directory: Path, ground: Ground) -> None:
        self.directory = directory
        self._ground = ground
        self.queue = ground.queue
        self.wipe_broker()
        self.gateway = ScriptedGateway(directory / "sms.jsonl", SmsRules(), None)
        ground.peer.gateway = ground.peer._server.gateway = self.gateway
        self.workers: list[Worker] = []

    def __enter__(self) -> Plant:
        return self

    def __exit__(self, *exc: object) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.gateway.close()

    def start_worker(self) -> Worker:
        """One more worker; returns as soon as it is there."""
        worker = self._ground.nursery.start(self.directory / "workers.log")
        self.workers.append(worker)
        return worker

    def kill(self, number: int = 0, *, how: signal.Signals = signal.SIGKILL) -> None:
        """Signal a worker from inside a gateway hook."""
        os.kill(self.workers[number].pid, how)

    def ring(self, task: str, *args: str, times: int = 1) -> None:
        """Put messages for the workers into the broker."""
        for _ in range(times):
            self._ground.broker.send_task(f"comms.tasks.{task}", args=args)

    def wipe_broker(self) -> int:
        """Lose every message; returns how many."""
        lost = list(self.queue.iterdir())
        for message in lost:
            message.unlink(missing_ok=True)
        return len(lost)

    def settle(self, notice: Notice, *, seconds: float = 150.0) -> None:
        """Sweep as beat does, and keep two workers alive, until the notice is done."""
        deadline = time.monotonic() + seconds
        while not self.done(notice.pk):
            alive = [worker for worker in self.workers if worker.poll() is None]
            for _missing in range(2 - len(alive)):
                self.start_worker()
            if not any(self.queue.iterdir()):
                self.ring("sweep")
            time.sleep(0.1)
            assert time.monotonic() < deadline, self.state_of(notice.pk)

    def done(self, notice_id: UUID) -> bool:
        """Whether everything is planned and settled."""
        planned = Notice.objects.filter(pk=notice_id, planned_at__isnull=False).exists()
        return planned and closing.open_deliveries(notice_id) == 0

    def state_of(self, notice_id: UUID) -> str:
        """For a failed wait: the counts, and the end of the workers' log."""
        from comms import selectors

        log = (self.directory / "workers.log").read_text(errors="replace")[-3000:]
        return f"{selectors.notice_progress(notice_id, now=clock.now())}\n{log}"
