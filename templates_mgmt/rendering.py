"""Turning a variant into a message. Pure, and fast: a variant is read once, filled many times.

The only syntax is `{{ name }}`. There are no attributes, calls, filters or tags, so a template
cannot run anything. Facts are names as well (`title`, `key_points`, `action`, `deadline`,
`risk`): the one fact block of the version feeds every channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import nh3
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

FACT_NAMES = ("title", "key_points", "action", "deadline", "risk")
CLAUSE_PREFIX = "clause_"
BULLET = "• "
HTML_CHANNELS = frozenset({"email", "inbox"})
SUBJECT_CHANNELS = frozenset({"email", "inbox", "push"})

PLACEHOLDER = re.compile(r"\{\{[ \t]*([a-z][a-z0-9_]{0,39})[ \t]*\}\}")
_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_TAG = re.compile(r"<[^>]*>")
_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")

HTML_TAGS = frozenset(
    {"p", "br", "h2", "h3", "strong", "em", "ul", "ol", "li", "a", "table", "thead", "tbody"}
    | {"tr", "th", "td", "blockquote", "hr", "span", "div"}
)
HTML_ATTRIBUTES = {
    "a": {"href", "title"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}

_LANG = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
_DOCUMENT_HEAD = (
    '<head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    "<body style=\"margin:0;padding:24px;font:16px/1.6 system-ui,-apple-system,'PingFang SC',"
    "'Microsoft YaHei',sans-serif;color:#1a1d21;background:#ffffff\">"
    '<div style="max-width:640px;margin:0 auto">'
)


class MissingValue(InvalidInput):
    """A placeholder without a value: this delivery must fail, never show a hole."""

    code = "missing_value"

    def __init__(self, name: str) -> None:
        super().__init__(
            _("There is no value for “%(name)s”.") % {"name": name}, details={"placeholder": name}
        )
        self.name = name


class BadTemplate(InvalidInput):
    """Text that is no template: braces or tags that mean nothing, or mean too much."""

    code = "bad_template"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message. `html` is empty for channels without it; `subject` is a single line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Filler:
    """A `%`-format string and the names that fill it, in order."""

    pattern: str
    names: tuple[str, ...]

    def bind(self, known: Mapping[str, str]) -> _Filler:
        """With the known names written into the pattern."""
        parts = [known[name].replace("%", "%%") if name in known else "%s" for name in self.names]
        kept = tuple(name for name in self.names if name not in known)
        return _Filler(self.pattern.replace("%%", "%%%%") % tuple(parts), kept)


@dataclass(frozen=True, slots=True)
class CompiledVariant:
    """A variant ready to be filled. `names` are the placeholders it needs."""

    channel: str
    language: str
    names: tuple[str, ...]
    _subject: _Filler
    _text: _Filler
    _html: _Filler | None

    def bind(self, values: Mapping[str, Any]) -> CompiledVariant:
        """The variant with those `values` written in that all recipients share; absent or blank
        ones stay open. `render` then fills what is left, to the same message."""
        known = {name: text for name in self.names if (text := _clean(values.get(name)))}
        escaped = {name: _html_value(text) for name, text in known.items()}
        return CompiledVariant(
            self.channel,
            self.language,
            tuple(name for name in self.names if name not in known),
            self._subject.bind(known),
            self._text.bind(known),
            None if self._html is None else self._html.bind(escaped),
        )

    def render(self, values: Mapping[str, Any]) -> Rendered:
        """The message for one recipient; raises MissingValue for an absent or blank value."""
        clean = {}
        for name in self.names:
            value = _clean(values.get(name))
            if not value:
                raise MissingValue(name)
            clean[name] = value
        subject, text, html = self._subject, self._text, self._html
        return Rendered(
            _one_line(subject.pattern % tuple([clean[name] for name in subject.names])),
            text.pattern % tuple([clean[name] for name in text.names]),
            ""
            if html is None
            else html.pattern % tuple([_html_value(clean[name]) for name in html.names]),
        )


def compile_variant(
    *,
    channel: str,
    language: str,
    subject: str,
    body: str,
    body_html: str = "",
    facts: Mapping[str, Any] | None = None,
) -> CompiledVariant:
    """Read a variant once. `facts` is the fact block of its language.

    Raises BadTemplate for stray braces and for placeholders inside an HTML tag.
    """
    known = fact_texts(facts or {})
    text = expand(body, known)
    subject_filler = _filler(expand(subject, known))
    html_filler = None
    if channel in HTML_CHANNELS:
        fragment = _fragment(body, body_html, known)
        if channel == "email":
            fragment = _document(fragment, language=language)
        html_filler = _filler(fragment)
    text_filler = _filler(text)
    fillers = [subject_filler, text_filler, *([html_filler] if html_filler else [])]
    names = tuple(dict.fromkeys(name for filler in fillers for name in filler.names))
    return CompiledVariant(channel, language, names, subject_filler, text_filler, html_filler)


def placeholder_names(text: str) -> list[str]:
    """The names used in `text`, in order of first use; facts included."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def stray_braces(text: str) -> list[tuple[int, int]]:
    """Places of `{{`, `}}`, `{%` … that belong to no valid placeholder."""
    blanked = PLACEHOLDER.sub(lambda match: " " * len(match.group()), text)
    return [match.span() for match in _STRAY.finditer(blanked)]


def placeholders_in_tags(html: str) -> list[tuple[int, int]]:
    """Places of placeholders inside an HTML tag, where a value could become an attribute."""
    return [
        (tag.start() + match.start(), tag.start() + match.end())
        for tag in _TAG.finditer(html)
        for match in PLACEHOLDER.finditer(tag.group())
    ]


def expand(text: str, facts: Mapping[str, str]) -> str:
    """`text` with the names of facts replaced once; what a fact contains is not expanded again."""
    return PLACEHOLDER.sub(lambda match: facts.get(match.group(1), match.group()), text)


def sanitise_html(html: str) -> str:
    """The restricted HTML that authors may use: no scripts, styles, images, forms or events;
    links are https, mailto or tel."""
    return nh3.clean(
        html,
        tags=set(HTML_TAGS),
        attributes={tag: set(names) for tag, names in HTML_ATTRIBUTES.items()},
        url_schemes={"https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    ).strip()


def derive_html(text: str) -> str:
    """Paragraphs, bullet lists and line breaks from plain text; everything is escaped."""
    return "".join(_block(block) for block in _PARAGRAPH.split(text.strip()) if block.strip())


def fact_text(facts: Mapping[str, Any], name: str) -> str:
    """One fact as plain text; key points become bulleted lines. `clause_x` is the wording of the
    clause `x` that is pinned in the facts."""
    if name.startswith(CLAUSE_PREFIX):
        clause = (facts.get("clauses") or {}).get(name.removeprefix(CLAUSE_PREFIX)) or {}
        return str(clause.get("text", ""))
    value = facts.get(name) or ""
    if name == "key_points":
        return "\n".join(BULLET + point for point in value if point.strip())
    return str(value)


def fact_texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """The names that the facts give a text: the facts themselves, and the pinned clauses."""
    names = (*FACT_NAMES, *(CLAUSE_PREFIX + code for code in facts.get("clauses") or ()))
    return {name: text for name in names if (text := fact_text(facts, name))}


def _fragment(body: str, body_html: str, facts: Mapping[str, str]) -> str:
    if not body_html.strip():
        return derive_html(expand(body, facts))
    if placeholders_in_tags(body_html):
        raise BadTemplate(_("A placeholder cannot stand inside an HTML tag."), field="body_html")
    escaped = {name: _html_value(text) for name, text in facts.items()}
    return expand(sanitise_html(body_html), escaped)


def _block(block: str) -> str:
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    out: list[str] = []
    run: list[str] = []
    bulleted = False
    for line in [*lines, None]:
        marked = line is not None and line.startswith(BULLET.strip())
        if run and (line is None or marked != bulleted):
            out.append(_list(run) if bulleted else f"<p>{'<br>'.join(run)}</p>")
            run = []
        if line is not None:
            bulleted = marked
            run.append(escape(line.lstrip(BULLET) if marked else line))
    return "".join(out)


def _list(items: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _document(fragment: str, *, language: str) -> str:
    lang = escape(_LANG.get(language, language))
    return f'<!doctype html><html lang="{lang}">{_DOCUMENT_HEAD}{fragment}</div></body></html>'


def _filler(text: str) -> _Filler:
    if strays := stray_braces(text):
        start, end = strays[0]
        raise BadTemplate(
            _("“%(text)s” is not a placeholder.") % {"text": text[start : end + 20]},
            details={"start": start, "end": end},
        )
    names = tuple(PLACEHOLDER.findall(text))
    pattern = "%s".join(part.replace("%", "%%") for part in PLACEHOLDER.split(text)[::2])
    return _Filler(pattern, names)


def _one_line(text: str) -> str:
    return text if text.isprintable() else _LINE_BREAKS.sub(" ", text)


def _clean(value: Any) -> str:
    """A value as it is written into a message; "" when there is nothing to write."""
    if type(value) is not str:
        value = "" if value is None else str(value)
    if not value.isprintable():
        value = _without_controls(value)
    return "" if value.isspace() else value


def _without_controls(value: str) -> str:
    """`value` without control and invisible format characters (these could hide or reorder
    words); line breaks become `\\n`."""
    value = _LINE_BREAKS.sub("\n", value)
    return "".join(char for char in value if char == "\n" or char.isprintable() or char.isspace())


def _html_value(value: str) -> str:
    return escape(value).replace("\n", "<br>")
