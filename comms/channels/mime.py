"""Internet messages (RFC 5322, MIME) written by hand: some thousand a second, the same bytes for
the same input, and no header that can break out of its line. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from email.utils import parseaddr
from functools import lru_cache

_WORD_BYTES = 45  # of UTF-8 in one encoded word, which then has at most 75 characters (RFC 2047)
_LINE = 998  # characters (RFC 5322)
_BASE64_LINE = 57  # bytes, which give 76 characters
_FORBIDDEN = {*range(32), 127, 0x85, 0x2028, 0x2029}
_NOT_IN_ADDRESS = frozenset(' <>(),;:\\"[]')


def message(headers: Iterable[tuple[str, str]], *, text: str, html: str, identity: str) -> bytes:
    """The whole message with CRLF lines, 7 bit except for addresses that are not ASCII.

    `headers` are in order, without the MIME ones, their values ready (`unstructured`, `mailbox`,
    `plain_address`); `identity` makes the boundary. With `html` it is multipart/alternative.
    Raises ValueError for a control character in a header that is not our own folding.
    """
    head = [f"{one_line(name)}: {_folded(value)}" for name, value in headers]
    head.append("MIME-Version: 1.0")
    plain = part("plain", text)
    if not html:
        return ("\r\n".join(head) + "\r\n" + plain).encode()
    boundary = "part-" + hashlib.sha256(identity.encode()).hexdigest()[:32]
    head.append(f'Content-Type: multipart/alternative; boundary="{boundary}"')
    body = "".join(f"--{boundary}\r\n{each}\r\n" for each in (plain, part("html", html)))
    return ("\r\n".join(head) + f"\r\n\r\n{body}--{boundary}--\r\n").encode()


def part(subtype: str, text: str) -> str:
    """Headers, blank line and content of one text part: as it is when it is plain ASCII with
    short lines, else in base64."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kind = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: "
    if text.isascii() and max(map(len, lines)) <= 76 and "\x00" not in text:
        return f"{kind}7bit\r\n\r\n" + "\r\n".join(lines)
    raw = "\r\n".join(lines).encode()
    encoded = (
        base64.b64encode(raw[at : at + _BASE64_LINE]).decode()
        for at in range(0, len(raw), _BASE64_LINE)
    )
    return f"{kind}base64\r\n\r\n" + "\r\n".join(encoded)


def unstructured(value: str) -> str:
    """Free text for a header: encoded words (RFC 2047) where it is not plain ASCII, or would
    be taken for one. Raises ValueError for a line break or another control character."""
    one_line(value)
    if value.isascii() and "=?" not in value and len(value) < _LINE - 100:
        return value
    words, word = [], b""
    for char in value:
        encoded = char.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(each).decode()}?=" for each in [*words, word])


def _folded(value: str) -> str:
    one_line(value.replace("\r\n =?", " =?"))
    return value


@lru_cache(maxsize=32)
def mailbox(configured: str) -> tuple[str, str]:
    """The header form and the bare address of `Name <address>`."""
    name, address = parseaddr(one_line(configured))
    plain_address(address)
    if not name:
        return address, address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{one_line(quoted)}" <{address}>', address
    return f"{unstructured(name)} <{address}>", address


def plain_address(address: str) -> str:
    """`address`; raises ValueError when it is not exactly one plain address."""
    local, at, domain = one_line(address).rpartition("@")
    if not at or not local or not domain or "@" in local or _NOT_IN_ADDRESS.intersection(address):
        raise ValueError("not a plain address")
    return address


def one_line(value: str) -> str:
    """`value`; raises ValueError when it holds a line break or another control character."""
    if not _FORBIDDEN.isdisjoint(map(ord, value)):
        raise ValueError("control character in a header")
    return value
