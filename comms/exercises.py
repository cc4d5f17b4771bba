"""What makes the messages of an exercise known as such. Pure."""

from __future__ import annotations

from dataclasses import replace

from templates_mgmt.rules import VariantText

SINK = "exercise"  # the name of the provider that takes them, and only them
MARKS = {"zh-hans": "【演练】", "zh-hant": "【演練】", "en": "[EXERCISE] "}


def title_of(title: str) -> str:
    """A title for the staff, in a list that leaves the product, marked in both languages."""
    return f"{MARKS['zh-hans']}{MARKS['en']}{title}"


def marked(text: VariantText) -> VariantText:
    """`text` with the mark before everything that a reader sees of it first."""
    mark = MARKS[text.language]
    html = f"<p>{mark.strip()}</p>{text.body_html}" if text.body_html.strip() else ""
    return replace(
        text,
        subject=f"{mark}{text.subject}" if text.subject else "",
        body=f"{mark}{text.body}",
        body_html=html,
    )
