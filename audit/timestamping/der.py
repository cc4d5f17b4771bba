"""Just enough DER to put a token's certificates in order.

`rfc3161-client` demands that the certificates of a token, a SET, stand in the order that DER
prescribes (X.690, section 11.6). OpenSSL writes signer first, whatever the order, and many
authorities run OpenSSL. The certificates are not covered by the token's signature, so their
order may be mended: no length and no other byte changes.
"""

from __future__ import annotations

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
# TimeStampResp.timeStampToken → ContentInfo.content → SignedData → certificates
_WAY = ((1, _SEQUENCE), (1, _CONTEXT_0), (0, _SEQUENCE), (3, _CONTEXT_0))


def with_certificates_in_order(response: bytes) -> bytes:
    """The response with its certificates sorted; as it came when it has no such place."""
    start, end = 0, len(response)
    try:
        (_tag, _at, start, end) = elements(response, 0, end)[0]
        for position, tag in _WAY:
            found, _at, start, end = elements(response, start, end)[position]
            if found != tag:
                return response
        parts = [response[at:stop] for _tag, at, _start, stop in elements(response, start, end)]
    except (IndexError, ValueError):
        return response
    return response[:start] + b"".join(sorted(parts)) + response[end:]


def elements(data: bytes, start: int, end: int) -> list[tuple[int, int, int, int]]:
    """(tag, where it begins, where its content begins, where it ends) of each element."""
    found = []
    at = start
    while at < end:
        tag, length, content = data[at], data[at + 1], at + 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[content : content + octets], "big")
            content += octets
        if content + length > end:
            raise ValueError(f"the element at byte {at} ends beyond its place")
        found.append((tag, at, content, content + length))
        at = content + length
    return found
