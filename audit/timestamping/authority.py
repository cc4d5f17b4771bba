"""Asking a time-stamping authority, and checking what it answers (RFC 3161).

What is stamped is a checkpoint's text: origin, size and root, the note without its signatures,
so that a stamp fits the same checkpoint however many witnesses have signed it since.

The library `rfc3161-client` checks the signature over the token, its chain to the given roots
at the attested time, the purpose of the signer's certificate (critical, time-stamping alone
counts), the nonce and the imprint. It does not look for revocation, nor at the ESSCertID
attribute (RFC 2634, RFC 5816); `openssl ts -verify` does the latter (docs/ledger.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.timestamping.der import with_certificates_in_order

SKEW: Final = dt.timedelta(minutes=5)
TIMEOUT: Final = httpx.Timeout(8.0, connect=3.0)
_SHA256: Final = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_MAX_ANSWER: Final = 256 * 1024


class StampRefused(Exception):
    """An answer that is no valid time-stamp of what was sent. `code` names the fault:
    unavailable, malformed, rejected, wrong_nonce, wrong_imprint, untrusted, clock."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time-stamp that was checked: the authority's time, its serial number, and the answer."""

    attested_at: dt.datetime
    serial: int
    response: bytes


def obtain(url: str, text: bytes, roots: Sequence[x509.Certificate], *, now: dt.datetime) -> Stamp:
    """Have `text` stamped with a fresh nonce; raises StampRefused.

    The attested time must be within five minutes of `now`, our own clock.
    """
    builder = TimestampRequestBuilder(data=text, hash_algorithm=HashAlgorithm.SHA256)
    request = builder.build()
    stamp = check(_post(url, request.as_bytes()), text, roots, nonce=request.nonce)
    if abs(stamp.attested_at - now) > SKEW:
        raise StampRefused(
            "clock", f"it says {stamp.attested_at.isoformat()}, our clock {now.isoformat()}"
        )
    return stamp


def check(
    response: bytes, text: bytes, roots: Sequence[x509.Certificate], *, nonce: int | None = None
) -> Stamp:
    """Check a response over `text` against trusted roots; raises StampRefused.

    Without `nonce` (a stored response) that is not compared.
    """
    if not roots:
        raise StampRefused("untrusted", "no trusted root certificate is configured")
    try:
        answer = decode_timestamp_response(with_certificates_in_order(response))
        status = PKIStatus(answer.status)
        if status is not PKIStatus.GRANTED:
            said = "; ".join(answer.status_string or [])
            raise StampRefused("rejected", f"status {status.name} {said}".strip())
        _compare(answer, text, nonce)
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify_message(answer, text)
        info = answer.tst_info
        return Stamp(info.gen_time, info.serial_number, response)
    except VerificationError as error:
        raise StampRefused("untrusted", str(error)) from None
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise StampRefused("malformed", str(error)) from None


def _compare(answer: TimeStampResponse, text: bytes, nonce: int | None) -> None:
    """The faults that deserve a name of their own; the library checks them again."""
    info = answer.tst_info
    if nonce is not None and info.nonce != nonce:
        raise StampRefused("wrong_nonce", "it answers another question")
    imprint = info.message_imprint
    if imprint.hash_algorithm != _SHA256 or imprint.message != sha256(text).digest():
        raise StampRefused("wrong_imprint", "it is of something else than this checkpoint")


def _post(url: str, request: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT, trust_env=False) as client,
            client.stream("POST", url, content=request, headers=headers) as answer,
        ):
            data = b""
            for block in answer.iter_bytes():
                data += block
                if len(data) > _MAX_ANSWER:
                    raise StampRefused("malformed", f"more than {_MAX_ANSWER} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StampRefused("unavailable", f"{type(error).__name__} {error}".strip()) from None
    if answer.status_code != 200:
        raise StampRefused("unavailable", f"HTTP {answer.status_code}")
    return data
