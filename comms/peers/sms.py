"""An SMS gateway over HTTP, as carriers' aggregators offer it.

    POST /v1/messages         {"messages": [{"key", "to", "text"}, …]}
                              → {"results": [{"key", "reference", "repeated"} | {"key", "error"}]}
    POST /v1/messages/status  {"keys": [...]} → {"results": [{"key", "reference", "state"} | …]}
    POST /control             {"fault": "…", "count": n, "seconds": s, …}

Every request is signed (comms.signing); a bad signature answers 401. A key that was accepted
before gets its first reference again and is not sent a second time.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from comms import signing
from comms.peers.receipts import ReceiptPoster
from comms.peers.smtp import share_of

MAX_MESSAGES = 1000
FAULTS = ("slow", "429", "500", "accept-then-500", "accept-then-hang")


@dataclass
class SmsRules:
    """Which numbers fail, by address alone, so that every run is alike.

    `refuse` maps a number to a permanent error code given at once. `fail_percent` of the
    others are accepted and reported undelivered later; every `repeat_every`-th receipt is
    posted twice, the second copy after the next one (0 = never).
    """

    refuse: dict[str, str] = field(default_factory=dict)
    fail_percent: int = 0
    repeat_every: int = 0

    def fails(self, number: str) -> bool:
        """Whether the hand-set of an accepted `number` cannot be reached."""
        return share_of(number) < self.fail_percent


@dataclass
class _Fault:
    kind: str = ""
    count: int = 0
    seconds: float = 0.0


class Gateway:
    """The gateway's memory: what was accepted, under which reference. Thread-safe.

    `journal` gets one JSON line per accepted message, and one with `"repeated": true` each
    time a known key comes again; it is read back at start.
    """

    def __init__(self, journal: Path, rules: SmsRules, receipts: ReceiptPoster | None) -> None:
        self.rules = rules
        self._receipts = receipts
        self._lock = threading.Lock()
        self._accepted: dict[str, dict[str, str]] = {}
        self._fault = _Fault()
        self._held: dict[str, Any] | None = None
        self._receipt_count = 0
        journal.parent.mkdir(parents=True, exist_ok=True)
        if journal.exists():
            for entry in read_journal(journal):
                self._accepted.setdefault(entry["key"], entry)
        self._journal = journal.open("a", buffering=1)

    def take(self, messages: list[dict[str, str]]) -> list[dict[str, Any]]:
        """Accept, repeat or refuse each message."""
        with self._lock:
            lines: list[str] = []
            results = [self._take_one(message, lines) for message in messages]
            self._journal.write("".join(lines))
            return results

    def _take_one(self, message: dict[str, str], lines: list[str]) -> dict[str, Any]:
        key, number = message["key"], message["to"]
        if (known := self._accepted.get(key)) is not None:
            lines.append(json.dumps({**known, "repeated": True}) + "\n")
            return {"key": key, "reference": known["reference"], "repeated": True}
        if (code := self.rules.refuse.get(number)) is not None:
            return {"key": key, "error": {"code": code, "permanent": True, "text": "refused"}}
        entry = {
            "key": key,
            "reference": f"sms-{uuid.uuid4().hex[:20]}",
            "to": number,
            "text": message["text"],
            "at": _now(),
        }
        self._accepted[key] = entry
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
        self._report(entry)
        return {"key": key, "reference": entry["reference"], "repeated": False}

    def _report(self, entry: dict[str, str]) -> None:
        """Queue the delivery receipt, sometimes twice and out of order."""
        if self._receipts is None:
            return
        failed = self.rules.fails(entry["to"])
        event = {
            "id": f"evt_{entry['reference']}",
            "reference": entry["reference"],
            "kind": "bounced" if failed else "delivered",
            "at": _now(),
            "code": "UNDELIV" if failed else "DELIVRD",
        }
        self._receipt_count += 1
        self._receipts.put(event)
        if self._held is not None:
            self._receipts.put(self._held)
            self._held = None
        every = self.rules.repeat_every
        if every and self._receipt_count % every == 0:
            self._held = event

    def states(self, keys: list[str]) -> list[dict[str, Any]]:
        """What is known of each key; `state` is `accepted` or `unknown`."""
        with self._lock:
            return [
                {"key": key, "reference": known["reference"], "state": "accepted"}
                if (known := self._accepted.get(key))
                else {"key": key, "state": "unknown"}
                for key in keys
            ]

    def set_fault(self, kind: str, count: int, seconds: float) -> None:
        """Misbehave for the next `count` sends: one of FAULTS, or "" for health."""
        if kind and kind not in FAULTS:
            raise ValueError(f"unknown fault {kind!r}; one of {', '.join(FAULTS)}")
        with self._lock:
            self._fault = _Fault(kind, count, seconds)

    def next_fault(self) -> _Fault:
        """The fault to show for this request; counts down."""
        with self._lock:
            if not self._fault.kind or self._fault.count <= 0:
                return _Fault()
            self._fault.count -= 1
            return _Fault(self._fault.kind, 1, self._fault.seconds)

    def close(self) -> None:
        """Flush and close the journal."""
        self._journal.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The entries in order; the half-written last line of a killed gateway is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


class SmsPeer:
    """The HTTP server in threads of its own, on loopback only. `port` 0 takes a free one."""

    def __init__(
        self,
        directory: Path,
        *,
        secret: str,
        port: int = 0,
        rules: SmsRules | None = None,
        receipts: ReceiptPoster | None = None,
    ) -> None:
        self.rules = rules or SmsRules()
        self.journal = directory / "sms.jsonl"
        self.gateway = Gateway(self.journal, self.rules, receipts)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.gateway, self._server.secret = self.gateway, secret
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where messages are posted."""
        return f"http://127.0.0.1:{self.port}/v1/messages"

    def start(self) -> SmsPeer:
        """Serve; connections are accepted at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and the journal."""
        self._server.shutdown()
        self._server.server_close()
        self.gateway.close()

    def accepted(self) -> list[dict[str, Any]]:
        """The messages accepted so far, each once, from the journal."""
        return [entry for entry in read_journal(self.journal) if not entry.get("repeated")]

    def __enter__(self) -> SmsPeer:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    gateway: Gateway
    secret: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write per answer
    timeout = 60
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = {name.lower(): value for name, value in self.headers.items()}
        try:
            signing.verify(self.server.secret, given, body, now=time.time())
        except signing.SignatureRefused as refused:
            self._answer(401, {"error": refused.code})
            return
        route = {
            "/v1/messages": self._send,
            "/v1/messages/status": self._status,
            "/control": self._control,
        }.get(self.path)
        if route is None:
            self._answer(404, {"error": "no such path"})
            return
        try:
            route(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(400, {"error": f"bad request: {error}"})

    def _send(self, asked: dict[str, Any]) -> None:
        messages = asked["messages"]
        if len(messages) > MAX_MESSAGES:
            self._answer(413, {"error": f"at most {MAX_MESSAGES} messages"})
            return
        fault = self.server.gateway.next_fault()
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault.kind in {"429", "500"}:
            self._answer(int(fault.kind), {"error": "not now"})
            return
        results = self.server.gateway.take(messages)
        if fault.kind == "accept-then-hang":
            time.sleep(fault.seconds)
        if fault.kind == "accept-then-500":
            self._answer(500, {"error": "lost"})
            return
        self._answer(200, {"results": results})

    def _status(self, asked: dict[str, Any]) -> None:
        self._answer(200, {"results": self.server.gateway.states(asked["keys"])})

    def _control(self, asked: dict[str, Any]) -> None:
        self.server.gateway.set_fault(
            str(asked.get("fault", "")),
            int(asked.get("count", 1)),
            float(asked.get("seconds", 0)),
        )
        self.server.gateway.rules.fail_percent = int(
            asked.get("fail_percent", self.server.gateway.rules.fail_percent)
        )
        self._answer(200, {"ok": True})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", "1")
        self.end_headers()
        try:
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client went away; its answer is lost

    def log_message(self, format: str, *args: object) -> None:
        """Silent: numbers must not reach a log."""


def _now() -> str:
    return datetime.now(UTC).isoformat()
