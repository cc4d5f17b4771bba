"""The local time-stamping authority: real answers, checked by the library and by OpenSSL."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from audit.timestamping import authority
from audit.timestamping.peer import NAME, BadRequest, LocalAuthority, server
from core import clock

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"log.example/test\n3\nAAAA\n"


@pytest.fixture
def local(tmp_path: Path) -> LocalAuthority:
    return LocalAuthority(tmp_path / "tsa", now=clock.now())


def roots(local: LocalAuthority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(local.roots.read_bytes())


def test_its_stamp_is_genuine_and_named_for_what_it_is(local, tmp_path):
    with server(local, "127.0.0.1", 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_address[1]}/tsa"
        now = clock.now()
        stamp = authority.obtain(url, TEXT, roots(local), now=now)
        assert httpx.post(url, content=b"nonsense").status_code == 400
        running.shutdown()
    assert abs(stamp.attested_at - now) < dt.timedelta(seconds=30)
    assert authority.check(stamp.response, TEXT, roots(local)).serial == stamp.serial
    assert "proves nothing" in NAME and NAME in roots(local)[0].subject.rfc4514_string().replace(
        "\\", ""
    )
    again = LocalAuthority(tmp_path / "tsa", now=now)
    assert roots(again) == roots(local)


def test_another_text_another_root_or_a_flipped_byte_is_refused(local, tmp_path):
    with server(local, "127.0.0.1", 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_address[1]}/tsa"
        response = authority.obtain(url, TEXT, roots(local), now=clock.now()).response
        running.shutdown()
    other = LocalAuthority(tmp_path / "other", now=clock.now())
    for text, trusted in ((TEXT + b"x", local), (TEXT, other)):
        with pytest.raises(authority.StampRefused):
            authority.check(response, text, roots(trusted))
    spoiled = response[:-1] + bytes([response[-1] ^ 1])
    with pytest.raises(authority.StampRefused):
        authority.check(spoiled, TEXT, roots(local))


@pytest.mark.parametrize("request_", [b"", b"\x30", b"\x30\x03\x02\x01\x01", b"GET /"])
def test_what_is_no_request_is_refused(request_, local):
    with pytest.raises(BadRequest):
        local.answer(request_, now=clock.now())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(local, tmp_path):
    data, query, reply = (tmp_path / name for name in ("data", "query.tsq", "reply.tsr"))
    data.write_bytes(TEXT)
    asked = ("openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query)
    subprocess.run(asked, check=True, capture_output=True)
    reply.write_bytes(local.answer(query.read_bytes(), now=clock.now()))
    checked = ("openssl", "ts", "-verify", "-CAfile", local.roots)
    for given in (("-queryfile", query), ("-data", data)):
        done = subprocess.run(
            [*checked, *given, "-in", reply], check=False, capture_output=True, text=True
        )
        assert (done.returncode, "Verification: OK" in done.stdout + done.stderr) == (0, True)


def test_the_command_says_how_to_use_it(tmp_path):
    command = [sys.executable, "manage.py", "local_authority", "--port", "0", "--dir", tmp_path]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().strip().partition("=") for _line in range(2)]
        assert [name for name, _is, _value in said] == [
            "VOUCHSAFE_LEDGER_TSA_URL", "VOUCHSAFE_LEDGER_TSA_ROOTS",
        ]  # fmt: skip
        trusted = x509.load_pem_x509_certificates(Path(said[1][2]).read_bytes())
        assert authority.obtain(said[0][2], TEXT, trusted, now=clock.now()).serial > 0
    finally:
        process.terminate()
        process.communicate(timeout=20)
