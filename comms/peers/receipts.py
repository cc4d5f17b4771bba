"""Posts signed events to a webhook from a thread of its own, until they are taken."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections import deque
from typing import Any

import httpx

from comms import signing

BATCH = 200
_RETRY_SECONDS = 0.5


class ReceiptPoster:
    """A queue of events for one webhook URL.

    JSON events are posted in batches `{"events": [...]}`, raw bytes (DSNs) one by one as
    message/rfc822. Anything but a 2xx answer is tried again until `stop`.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self._secret = secret
        self._queue: queue.Queue[dict[str, Any] | bytes | None] = queue.Queue()
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._open = 0
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._thread.start()

    def put(self, event: dict[str, Any] | bytes) -> None:
        """Queue one event."""
        with self._idle:
            self._open += 1
        self._queue.put(event)

    def wait_idle(self, seconds: float) -> bool:
        """Wait until everything queued was taken by the webhook; False after `seconds`."""
        with self._idle:
            return self._idle.wait_for(lambda: self._open == 0, timeout=seconds)

    def stop(self) -> None:
        """Give up what is still queued and end the thread."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with httpx.Client(timeout=30) as client:
            waiting: deque[dict[str, Any] | bytes] = deque()
            while not self._stopping.is_set():
                if not waiting and (first := self._queue.get()) is not None:
                    waiting.append(first)
                self._drain_into(waiting)
                if waiting:
                    self._post_next(client, waiting)

    def _drain_into(self, waiting: deque[dict[str, Any] | bytes]) -> None:
        while True:
            try:
                event = self._queue.get_nowait()
            except queue.Empty:
                return
            if event is not None:
                waiting.append(event)

    def _post_next(self, client: httpx.Client, waiting: deque[dict[str, Any] | bytes]) -> None:
        batch: list[dict[str, Any]] = []
        if isinstance(waiting[0], bytes):
            count, body, content_type = 1, waiting[0], "message/rfc822"
        else:
            for event in waiting:
                if isinstance(event, bytes) or len(batch) == BATCH:
                    break
                batch.append(event)
            count, content_type = len(batch), "application/json"
            body = json.dumps({"events": batch}).encode()
        if not self._post(client, body, content_type):
            self._stopping.wait(_RETRY_SECONDS)
            return
        for _ in range(count):
            waiting.popleft()
        with self._idle:
            self._open -= count
            self._idle.notify_all()

    def _post(self, client: httpx.Client, body: bytes, content_type: str) -> bool:
        message_id = f"msg_{uuid.uuid4().hex}"
        headers = signing.headers(self._secret, message_id, int(time.time()), body)
        try:
            answer = client.post(
                self.url, content=body, headers={**headers, "content-type": content_type}
            )
        except httpx.HTTPError:
            return False
        return answer.is_success
