"""Findings about links: only to hosts that the firm allows, and none that looks like another. Pure.

A host with characters of several scripts, or in Punycode, may look like a known one (Unicode UTS
39, Confusable Detection); a name before “@” hides the true host (RFC 3986, 7.6).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_mgmt.lint.base import Finding, Place, error
from templates_mgmt.rules import Content

_LINK = re.compile(r"(?:https?://|//|www\.)[^\s<>\"'，。；（）()“”]+", re.IGNORECASE)


def findings(content: Content, hosts: Collection[str] | None) -> Iterator[Finding]:
    """Links that must not be sent. `hosts` are the allowed ones with all their subdomains; None
    does not ask for the host."""
    for variant in content.variants:
        for field in ("subject", "body", "body_html"):
            text = getattr(variant, field)
            yield from _in(text, (variant.channel, variant.language, field), hosts)
    for language, facts in content.facts.items():
        for field in ("title", "action", "deadline", "risk"):
            yield from _in(str(facts.get(field) or ""), ("", language, field), hosts)
        yield from _in(
            "\n".join(facts.get("key_points") or ()), ("", language, "key_points"), hosts
        )


def host_of(link: str) -> str:
    """The host of a link as it is written, in small letters; blank when there is none."""
    if link.lower().startswith("www."):
        link = "https://" + link
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""


def misleads(link: str) -> bool:
    """Whether a link hides or disguises its host."""
    labels = host_of(link).split(".")
    authority = link.split("//", 1)[-1].split("/", 1)[0]
    return (
        "@" in authority
        or any(label.startswith("xn--") for label in labels)
        or any(len(_scripts(label)) > 1 or _scripts(label) & _ALIKE for label in labels)
    )


_ALIKE = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH", "MATHEMATICAL"})


def _scripts(label: str) -> set[str]:
    return {unicodedata.name(char, "UNKNOWN").split()[0] for char in label if char.isalpha()}


def _in(text: str, place: tuple[str, str, str], hosts: Collection[str] | None) -> Iterator[Finding]:
    if "/" not in text and "www." not in text.lower():
        return
    for match in _LINK.finditer(text):
        link = match.group().rstrip(".,;:!?")
        where = Place(*place, match.start(), match.start() + len(link))
        host = host_of(link)
        if misleads(link):
            yield error(
                "lookalike_link",
                where,
                _("This link hides its host, or looks like another one."),
                _("Write the firm's own address in plain letters."),
                link,
            )
        elif link.lower().startswith("http://"):
            yield error(
                "insecure_link",
                where,
                _("This link is not encrypted."),
                _("Use https."),
                link,
            )
        elif hosts is not None and not any(
            host == allowed or host.endswith("." + allowed) for allowed in hosts
        ):
            yield error(
                "link_host",
                where,
                format_lazy(_("Links to “{host}” are not allowed."), host=host),
                _("Link to a host of the firm, or have the administrator allow this one."),
                link,
            )
