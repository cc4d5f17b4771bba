"""Canonical JSON (RFC 8785) for the values that ledger records are made of.

The domain is smaller than JSON on purpose, so that the same value has the same bytes in every
language and survives a round trip through PostgreSQL: no floats, integers that a double holds
exactly, ASCII keys (whose UTF-16 order is then plain byte order), no U+0000.
"""

from __future__ import annotations

from collections.abc import Iterable
from json import JSONEncoder
from typing import Final

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 64

_encode = JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # depth is bounded below, which stops a cycle as well
).encode

_HINTS: Final = {
    "float": "write it as text, or as an integer of a smaller unit",
    "Decimal": "write it as text",
    "bytes": "write it as base64 text",
    "datetime": "write it as RFC 3339 text",
    "date": "write it as RFC 3339 text",
    "UUID": "write it as text",
    "tuple": "make it a list",
    "set": "make it a sorted list",
}


class CanonicalError(ValueError):
    """A value lies outside the ledger's JSON domain.

    `path` says where, as in `payload.items[3].name`; it is empty for the value itself. The
    message never repeats the offending text, which may be personal data.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or '(the whole value)'}: {reason}")
        self.path = path
        self.reason = reason


def canonical_bytes(value: object) -> bytes:
    """Return the canonical UTF-8 encoding of `value` (RFC 8785, section 3.2).

    Takes str, bool, None, int within ±(2**53 - 1), list, and dict with ASCII str keys, nested to
    at most MAX_DEPTH containers. Members of text or integer enumerations count as their value.
    Raises CanonicalError, with the path, for anything else.
    """
    if not _sound(value):
        _check(value, "", 0)
    text = _encode(value)
    if "\\u0000" in text:  # or the six characters themselves, after an escaped backslash
        _check(value, "", 0)
    try:
        return text.encode()
    except UnicodeEncodeError:
        _check(value, "", 0)
        raise  # unreachable: only a lone surrogate fails to encode, and _check names it


def canonical_text(value: object) -> str:
    """Return `canonical_bytes(value)` as text, under the same rules and errors."""
    return canonical_bytes(value).decode()


def _sound(value: object, depth: int = 1) -> bool:
    """Sift quickly: True only if every type, key and range is plainly allowed.

    Strings are not looked into here; their two defects show in the encoded text. False means
    "ask _check", which alone decides.
    """
    items: Iterable[object]
    if type(value) is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        items = value.values()
    elif type(value) is list:
        items = value
    else:
        items = (value,)
    for item in items:
        kind = type(item)
        if kind is str or item is None or kind is bool:
            continue
        if kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:  # type: ignore[operator]
                return False
        elif kind is dict or kind is list:
            if depth == MAX_DEPTH or not _sound(item, depth + 1):
                return False
        else:
            return False
    return True


def _check(value: object, path: str, depth: int) -> None:
    """Raise CanonicalError at the first value outside the domain; the one authority on it."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalError(path, "integer beyond ±(2**53 - 1); write it as text")
    elif isinstance(value, (dict, list)):
        if depth == MAX_DEPTH:
            raise CanonicalError(path, f"nested more than {MAX_DEPTH} deep, or inside itself")
        if isinstance(value, dict):
            _check_members(value, path, depth + 1)
        else:
            for position, item in enumerate(value):
                _check(item, f"{path}[{position}]", depth + 1)
    else:
        name = type(value).__name__
        hint = _HINTS.get(name, "use text, integers, true/false, null, lists and objects")
        raise CanonicalError(path, f"{name} is not allowed; {hint}")


def _check_members(members: dict[object, object], path: str, depth: int) -> None:
    for key, item in members.items():
        if not isinstance(key, str):
            raise CanonicalError(path, f"a key is of type {type(key).__name__}; keys are text")
        if not key.isascii():
            raise CanonicalError(path, f"the key {key!a} is not ASCII")
        inner = f"{path}.{key}" if path else str(key)
        _check_text(key, inner)
        _check(item, inner, depth)


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise CanonicalError(path, "holds U+0000, which PostgreSQL cannot store")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CanonicalError(path, f"lone surrogate at character {error.start}") from None
