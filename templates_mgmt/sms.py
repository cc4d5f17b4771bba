"""How many SMS parts a text takes: 3GPP TS 23.038 alphabets, 23.040 concatenation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, slots=True)
class SmsLength:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2); `left` fit in the last part."""

    encoding: str
    units: int
    segments: int
    left: int


def sms_length(text: str) -> SmsLength:
    """Encoding, length and parts of `text`; a character is never split between two parts."""
    gsm = all(char in _BASIC or char in _EXTENDED for char in text)
    encoding = "GSM-7" if gsm else "UCS-2"
    sizes = [
        (2 if char in _EXTENDED else 1) if gsm else (2 if ord(char) > 0xFFFF else 1)
        for char in text
    ]
    single, multi = _LIMITS[encoding]
    units = sum(sizes)
    if units <= single:
        return SmsLength(encoding, units, 1 if units else 0, single - units)
    segments, used = 1, 0
    for size in sizes:
        if used + size > multi:
            segments, used = segments + 1, 0
        used += size
    return SmsLength(encoding, units, segments, multi - used)
