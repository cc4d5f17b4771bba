"""A time-stamping authority for demonstrations and tests (RFC 3161), on loopback.

It gives real answers, signed by a key that lies beside the log: it shows the protocol at work and
proves nothing to anybody else. Its certificates say so by name.
"""

from __future__ import annotations

import datetime as dt
import secrets
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from audit.timestamping.der import elements
from core import clock

NAME: Final = "Vouchsafe local peer, proves nothing"
_YEARS: Final = dt.timedelta(days=3650)
_MAX_REQUEST: Final = 4096
_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier
_ECDSA: Final = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE: Final = bytes.fromhex("060b2a864886f70d010910022f")  # RFC 5816
_POLICY: Final = bytes.fromhex("06042a030401")  # 1.2.3.4.1, as in RFC examples: no policy at all
_SEQUENCE, _SET, _OCTETS, _INTEGER, _TIME, _FIRST = 0x30, 0x31, 0x04, 0x02, 0x18, 0xA0


class BadRequest(ValueError):
    """The question is no time-stamp request over SHA-256."""


def _tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def _number(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def read_request(data: bytes) -> tuple[bytes, bytes]:
    """The message imprint and the nonce (b"" without one) of a request, each as DER."""
    try:
        ((tag, _at, start, end),) = elements(data, 0, len(data))
        parts = elements(data, start, end)
        imprint = data[parts[1][1] : parts[1][3]]
        algorithm = elements(imprint, *elements(imprint, 0, len(imprint))[0][2:])
    except (IndexError, ValueError):
        raise BadRequest("not a TimeStampReq in DER") from None
    named = imprint[algorithm[0][1] : algorithm[0][3]] if algorithm else b""
    if tag != _SEQUENCE or len(algorithm) != 2 or _SHA256[2:13] not in named:
        raise BadRequest("not a TimeStampReq over SHA-256")
    nonces = [data[at:stop] for kind, at, _start, stop in parts[2:] if kind == _INTEGER]
    return imprint, nonces[0] if nonces else b""


class LocalAuthority:
    """A root and a signer, made in `directory` at first use."""

    def __init__(self, directory: Path, *, now: dt.datetime) -> None:
        self.roots = directory / "root.pem"
        self._key_file, self._chain_file = directory / "stamper.key", directory / "stamper.pem"
        if not self._chain_file.exists():
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make(now)
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._signer = x509.load_pem_x509_certificate(self._chain_file.read_bytes())

    def _make(self, now: dt.datetime) -> None:
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _certificate(f"{NAME}: root", root_key, None, root_key, now)
        signer = _certificate(NAME, key, root, root_key, now)
        pem = serialization.Encoding.PEM
        self._key_file.touch(mode=0o600)
        self._key_file.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        self.roots.write_bytes(root.public_bytes(pem))
        self._chain_file.write_bytes(signer.public_bytes(pem))

    def answer(self, request: bytes, *, now: dt.datetime) -> bytes:
        """The TimeStampResp to a request, stamped `now`; raises BadRequest."""
        imprint, nonce = read_request(request)
        at = now.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ").encode()
        info = _tlv(
            _SEQUENCE, _number(1), _POLICY, imprint, _number(secrets.randbits(63) | 1),
            _tlv(_TIME, at), _tlv(_SEQUENCE, _number(1)), nonce,
        )  # fmt: skip
        der = self._signer.public_bytes(serialization.Encoding.DER)
        signed = _tlv(
            _SEQUENCE, _number(3), _tlv(_SET, _SHA256),
            _tlv(_SEQUENCE, _TST_INFO, _tlv(_FIRST, _tlv(_OCTETS, info))),
            _tlv(_FIRST, der), _tlv(_SET, self._signer_info(info, der)),
        )  # fmt: skip
        token = _tlv(_SEQUENCE, _SIGNED_DATA, _tlv(_FIRST, signed))
        return _tlv(_SEQUENCE, _tlv(_SEQUENCE, _number(0)), token)

    def _signer_info(self, info: bytes, der: bytes) -> bytes:
        certificate = _tlv(_SEQUENCE, _tlv(_OCTETS, sha256(der).digest()))
        values = (
            (_CONTENT_TYPE, _TST_INFO),
            (_MESSAGE_DIGEST, _tlv(_OCTETS, sha256(info).digest())),
            (_SIGNING_CERTIFICATE, _tlv(_SEQUENCE, _tlv(_SEQUENCE, certificate))),
        )
        listed = sorted(_tlv(_SEQUENCE, name, _tlv(_SET, value)) for name, value in values)
        signature = self._key.sign(_tlv(_SET, *listed), ec.ECDSA(hashes.SHA256()))
        issuer = _tlv(
            _SEQUENCE, self._signer.issuer.public_bytes(), _number(self._signer.serial_number)
        )
        return _tlv(
            _SEQUENCE, _number(1), issuer, _SHA256, _tlv(_FIRST, *listed), _ECDSA,
            _tlv(_OCTETS, signature),
        )  # fmt: skip


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
) -> x509.Certificate:
    """A root (no issuer), or a signer of time-stamps."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=issuer is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if issuer is not None:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def server(authority: LocalAuthority, host: str, port: int) -> ThreadingHTTPServer:
    """The authority over HTTP (RFC 3161, section 3.4); port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        """Answers each POST with a time-stamp of now."""

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            if not 0 < size <= _MAX_REQUEST:
                self.send_error(413 if size else 411)
                return
            try:
                data = authority.answer(self.rfile.read(size), now=clock.now())
            except BadRequest as error:
                self.send_error(400, str(error))
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer((host, port), Handler)
