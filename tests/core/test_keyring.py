"""Key-encryption keys: where they come from, which one wraps, and a KMS that really answers."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core import crypto, keyring
from core.crypto import SealBroken
from core.errors import Misconfigured

SUBJECT = b"a subject"


@pytest.fixture(autouse=True)
def directory(settings, tmp_path: Path) -> Iterator[Path]:
    settings.KEY_DIR = tmp_path
    settings.KMS = ""
    for name in ("kek", "index-key"):
        crypto.create_key_file(name)
    crypto.forget_cached_keys()
    yield tmp_path
    crypto.forget_cached_keys()


class Kms(BaseHTTPRequestHandler):
    """A key management service with a master key of its own, versions, and a token."""

    master = {"master/1": AESGCM(AESGCM.generate_key(256))}
    token = "s3cret"
    asked: list[str] = []

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {self.token}":
            return self._answer(403, {"error": "no"})
        self.asked.append(self.path)
        context = content["context"].encode()
        if self.path == "/v1/wrap":
            nonce = os.urandom(12)
            plain = base64.b64decode(content["plaintext"])
            sealed = nonce + self.master["master/1"].encrypt(nonce, plain, context)
            wrapped = base64.b64encode(sealed).decode()
            return self._answer(200, {"key_id": "master/1", "ciphertext": wrapped})
        sealed = base64.b64decode(content["ciphertext"])
        try:
            plain = self.master[content["key_id"]].decrypt(sealed[:12], sealed[12:], context)
        except Exception:
            return self._answer(400, {"error": "does not open"})
        return self._answer(200, {"plaintext": base64.b64encode(plain).decode()})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


@pytest.fixture
def kms(settings) -> Iterator[type[Kms]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Kms)
    Kms.asked = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.KMS, settings.KMS_TOKEN = f"http://127.0.0.1:{server.server_port}/v1", Kms.token
    yield Kms
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_highest_number_wraps_and_older_ones_still_open() -> None:
    key = crypto.new_key()
    old = crypto.wrap(key, context=SUBJECT)
    keyring.create(2)
    crypto.forget_cached_keys()
    new = crypto.wrap(key, context=SUBJECT)
    assert [crypto.wrapped_under(each) for each in (old, new)] == [1, 2]
    assert crypto.unwrap(old, context=SUBJECT) == crypto.unwrap(new, context=SUBJECT) == key


def test_a_kek_that_another_process_made_is_found_when_it_is_needed() -> None:
    crypto.wrap(crypto.new_key(), context=SUBJECT)  # this process knows number 1 alone
    keyring.create(2)
    elsewhere = keyring.Keyring()
    key = crypto.new_key()
    cipher = AESGCM(elsewhere.key(2))
    wrapped = b"\0\2" + b"n" * 12 + cipher.encrypt(b"n" * 12, key, SUBJECT)
    assert crypto.unwrap(wrapped, context=SUBJECT) == key


def test_a_kek_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCHSAFE_KEK_3", base64.b64encode(bytes(32)).decode())
    crypto.forget_cached_keys()
    assert keyring.numbers() == [1, 3]
    assert crypto.wrapped_under(crypto.wrap(crypto.new_key(), context=SUBJECT)) == 3
    assert not keyring.destroy(3)


def test_a_missing_kek_is_named() -> None:
    keyring.create(2)
    crypto.forget_cached_keys()
    wrapped = crypto.wrap(crypto.new_key(), context=SUBJECT)
    assert keyring.destroy(2)
    with pytest.raises(Misconfigured, match="2"):
        crypto.unwrap(wrapped, context=SUBJECT)
    with pytest.raises(SealBroken):
        crypto.unwrap(wrapped[:-1], context=SUBJECT)


def test_numbers_are_made_once_and_within_their_range() -> None:
    for number in (0, 1, 65_536):
        with pytest.raises(Misconfigured):
            keyring.create(number)


def test_a_kms_wraps_the_kek_and_nothing_on_disk_opens_without_it(
    kms: type[Kms], directory: Path
) -> None:
    path = keyring.create(2)
    crypto.forget_cached_keys()
    key = crypto.new_key()
    wrapped = crypto.wrap(key, context=SUBJECT)
    assert crypto.wrapped_under(wrapped) == 2
    crypto.forget_cached_keys()
    assert crypto.unwrap(wrapped, context=SUBJECT) == key
    assert kms.asked.count("/v1/wrap") == 1
    assert path.stat().st_mode & 0o077 == 0
    kek = crypto.keyring().key(2)
    for file in directory.iterdir():
        assert base64.b64encode(kek) not in file.read_bytes()
    asked = len(kms.asked)
    for _ in range(50):  # one question for the KEK, none for a data key
        crypto.unwrap(crypto.wrap(key, context=SUBJECT), context=SUBJECT)
    assert len(kms.asked) == asked


def test_a_wrapped_kek_of_another_number_does_not_open(kms: type[Kms], directory: Path) -> None:
    keyring.create(2).rename(directory / "kek-3.wrapped")
    crypto.forget_cached_keys()
    with pytest.raises(Misconfigured) as refused:
        crypto.wrap(crypto.new_key(), context=SUBJECT)
    assert refused.value.code == "kms"


def test_a_kms_that_refuses_is_no_reason_to_go_on_without(kms: type[Kms], settings) -> None:
    settings.KMS_TOKEN = "wrong"
    with pytest.raises(Misconfigured) as refused:
        keyring.create(2)
    assert refused.value.code == "kms"
    assert keyring.numbers() == [1]


def test_a_kms_that_does_not_answer_is_said_so(settings, directory: Path) -> None:
    settings.KMS = "http://127.0.0.1:1/v1"
    with pytest.raises(Misconfigured):
        keyring.create(2)
    (directory / "kek-2.wrapped").write_text("{")
    with pytest.raises(Misconfigured, match="kek-2"):
        keyring.load(2)


class Own:
    """A KMS as somebody's own class."""

    def wrap(self, plaintext: bytes, *, context: str) -> keyring.Wrapped:
        return keyring.Wrapped("own", plaintext[::-1])

    def unwrap(self, wrapped: keyring.Wrapped, *, context: str) -> bytes:
        return wrapped.ciphertext[::-1]


def test_a_kms_of_ones_own_is_named_by_its_class(settings) -> None:
    settings.KMS = f"{__name__}.Own"
    keyring.create(2)
    crypto.forget_cached_keys()
    key = crypto.new_key()
    assert crypto.unwrap(crypto.wrap(key, context=SUBJECT), context=SUBJECT) == key


def test_what_belongs_to_no_subject_outlives_a_rotation() -> None:
    sealed = crypto.seal(crypto.kek(), b"code", context=b"")
    keyring.create(2)
    keyring.destroy(1)
    assert crypto.unseal(crypto.kek(), sealed, context=b"") == b"code"
