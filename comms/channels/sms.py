"""SMS over HTTP: JSON batches with an idempotency key per message, signed both ways.

    POST <url>         {"messages": [{"key", "to", "text"}, …]}
        → {"results": [{"key", "reference"} or {"key", "error": {"code", "permanent"}}, …]}
    POST <url>/status  {"keys": [...]}
        → {"results": [{"key", "reference", "state": "accepted" or "unknown"}, …]}

The signature is that of `comms.signing`. docs/operations.md describes the protocol.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from comms import signing
from comms.channels.base import Accepted, Outcome, Outgoing, SendError, Style, Unseen, register
from core import clock

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # seconds
_CODE = re.compile(r"[^A-Za-z0-9_.-]")
# Raised before the request left: the gateway cannot have it.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@register("http-sms")
class HttpSmsChannel:
    """Settings entry: `name`, `url`, `secret`, optionally `timeout` in seconds.

    An answer that is lost, or a 5xx (the gateway may have worked and failed afterwards), is an
    unknown outcome; 429 is a definite refusal for now.
    """

    idempotent = True
    can_answer = True
    batch = 200

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self._url: str = entry["url"]
        self._secret: str = entry["secret"]
        self._timeout = httpx.Timeout(entry["timeout"]) if "timeout" in entry else _TIMEOUT
        self._client: tuple[int, httpx.Client] | None = None

    @staticmethod
    def wire(message: Outgoing, style: Style) -> bytes:
        """This message's part of the request."""
        return part_of(message)

    def send_batch(self, messages: Sequence[Outgoing]) -> list[Outcome]:
        """One request for the whole batch."""
        parts = [message.wire or part_of(message) for message in messages]
        body = b'{"messages": [' + b", ".join(parts) + b"]}"
        try:
            answer = self._post(self._url, body)
        except _NEVER_LEFT as error:
            return [SendError(False, "connect_failed", type(error).__name__)] * len(messages)
        except httpx.HTTPError as error:
            lost = SendError(False, "answer_lost", type(error).__name__, unknown=True)
            return [lost] * len(messages)
        if answer.status_code != 200:
            return [_refusal(answer.status_code)] * len(messages)
        results = _by_key(answer)
        return [_outcome(results.get(message.idempotency_key)) for message in messages]

    def status(self, keys: Sequence[str]) -> dict[str, Accepted | SendError | Unseen]:
        """What the gateway knows of `keys`; nothing of those it cannot be asked about now."""
        known: dict[str, Accepted | SendError | Unseen] = {}
        for start in range(0, len(keys), self.batch):
            known |= self._ask(keys[start : start + self.batch])
        return known

    def _ask(self, keys: Sequence[str]) -> dict[str, Accepted | SendError | Unseen]:
        try:
            answer = self._post(self._url + "/status", json.dumps({"keys": list(keys)}).encode())
        except httpx.HTTPError:
            return {}
        if answer.status_code != 200:
            return {}
        known: dict[str, Accepted | SendError | Unseen] = {}
        for key, result in _by_key(answer).items():
            if result.get("state") == "unknown":
                known[key] = Unseen()
            elif reference := _reference(result):
                known[key] = Accepted(reference)
        return known

    def _post(self, url: str, body: bytes) -> httpx.Response:
        signed = signing.headers(
            self._secret, f"msg_{clock.uuid7().hex}", int(clock.now().timestamp()), body
        )
        return self._http().post(
            url, content=body, headers={**signed, "content-type": "application/json"}
        )

    def _http(self) -> httpx.Client:
        """One client per process: connections must not be shared across a fork."""
        if self._client is None or self._client[0] != os.getpid():
            self._client = (
                os.getpid(),
                httpx.Client(timeout=self._timeout, follow_redirects=False, trust_env=False),
            )
        return self._client[1]


def part_of(message: Outgoing) -> bytes:
    """One message in the list of a request. Messages are made again years later: these bytes
    must not change for the same message."""
    part = {"key": message.idempotency_key, "to": message.to, "text": message.text}
    return json.dumps(part, ensure_ascii=False).encode()


def _refusal(status: int) -> SendError:
    """What an answer other than 200 means for every message of the request."""
    code = f"http_{status}"
    if status >= 500 or status == 408:
        return SendError(False, code, unknown=True)
    if status in (400, 404, 405, 410, 413, 415, 422):
        return SendError(True, code)
    return SendError(False, code)


def _by_key(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    """The results of an answer by key; what is malformed is left out, so it stays unknown."""
    try:
        results = answer.json()["results"]
        return {result["key"]: result for result in results}
    except (ValueError, KeyError, TypeError):
        return {}


def _outcome(result: Mapping[str, Any] | None) -> Outcome:
    if result is None:
        return SendError(False, "no_result", unknown=True)
    if reference := _reference(result):
        return Accepted(reference)
    error = result.get("error")
    if not isinstance(error, dict):
        return SendError(False, "no_result", unknown=True)
    code = _CODE.sub("", str(error.get("code", "")))[:40] or "refused"
    return SendError(error.get("permanent") is True, code)


def _reference(result: Mapping[str, Any]) -> str:
    reference = result.get("reference")
    return reference[:200] if isinstance(reference, str) else ""
