"""The clock table in words: what starts a row, when it is due, under which conditions; and what
a version changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crisis.clocks import rules
from crisis.clocks.rules import JURISDICTIONS, MET, MET_BY_LABELS, Repeats, Row, Unit
from crisis.incidents.rules import MOMENT_LABELS, NATURE_LABELS

FIELD_LABELS: dict[str, str | Promise] = {
    "code": _("Code"),
    "name": _("Name"),
    "jurisdiction": _("Jurisdiction"),
    "starts": _("Starts when"),
    "amount": _("Due after"),
    "unit": _("Unit"),
    "met_by": _("Met when"),
    "source": _("Source"),
    "cap_hours": _("Cap in hours from awareness"),
    "repeats": _("Repeats"),
    "latest": _("Counts anew from the latest"),
    "tiers": _("Only for these tiers"),
    "natures": _("Only for these natures"),
    "moments": _("Only if one of these was reached"),
    "infrastructure": _("Critical infrastructure"),
    "enabled": _("Switched on"),
    "check": _("To be checked"),
}
_MOMENTS: dict[str, Any] = {str(kind): label for kind, label in MOMENT_LABELS.items()}
_NATURES: dict[str, Any] = {str(nature): label for nature, label in NATURE_LABELS.items()}


@dataclass(frozen=True, slots=True)
class Described:
    """A row with its columns in the language of the reader."""

    row: Row
    starts: str
    due: str
    conditions: list[str]
    met_by: str
    jurisdiction: str


def describe(rows: Iterable[Row]) -> list[Described]:
    """The rows as the table page shows them."""
    kept = list(rows)
    names = {row.code: row.label for row in kept}
    return [
        Described(
            row=row,
            starts=_list(start_label(start, names) for start in row.starts),
            due=due_label(row),
            conditions=conditions_of(row),
            met_by=met_by_label(row.met_by),
            jurisdiction=str(JURISDICTIONS[row.jurisdiction][0]),
        )
        for row in kept
    ]


def start_label(start: str, names: Mapping[str, str]) -> str:
    """What starts a clock, in words."""
    if start.startswith(MET):
        code = start.removeprefix(MET)
        return _text("“%(name)s” is met") % {"name": names.get(code, code)}
    return str(_MOMENTS.get(start, start))


def due_label(row: Row) -> str:
    """When a row is due, in words: “4 hours, at most 24 hours from awareness, …”."""
    parts = [amount_label(row)]
    if row.cap_hours:
        parts.append(_text("at most %(hours)s hours from awareness") % {"hours": row.cap_hours})
    if row.repeats:
        parts.append(str(rules.REPEAT_LABELS[Repeats(row.repeats)]))
    if row.latest:
        parts.append(_text("anew from the latest"))
    return _list(parts)


def amount_label(row: Row) -> str:
    """The amount with its unit."""
    n = row.amount
    match Unit(row.unit):
        case Unit.AT_ONCE:
            text = ngettext(
                "immediately (late after %(n)s minute)",
                "immediately (late after %(n)s minutes)",
                n,
            )
        case Unit.MINUTES:
            text = ngettext("%(n)s minute", "%(n)s minutes", n)
        case Unit.HOURS:
            text = ngettext("%(n)s hour", "%(n)s hours", n)
        case Unit.DAYS:
            text = ngettext("%(n)s day", "%(n)s days", n)
        case Unit.BUSINESS_DAYS:
            text = ngettext("%(n)s business day", "%(n)s business days", n)
        case Unit.MONTHS:
            text = ngettext("%(n)s month", "%(n)s months", n)
    return text % {"n": n}


def conditions_of(row: Row) -> list[str]:
    """The conditions of a row, one text each."""
    found = []
    if row.tiers:
        found.append(_text("tier: %(names)s") % {"names": _list(row.tiers)})
    if row.natures:
        names = _list(str(_NATURES.get(nature, nature)) for nature in row.natures)
        found.append(_text("nature: %(names)s") % {"names": names})
    if row.moments:
        names = _list(str(_MOMENTS.get(moment, moment)) for moment in row.moments)
        found.append(_text("only if reached: %(names)s") % {"names": names})
    if row.infrastructure != rules.Infrastructure.ANY:
        label = rules.INFRASTRUCTURE_LABELS[rules.Infrastructure(row.infrastructure)]
        found.append(str(label))
    return found


def span_label(seconds: float) -> str:
    """A length of time to two units: “59 d 3 h”, “3 h 20 min”, “12 min”; whole minutes."""
    minutes = int(abs(seconds)) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return _text("%(d)s d %(h)s h") % {"d": days, "h": hours}
    if hours:
        return _text("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
    return _text("%(m)s min") % {"m": minutes}


def met_by_label(met_by: str) -> str:
    """What meets a clock, in words."""
    return str(MET_BY_LABELS.get(met_by) or _MOMENTS.get(met_by, met_by))


@dataclass(frozen=True, slots=True)
class Change:
    """What a version does to one row: `kind` is added, removed or changed; `fields` are label,
    before and after."""

    kind: str
    code: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()


def changes(old: Iterable[Row], new: Iterable[Row]) -> list[Change]:
    """What turns the rows `old` into `new`, in the order of `new`, then what was taken out."""
    before = {row.code: row for row in old}
    after = {row.code: row for row in new}
    found = []
    for code, row in after.items():
        if code not in before:
            found.append(Change("added", code, row.label))
        elif fields := _differences(before[code], row):
            found.append(Change("changed", code, row.label, fields))
    found += [
        Change("removed", code, row.label) for code, row in before.items() if code not in after
    ]
    return found


def _differences(old: Row, new: Row) -> tuple[tuple[str, str, str], ...]:
    was, becomes = rules.canonical(old), rules.canonical(new)
    return tuple(
        (str(FIELD_LABELS[name]), _plain(was[name]), _plain(value))
        for name, value in becomes.items()
        if was[name] != value
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _text("yes") if value else _text("no")
    if isinstance(value, list):
        return _list(value) or "–"
    if isinstance(value, Mapping):
        return " · ".join(str(text) for text in value.values())
    return str(value) if value != "" else "–"


def _list(items: Iterable[str]) -> str:
    return _text(", ").join(items)
