"""The key-encryption keys (KEKs): numbered, the highest one in use, from files, the environment
or a key management service (KMS).

KEK 1 is `KEY_DIR/kek.key` or `VOUCHSAFE_KEK`, later ones `kek-2.key` or `VOUCHSAFE_KEK_2` and so
on. Where a KMS is configured, `kek-2.wrapped` holds the key as the KMS wrapped it, so that nothing
on disk opens without the KMS. docs/erasure.md says how to rotate.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from core import crypto
from core.errors import Misconfigured

MAX_NUMBER = 65_535  # two bytes before a wrapped key
_LOOK_AGAIN = 60.0  # seconds until a process notices a KEK that another one made
_TIMEOUT = 10.0  # seconds for an answer of the KMS
_CONTEXT = "vouchsafe kek %d"  # bound into what the KMS wraps


class Wrapped(NamedTuple):
    """A key as a KMS wrapped it: the KMS's own key id (with its version), and the ciphertext."""

    key_id: str
    ciphertext: bytes


class KeyManagement(Protocol):
    """What Vouchsafe asks of a KMS: two calls. `context` is authenticated with the ciphertext
    (“encryption context”, “additional data”). Both raise Misconfigured when the KMS refuses or
    cannot be reached; there is no fallback."""

    def wrap(self, plaintext: bytes, *, context: str) -> Wrapped: ...

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class HttpKms:
    """A KMS behind two JSON calls: `POST {url}/wrap` takes {"plaintext", "context"} and gives
    {"key_id", "ciphertext"}; `POST {url}/unwrap` the reverse. Bytes are base64, the token goes in
    `Authorization: Bearer`."""

    url: str
    token: str = field(repr=False)

    def wrap(self, plaintext: bytes, *, context: str) -> Wrapped:
        """Seal a key under the KMS's present master key."""
        answer = self._ask("wrap", plaintext=_text(plaintext), context=context)
        return Wrapped(str(answer["key_id"]), base64.b64decode(answer["ciphertext"]))

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        """Open what `wrap` made."""
        answer = self._ask(
            "unwrap",
            key_id=wrapped.key_id,
            ciphertext=_text(wrapped.ciphertext),
            context=context,
        )
        return base64.b64decode(answer["plaintext"])

    def _ask(self, verb: str, **content: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  the administrator's own address
            f"{self.url.rstrip('/')}/{verb}",
            data=json.dumps(content).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            raise Misconfigured(
                _("The key management service did not answer “%(verb)s”: %(error)s.")
                % {"verb": verb, "error": error},
                code="kms",
            ) from error


class Keyring:
    """The KEKs that this process knows. Looks for a new one at most once a minute, and at once
    when something wrapped under an unknown one must be opened."""

    def __init__(self, keys: dict[int, bytes] | None = None) -> None:
        self._fixed = keys is not None
        self._keys = dict(keys or {})
        self._looked: float | None = None

    @property
    def current(self) -> int:
        """The number of the KEK that wraps now."""
        if not self._fixed and (
            self._looked is None or time.monotonic() - self._looked > _LOOK_AGAIN
        ):
            self._look()
        return max(self._keys)

    def key(self, number: int) -> bytes:
        """One KEK; raises Misconfigured when it is not (any longer) here."""
        if number not in self._keys and not self._fixed:
            self._look()
        try:
            return self._keys[number]
        except KeyError:
            raise Misconfigured(
                _("The key-encryption key %(number)s is missing.") % {"number": number},
                code="key_missing",
            ) from None

    def _look(self) -> None:
        known = numbers()
        self._keys = {
            number: self._keys.get(number) or load(number)
            for number in known or [1]  # number 1 missing is told by `load`
        }
        self._looked = time.monotonic()


def name_of(number: int) -> str:
    """The name of a KEK's file and, in capitals, of its variable."""
    return "kek" if number == 1 else f"kek-{number}"


def numbers() -> list[int]:
    """The numbers of all KEKs that are here, in order; loads none of them."""
    found = set()
    for path in Path(settings.KEY_DIR).glob("kek*"):
        if match := re.fullmatch(r"kek(?:-([0-9]+))?\.(?:key|wrapped)", path.name):
            found.add(int(match[1] or 1))
    for variable in os.environ:
        if match := re.fullmatch(r"VOUCHSAFE_KEK(?:_([0-9]+))?", variable):
            found.add(int(match[1] or 1))
    return sorted(found)


def load(number: int) -> bytes:
    """One KEK from its file, its variable or the KMS; raises Misconfigured."""
    path = _wrapped_path(number)
    if not path.exists():
        return crypto.load_key(name_of(number))
    try:
        stored = json.loads(path.read_text())
        wrapped = Wrapped(stored["key_id"], base64.b64decode(stored["ciphertext"]))
    except (ValueError, KeyError, TypeError):
        raise Misconfigured(_("%(file)s is damaged.") % {"file": path.name}, code="kms") from None
    key = kms().unwrap(wrapped, context=_CONTEXT % number)
    if len(key) != crypto.KEY_BYTES:
        raise Misconfigured(_("The key “%(name)s” must have 32 bytes.") % {"name": path.stem})
    return key


def create(number: int) -> Path:
    """Make KEK `number`: wrapped by the KMS where one is configured, otherwise a private file.

    Raises Misconfigured when it exists, or the number is out of range.
    """
    if not 1 <= number <= MAX_NUMBER or number in numbers():
        raise Misconfigured(
            _("The key-encryption key %(number)s cannot be made.") % {"number": number}
        )
    if not settings.KMS:
        return crypto.create_key_file(name_of(number))
    wrapped = kms().wrap(crypto.new_key(), context=_CONTEXT % number)
    path = _wrapped_path(number)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump({"key_id": wrapped.key_id, "ciphertext": _text(wrapped.ciphertext)}, out)
        out.flush()
        os.fsync(out.fileno())
    return path


def destroy(number: int) -> bool:
    """Remove a KEK's file; False when it comes from the environment, where people must do it."""
    removed = False
    for path in (Path(settings.KEY_DIR) / f"{name_of(number)}.key", _wrapped_path(number)):
        if path.exists():
            path.unlink()
            removed = True
    crypto.forget_cached_keys()
    return removed


def kms() -> KeyManagement:
    """The configured KMS: `VOUCHSAFE_KMS` is its address, or the dotted path of a class that
    implements `KeyManagement`. Raises Misconfigured when there is none."""
    where = settings.KMS
    if not where:
        raise Misconfigured(_("No key management service is configured (VOUCHSAFE_KMS)."))
    if where.startswith(("http://", "https://")):
        return HttpKms(where, settings.KMS_TOKEN)
    made: KeyManagement = import_string(where)()
    return made


def _wrapped_path(number: int) -> Path:
    return Path(settings.KEY_DIR) / f"{name_of(number)}.wrapped"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
