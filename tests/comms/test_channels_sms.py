"""SMS over real HTTP against the local gateway."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from comms import signing
from comms.channels.base import Accepted, SendError, Unseen
from comms.channels.sms import HttpSmsChannel
from comms.peers.receipts import ReceiptPoster
from comms.peers.sms import SmsPeer, read_journal
from tests.comms.rows import outgoing

SECRET = "shared"
PHONE = "+8613800000001"


@pytest.fixture
def peer(tmp_path) -> Iterator[SmsPeer]:
    with SmsPeer(tmp_path, secret=SECRET) as gateway:
        yield gateway


def channel(peer: SmsPeer, **more: object) -> HttpSmsChannel:
    return HttpSmsChannel({"name": "gateway", "url": peer.url, "secret": SECRET, **more})


def control(peer: SmsPeer, **order: object) -> None:
    body = json.dumps(order).encode()
    headers = signing.headers(SECRET, "msg_control", int(time.time()), body)
    url = peer.url.replace("/v1/messages", "/control")
    assert httpx.post(url, content=body, headers=headers).status_code == 200


def test_a_batch_is_accepted_and_journalled(peer):
    messages = [outgoing(PHONE, text=f"【华信】第{n}条") for n in range(3)]
    outcomes = channel(peer).send_batch(messages)
    journal = peer.accepted()
    assert [outcome.ref for outcome in outcomes] == [entry["reference"] for entry in journal]
    assert [(entry["to"], entry["text"]) for entry in journal] == [
        (PHONE, message.text) for message in messages
    ]


def test_the_same_key_twice_is_one_message(peer):
    message = outgoing(PHONE)
    first = channel(peer).send_batch([message])
    assert channel(peer).send_batch([message]) == first
    assert len(peer.accepted()) == 1


def test_a_restarted_gateway_still_knows_its_keys(tmp_path):
    message = outgoing(PHONE)
    with SmsPeer(tmp_path, secret=SECRET) as peer:
        first = channel(peer).send_batch([message])
    with (tmp_path / "sms.jsonl").open("a") as journal:
        journal.write('{"key": "half')
    with SmsPeer(tmp_path, secret=SECRET) as peer:
        assert channel(peer).send_batch([message]) == first


def test_a_wrong_secret_is_refused_and_nothing_goes_out(peer):
    stranger = HttpSmsChannel({"name": "gateway", "url": peer.url, "secret": "wrong"})
    assert stranger.send_batch([outgoing(PHONE)]) == [SendError(False, "http_401")]
    assert stranger.status(["x"]) == {}
    assert peer.accepted() == []


def test_one_refused_number_does_not_stop_the_others(peer):
    peer.rules.refuse = {"+8613800000002": "blacklisted"}
    outcomes = channel(peer).send_batch([outgoing(PHONE), outgoing("+8613800000002")])
    assert isinstance(outcomes[0], Accepted)
    assert outcomes[1] == SendError(True, "blacklisted")


def test_429_is_a_definite_no_for_now(peer):
    control(peer, fault="429", count=1)
    message = outgoing(PHONE)
    assert channel(peer).send_batch([message]) == [SendError(False, "http_429")]
    assert peer.accepted() == []
    assert isinstance(channel(peer).send_batch([message])[0], Accepted)


@pytest.mark.parametrize(("fault", "took_it"), [("500", False), ("accept-then-500", True)])
def test_a_5xx_is_unknown_until_the_gateway_is_asked(peer, fault, took_it):
    control(peer, fault=fault, count=1)
    message = outgoing(PHONE)
    sms = channel(peer)
    assert sms.send_batch([message]) == [SendError(False, "http_500", unknown=True)]
    known = sms.status([message.idempotency_key])[message.idempotency_key]
    if took_it:
        assert known == Accepted(peer.accepted()[0]["reference"])
    else:
        assert known == Unseen()


def test_a_timeout_after_acceptance_is_unknown_and_answered_by_status(peer):
    control(peer, fault="accept-then-hang", count=1, seconds=1)
    message = outgoing(PHONE)
    sms = channel(peer, timeout=0.3)
    assert sms.send_batch([message]) == [
        SendError(False, "answer_lost", "ReadTimeout", unknown=True)
    ]
    reference = peer.accepted()[0]["reference"]
    assert sms.status([message.idempotency_key]) == {message.idempotency_key: Accepted(reference)}
    assert sms.send_batch([message]) == [Accepted(reference)]
    assert len(peer.accepted()) == 1


def test_nobody_listens_is_temporary_and_status_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sms = HttpSmsChannel({"name": "g", "url": f"http://127.0.0.1:{port}/v1/m", "secret": SECRET})
    assert sms.send_batch([outgoing(PHONE)]) == [SendError(False, "connect_failed", "ConnectError")]
    assert sms.status(["key"]) == {}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{]", "no_result"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"results\":[]}", "no_result"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", "answer_lost"),
        (b"", "answer_lost"),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", "http_503"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_unknown(answer, expected):
    with one_answer(answer) as url:
        sms = HttpSmsChannel({"name": "g", "url": url, "secret": SECRET})
        (outcome,) = sms.send_batch([outgoing(PHONE)])
    assert (outcome.code, outcome.unknown) == (expected, True)


def test_a_bad_request_is_permanent_and_a_redirect_is_not_followed(peer):
    with one_answer(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n") as url:
        sms = HttpSmsChannel({"name": "g", "url": url, "secret": SECRET})
        assert sms.send_batch([outgoing(PHONE)]) == [SendError(True, "http_400")]
    moved = f"HTTP/1.1 307 Moved\r\nlocation: {peer.url}\r\ncontent-length: 0\r\n\r\n"
    with one_answer(moved.encode()) as url:
        sms = HttpSmsChannel({"name": "g", "url": url, "secret": SECRET})
        assert sms.send_batch([outgoing(PHONE)]) == [SendError(False, "http_307")]
    assert peer.accepted() == []


def test_receipts_are_posted_signed_until_taken(tmp_path):
    received: list[tuple[dict[str, str], bytes]] = []
    with webhook(received, refuse_first=1) as url:
        poster = ReceiptPoster(url, SECRET)
        with SmsPeer(tmp_path, secret=SECRET, receipts=poster) as peer:
            peer.rules.refuse = {}
            peer.rules.repeat_every = 1
            messages = [outgoing(f"+861380000{n:04d}") for n in range(20)]
            outcomes = channel(peer).send_batch(messages)
            assert poster.wait_idle(10)
        poster.stop()
    events = []
    for headers, body in received:
        signing.verify(SECRET, headers, body, now=time.time())
        events += json.loads(body)["events"]
    assert {event["reference"] for event in events} == {outcome.ref for outcome in outcomes}
    assert len(events) > len({event["id"] for event in events}), "some come twice"


def test_the_journal_tells_a_repeat_from_a_send(peer):
    message = outgoing(PHONE)
    for _ in range(3):
        channel(peer).send_batch([message])
    assert [entry.get("repeated", False) for entry in read_journal(peer.journal)] == [
        False,
        True,
        True,
    ]


class one_answer:
    """A server that reads one request and answers it with fixed bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/messages"

    def __exit__(self, *exc: object) -> None:
        self._thread.join(timeout=10)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            names, _, body = head.partition(b"\r\n\r\n")
            length = int(names.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += connection.recv(65536)
            connection.sendall(self._answer)


class webhook:
    """A receiver that keeps what is posted, after refusing the first few with 503."""

    def __init__(self, received: list[tuple[dict[str, str], bytes]], *, refuse_first: int) -> None:
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        left = [refuse_first]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if left[0] > 0:
                    left[0] -= 1
                    self.send_response(503)
                else:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    received.append((headers, body))
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
