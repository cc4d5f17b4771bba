"""Wordings that are nowhere stored."""

from __future__ import annotations

from templates_mgmt.rules import Content, Placeholder, VariantText


def raw(body: str, placeholders: tuple[Placeholder, ...] = ()) -> Content:
    """The same body by SMS in Chinese and English, with `cause` to be entered."""
    return Content(
        code="raw",
        category="trading",
        topic="trading_system",
        facts={},
        placeholders=placeholders or (Placeholder("cause"),),
        variants=tuple(VariantText("sms", language, "", body) for language in ("zh-hans", "en")),
    )
