"""Findings that hold for one kind of channel: what a push card shows, what a chat takes, what a
hotline script needs. Pure.

- Push: Android cards show about 65 characters of a title and 240 of a text, also opened out, and
  iOS fewer; what lies beyond is seen only in the app. That warns and does not stop: a mandatory
  risk statement stays whole. APNs and FCM take no payload above 4,096 bytes (Apple, “Generating a
  remote notification”; FCM, “About FCM messages”), of which the envelope needs some.
- Chat: WeCom cuts a text message after 2,048 bytes of UTF-8 (WeCom developer guide, “发送应用消息”,
  “群机器人”); the limits of DingTalk and Lark are wider. Text messages show Markdown as typed.
- Hotline: the parts of `writing.script`, and three minutes of reading: nobody listens for longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_mgmt import check_line, rendering
from templates_mgmt.lint.base import Finding, Place, error, warning
from templates_mgmt.rules import Channel, Content, VariantText
from templates_mgmt.writing import script

PUSH_TITLE, PUSH_BODY = 65, 240  # characters
PUSH_BYTES = 3_500  # of title and text
CHAT_BYTES = 2048
SCRIPT_SECONDS = 180
PLAIN = frozenset({Channel.SMS, Channel.PUSH, Channel.CHAT, Channel.HOTLINE})
_ADDRESS = "https://" + "x" * 52  # as long as the address of the check page may be
_MARKUP = re.compile(
    r"\*\*[^*\n]+\*\*|__[^_\n]+__|`[^`\n]+`|!?\[[^\]\n]+\]\([^)\n]+\)|^#{1,6} |^> |^```",
    re.MULTILINE,
)


def findings(content: Content) -> Iterator[Finding]:
    """What is wrong for the channel that a text is written for."""
    codes = check_line.code_names(content.placeholders)
    for variant in content.variants:
        if variant.channel in PLAIN:
            yield from _markup(variant)
        if variant.channel == Channel.PUSH:
            yield from _push(content, variant, codes)
        elif variant.channel == Channel.CHAT:
            yield from _chat(content, variant, codes)
        elif variant.channel == Channel.HOTLINE and variant.body:
            yield from _script(content, variant)


def _as_sent(content: Content, variant: VariantText, codes: frozenset[str]) -> VariantText:
    """Subject and text with facts, examples and check line filled in."""
    examples = {
        item.name: item.example_in(variant.language) or f"[{item.name}]"
        for item in content.placeholders
    }
    line = check_line.values_of(check_line.EXAMPLE, "", codes) | {check_line.URL: _ADDRESS}
    facts = rendering.fact_texts(content.facts.get(variant.language, {}))
    sent = check_line.with_check_line(variant, codes)

    def filled(text: str, more: Mapping[str, str]) -> str:
        return rendering.expand(rendering.expand(text, facts), {**examples, **more})

    return VariantText(
        variant.channel, variant.language, filled(sent.subject, line), filled(sent.body, line)
    )


def _push(content: Content, variant: VariantText, codes: frozenset[str]) -> Iterator[Finding]:
    sent = _as_sent(content, variant, codes)
    limits = (("subject", sent.subject, PUSH_TITLE), ("body", sent.body, PUSH_BODY))
    for field, text, limit in limits:
        if len(text) > limit:
            yield warning(
                "push_length",
                Place(variant.channel, variant.language, field),
                format_lazy(
                    _("With the examples filled in this has {length} characters; a card shows "
                      "{limit}."),
                    length=len(text),
                    limit=limit,
                ),
                _("Say the most important thing; the app shows the rest."),
            )  # fmt: skip
    size = len((sent.subject + sent.body).encode())
    if size > PUSH_BYTES:
        yield error(
            "push_too_big",
            Place(variant.channel, variant.language, "body"),
            format_lazy(
                _("With the examples filled in this has {size} bytes; a push takes {limit}."),
                size=size,
                limit=PUSH_BYTES,
            ),
            _("Say the most important thing; the app shows the rest."),
        )
    personal = {item.name for item in content.placeholders if item.personal}
    for match in rendering.PLACEHOLDER.finditer(variant.body):
        if match.group(1) in personal:
            yield warning(
                "personal_push",
                Place(variant.channel, variant.language, "body", *match.span()),
                _("Cards show on locked screens; this one holds personal data."),
                _("Let the investor open the app to read it."),
                match.group(),
            )


def _chat(content: Content, variant: VariantText, codes: frozenset[str]) -> Iterator[Finding]:
    size = len(_as_sent(content, variant, codes).body.encode())
    if size > CHAT_BYTES:
        yield error(
            "chat_length",
            Place(variant.channel, variant.language, "body"),
            format_lazy(
                _("With the examples filled in this has {size} bytes; WeCom cuts a message after "
                  "{limit}."),
                size=size,
                limit=CHAT_BYTES,
            ),
            _("Shorten it; send the details by e-mail or inbox."),
        )  # fmt: skip


def _markup(variant: VariantText) -> Iterator[Finding]:
    for match in _MARKUP.finditer(variant.body):
        yield error(
            "markup_shown",
            Place(variant.channel, variant.language, "body", *match.span()),
            _("This channel shows plain text: the marks would be seen as they are."),
            _("Take the marks out; write a link as its address."),
            match.group()[:40],
        )


def _script(content: Content, variant: VariantText) -> Iterator[Finding]:
    place = Place(variant.channel, variant.language, "body")
    if missing := script.missing_parts(variant.body, variant.language):
        yield error(
            "script_part_missing",
            place,
            format_lazy(_("The script has no part “{parts}”."), parts="”, “".join(missing)),
            _("Write each heading on a line of its own, like [Greeting] or 【开场】."),
        )
    said = script.sections(_as_sent(content, variant, frozenset()).body, variant.language)
    long = script.seconds("\n".join(part.text for part in said if part.spoken))
    if long > SCRIPT_SECONDS:
        yield warning(
            "script_length",
            place,
            format_lazy(
                _("Reading this aloud takes about {length} seconds; people listen for {limit}."),
                length=long,
                limit=SCRIPT_SECONDS,
            ),
            _("Say less, and offer to send the rest."),
        )
