"""The line by which anybody can check a message (D15). Sending appends it to a text that does not
name the check code itself, so every preview appends it with the same function: what is approved
and released is the text that goes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from templates_mgmt.rendering import placeholder_names
from templates_mgmt.rules import Channel, Placeholder, Source, VariantText

CODE, URL = "check_code", "check_url"
EXAMPLE = "K7QX-2M9P"  # shown where no notice gives the code yet
_LINES = {
    "zh-hans": "核验码 {{ check_code }}，真伪查询 {{ check_url }}",
    "zh-hant": "核驗碼 {{ check_code }}，真偽查詢 {{ check_url }}",
    "en": "Check code {{ check_code }}. Is this really us? {{ check_url }}",
}
_SHORT_LINES = {  # a push opens the app; its card has little room
    "zh-hans": "核验码 {{ check_code }}",
    "zh-hant": "核驗碼 {{ check_code }}",
    "en": "Check code {{ check_code }}",
}
_SPOKEN_LINES = {  # a part of its own: it must not stand below what is not to be said
    "zh-hans": "【客户要求核实来电】\n核验码 {{ check_code }}，查询网址 {{ check_url }}",
    "zh-hant": "【客戶要求核實來電】\n核驗碼 {{ check_code }}，查詢網址 {{ check_url }}",
    "en": "[Asked who is calling]\nCheck code {{ check_code }}, to be verified at {{ check_url }}",
}
_BY_CHANNEL = {Channel.PUSH: _SHORT_LINES, Channel.HOTLINE: _SPOKEN_LINES}
_CLOSE = frozenset({Channel.SMS, Channel.PUSH})


def code_names(placeholders: Iterable[Placeholder]) -> frozenset[str]:
    """The declared placeholders that stand for the check code."""
    return frozenset(item.name for item in placeholders if item.source == Source.NOTICE_CODE)


def values_of(code: str, public_url: str, names: Iterable[str] = ()) -> dict[str, str]:
    """What fills the line, and the placeholders `names` that stand for the code."""
    return {**dict.fromkeys(names, code), CODE: code, URL: f"{public_url}/check"}


def with_check_line(text: VariantText, names: frozenset[str]) -> VariantText:
    """`text` as it is sent: with the check line at its end, unless its body names the code by
    one of `names` or by the line's own."""
    if not {CODE, URL, *names}.isdisjoint(placeholder_names(text.body)):
        return text
    channel = Channel(text.channel)
    line = _BY_CHANNEL.get(channel, _LINES)[text.language]
    space = "\n" if channel in _CLOSE else "\n\n"
    html = f"{text.body_html}<p>{line}</p>" if text.body_html.strip() else ""
    return replace(text, body=f"{text.body}{space}{line}", body_html=html)
