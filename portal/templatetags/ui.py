"""The tags that pages are built with; docs/design-system.md shows each one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal import charts
from portal.templatetags.states import CHANNELS, EVIDENCE, TONES, look

register = template.Library()

HTMX_CONFIG = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "timeout": 20000,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "(400|403|404|409|422|429)", "swap": True, "error": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


@register.simple_tag
def htmx_config() -> SafeString:
    """htmx without eval, without styles of its own, and without pages kept in storage."""
    return format_html('<meta name="htmx-config" content="{}">', json.dumps(HTMX_CONFIG))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of the sprite; hidden from screen readers unless `label` says what it means."""
    href = f"{static('portal/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def status(state: Any, kind: str = "", word: str = "") -> SafeString:
    """A state as icon, word and colour; `kind` and `word` make the word more exact."""
    shown = look(str(state), kind)
    return format_html(
        '<span class="status tone-{}">{}{}</span>', shown.tone, icon(shown.icon), word or shown.word
    )


@register.simple_tag
def dot(state: Any, kind: str = "") -> SafeString:
    """The round mark of a timeline entry, in the tone of `state`."""
    shown = look(str(state), kind)
    return format_html('<span class="dot tone-{}">{}</span>', shown.tone, icon(shown.icon))


@register.simple_tag
def evidence(level: int) -> SafeString:
    """A grade of evidence (D12) as icon, word and colour."""
    name, label = EVIDENCE.get(level, ("none", str(level)))
    return status(name, word=str(label))


@register.simple_tag
def channel(code: Any) -> SafeString:
    """A channel by icon and name."""
    symbol, name = CHANNELS.get(str(code), ("send", str(code)))
    return format_html('<span class="tag">{}{}</span>', icon(symbol), name)


@register.filter
def channel_name(code: Any) -> str:
    """A channel's name as plain text."""
    return str(CHANNELS.get(str(code), ("send", str(code)))[1])


@register.filter
def tone_of(tags: str) -> str:
    """The tone of a Django message from its tags."""
    for tag in reversed((tags or "").split()):
        if tag in TONES:
            return TONES[tag]
    return "info"


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: str = "", symbol: str = "") -> SafeString:
    """`{% callout "warn" "Title" %}…{% endcallout %}`: something to notice, in place."""
    default = {"ok": "check-circle", "warn": "warn", "danger": "warn"}.get(tone, "info")
    head = format_html('<p class="head">{}</p>', title) if title else ""
    return format_html(
        '<div class="callout tone-{}"{}>{}<div class="body">{}{}</div></div>',
        tone,
        SafeString(' role="alert"' if tone == "danger" else ""),
        icon(symbol or default),
        head,
        content,
    )


@register.simple_tag
def field(bound: BoundField, extra: str = "", optional: bool = True) -> SafeString:
    """Label, help, control and errors of one form field, tied together for screen readers."""
    return render_to_string(
        "ui/field.html",
        {
            "bound": bound,
            "check": isinstance(bound.field.widget, CheckboxInput),
            "extra": extra,
            "mark_optional": optional,
        },
    )


@register.inclusion_tag("ui/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """The list of everything wrong with a form, each linked to its field."""
    return {"form": form}


@register.simple_tag
def count(value: Any) -> str:
    """A whole number with the separators of the language; a dash for None."""
    return (
        "–" if value is None else formats.number_format(value, use_l10n=True, force_grouping=True)
    )


@register.filter
def grouped(value: int) -> str:
    """`{% count %}` as a filter, for use inside blocktranslate."""
    return count(value)


@register.filter
def percent(part: float | None, whole: float | None = None) -> str:
    """`part` of `whole` (or a ratio) as a percentage with one digit; a dash without a whole."""
    if part is None or (whole is not None and not whole):
        return "–"
    ratio = part / whole if whole is not None else part
    return formats.number_format(round(ratio * 100, 1), decimal_pos=1, use_l10n=True) + " %"


def zone_name(moment: dt.datetime) -> str:
    """The zone as an offset, which is never ambiguous: `UTC+8`, `UTC−3:30`."""
    minutes = round((moment.utcoffset() or dt.timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """`moment` in words relative to `now`, to its largest unit."""
    seconds = round((now - moment).total_seconds())
    ahead, seconds = seconds < 0, abs(seconds)
    if seconds < 60:
        words = ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    elif seconds < 3600:
        words = ngettext("%(n)d minute", "%(n)d minutes", seconds // 60) % {"n": seconds // 60}
    elif seconds < 86400:
        words = ngettext("%(n)d hour", "%(n)d hours", seconds // 3600) % {"n": seconds // 3600}
    else:
        words = ngettext("%(n)d day", "%(n)d days", seconds // 86400) % {"n": seconds // 86400}
    return (_("in %(time)s") if ahead else _("%(time)s ago")) % {"time": words}


@register.simple_tag
def when(moment: dt.datetime | None, style: str = "") -> str:
    """An instant in the reader's zone with the zone named, relative on hover.

    `style`: "" to the minute, "seconds", "table" (no zone: name it in the heading with
    `{% zone %}`), "relative" (the relative words, the instant on hover).
    """
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    now = timezone.now()
    stamp = f"{local:%Y-%m-%d %H:%M:%S}" if style == "seconds" else f"{local:%Y-%m-%d %H:%M}"
    named = stamp if style == "table" else f"{stamp} {zone_name(local)}"
    words = relative(moment, now)
    shown, hover = (words, named) if style == "relative" else (named, words)
    return format_html(
        '<time datetime="{}" class="nowrap" title="{}" data-relative="{}">{}</time>',
        moment.astimezone(dt.UTC).isoformat(),
        hover,
        "text" if style == "relative" else "title",
        shown,
    )


@register.simple_tag
def zone() -> str:
    """The name of the reader's zone, for a table's heading."""
    return zone_name(timezone.localtime())


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time in words to two units: `2 min 5 s`, `5 min`."""
    if seconds is None:
        return "–"
    total = max(0, round(seconds))
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        words = _("%(h)d h %(m)d min") if minutes else _("%(h)d h")
        return words % {"h": hours, "m": minutes}
    if minutes:
        words = _("%(m)d min %(s)d s") if secs else _("%(m)d min")
        return words % {"m": minutes, "s": secs}
    return _("%(s)d s") % {"s": secs}


@register.simple_tag
def proof(value: Any, length: int = 12) -> SafeString:
    """A hash or id, shortened, with its whole value on hover and a button that copies it."""
    text = bytes(value).hex() if isinstance(value, (bytes, memoryview)) else str(value or "")
    if not text:
        return SafeString("–")
    short = text if len(text) <= length + 4 else f"{text[:length]}…"
    return format_html(
        '<span class="hash"><code title="{}">{}</code><button type="button" class="copy" '
        'data-copy="{}" data-done="{}" aria-label="{}">{}</button></span>',
        text,
        short,
        text,
        _("Copied"),
        _("Copy %(value)s") % {"value": short},
        icon("copy"),
    )


@register.simple_tag
def share(part: float | None, whole: float | None) -> SafeString:
    """`part` of `whole` as a thin bar; the figure stands beside it, so it is hidden from
    screen readers."""
    width = round(100 * (part or 0) / whole) if whole else 0
    return format_html(
        '<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="4"/><rect width="{}" height="4"/></svg>',
        width,
    )


@register.inclusion_tag("ui/empty.html")
def empty(title: str, text: str = "", url: str = "", action: str = "", symbol: str = "") -> dict:
    """What a list shows when it has nothing: what this is, and what to do."""
    return {"title": title, "text": text, "url": url, "action": action, "symbol": symbol}


@register.inclusion_tag("ui/chart.html")
def bar_chart(
    label: str,
    x_label: str,
    columns: Sequence[str],
    series: Mapping[str, Sequence[float]],
    colours: str = "",
) -> dict[str, Any]:
    """Stacked bars with a table beside them: one column per entry of `columns`. `colours`
    names a colour per series: 1 to 5, "bad", "rest"; without it they are taken in order."""
    return {"chart": charts.bars(label, x_label, columns, series), "colours": _colours(colours)}


@register.inclusion_tag("ui/chart.html")
def line_chart(
    label: str,
    x_label: str,
    columns: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    colours: str = "",
) -> dict[str, Any]:
    """Lines with a table beside them: one point per entry of `columns`, none where the value is
    None; colours as for bars."""
    return {"chart": charts.lines(label, x_label, columns, series), "colours": _colours(colours)}


def _colours(names: str) -> dict[int, str]:
    given = names.split() or [str(slot) for slot in range(1, 6)]
    return {slot: f"s{name}" if name.isdigit() else name for slot, name in enumerate(given, 1)}


@register.simple_tag
def url_or(name: str, fallback: str = "", *args: Any) -> str:
    """The address of a route, or `fallback` while this installation has no such route."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return fallback


@register.simple_tag
def check_link() -> str:
    """The public page where anyone checks a message's code."""
    url = url_or("check")
    return format_html('<a href="{}">{}</a>', url, _("Is this message really ours?")) if url else ""


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """`mapping[key]`, or None."""
    return None if mapping is None else mapping.get(key)
