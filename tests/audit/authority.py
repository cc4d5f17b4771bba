"""A real time-stamping authority: OpenSSL behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = tsa_config
[tsa_config]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./stamper.pem
certs = ./root.pem
signer_key = ./stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(
    directory: Path, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run OpenSSL in `directory`."""
    return subprocess.run(
        ["openssl", *arguments], cwd=directory, check=check, capture_output=True, text=True
    )


class Authority:
    """An authority with its own root, made in `directory`."""

    def __init__(self, directory: Path, *, name: str = "Test TSA") -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.requests: list[bytes] = []
        self.replay: bytes | None = None  # an old answer to give to every question
        (directory / "openssl.cnf").write_text(_CONFIG)
        (directory / "serial").write_text("1000\n")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl(
            directory, "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem",
            "-days", "30", "-subj", f"/CN={name} root", "-config", "openssl.cnf",
            "-extensions", "root",
        )  # fmt: skip
        openssl(
            directory, "req", *key, "-keyout", "stamper.key", "-out", "stamper.csr",
            "-subj", f"/CN={name}", "-config", "openssl.cnf",
        )  # fmt: skip
        openssl(
            directory, "x509", "-req", "-in", "stamper.csr", "-CA", "root.pem", "-CAkey",
            "root.key", "-CAcreateserial", "-days", "30", "-out", "stamper.pem",
            "-extfile", "openssl.cnf", "-extensions", "stamper",
        )  # fmt: skip

    @property
    def roots(self) -> Path:
        """The root certificate, to be trusted."""
        return self.directory / "root.pem"

    def answer(self, request: bytes) -> bytes:
        """What the authority answers to a request (TimeStampReq in DER)."""
        self.requests.append(request)
        if self.replay is not None:
            return self.replay
        (self.directory / "query.tsq").write_bytes(request)
        openssl(
            self.directory, "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query.tsq",
            "-out", "reply.tsr",
        )  # fmt: skip
        return (self.directory / "reply.tsr").read_bytes()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, while it answers over HTTP."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["Content-Type"] == "application/timestamp-query"
                request = self.rfile.read(int(self.headers["Content-Length"]))
                data = authority.answer(request)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
            server.shutdown()
