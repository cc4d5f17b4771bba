"""Reading what somebody wrote into the clock table. Pure; raises InvalidInput naming the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from crisis.clocks.rules import (
    JURISDICTIONS,
    MET,
    MET_BY_LABELS,
    Infrastructure,
    Repeats,
    Row,
    Unit,
    known_starts,
)
from crisis.incidents.rules import MomentKind, Nature

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
MAX_ROWS = 100
LIMITS = {
    Unit.AT_ONCE: (1, 24 * 60),
    Unit.MINUTES: (1, 10_000),
    Unit.HOURS: (1, 10_000),
    Unit.DAYS: (1, 3660),
    Unit.BUSINESS_DAYS: (1, 500),
    Unit.MONTHS: (1, 120),
}


def clean_row(raw: Mapping[str, Any]) -> Row:
    """One row, checked by itself."""
    code = str(raw.get("code", "")).strip()
    if not _CODE.fullmatch(code):
        raise InvalidInput(
            _("Use 2 to 40 of a–z, 0–9 and _, beginning with a letter."), field="code"
        )
    unit = _one_of(raw, "unit", list(Unit))
    jurisdiction = _one_of(raw, "jurisdiction", list(JURISDICTIONS))
    row = Row(
        code=code,
        name=_names(raw.get("name")),
        jurisdiction=jurisdiction,
        starts=_texts(raw, "starts"),
        amount=_number(raw, "amount", *LIMITS[Unit(unit)]),
        unit=unit,
        met_by=_one_of(raw, "met_by", [*MomentKind, *MET_BY_LABELS]),
        source=_text(raw, "source", 300),
        cap_hours=_number(raw, "cap_hours", 0, 10_000),
        repeats=_one_of(raw, "repeats", list(Repeats)),
        latest=bool(raw.get("latest", False)),
        tiers=_texts(raw, "tiers"),
        natures=_chosen(raw, "natures", list(Nature)),
        moments=_chosen(raw, "moments", list(MomentKind)),
        infrastructure=_one_of(raw, "infrastructure", list(Infrastructure), "any"),
        enabled=bool(raw.get("enabled", False)),
        check=_text(raw, "check", 500),
    )
    _together(row)
    return row


def clean_rows(rows: Iterable[Row]) -> list[Row]:
    """All rows together: codes once, and what they start from exists and leads nowhere in a
    circle. Raises InvalidInput `code` or `starts`, naming the row in `details`."""
    kept = list(rows)
    codes = [row.code for row in kept]
    if len(kept) > MAX_ROWS:
        raise InvalidInput(_("A table has at most 100 rows."), code="too_many", field="code")
    for row in kept:
        if codes.count(row.code) > 1:
            raise _at(row, "code", _("There is a row “%(code)s” already."))
        if set(row.starts) - known_starts(codes):
            raise _at(row, "starts", _("“%(code)s” starts from a row that does not exist."))
        if _circular(row, {each.code: each for each in kept}):
            raise _at(row, "starts", _("“%(code)s” would start itself."))
    return kept


def _together(row: Row) -> None:
    if not row.starts:
        raise InvalidInput(_("Say what starts it."), field="starts")
    if not row.source:
        raise InvalidInput(_("Name the source of the duty."), field="source")
    if row.enabled and row.check:
        raise InvalidInput(
            _("A row whose source is to be checked stays switched off."), code="check",
            field="enabled",
        )  # fmt: skip
    if row.latest and not all(start.startswith(MET) for start in row.starts):
        raise InvalidInput(_("Only what starts from another clock can count anew."), field="latest")
    if row.latest and row.repeats:
        raise InvalidInput(_("A row that repeats cannot count anew."), field="latest")


def _circular(row: Row, rows: Mapping[str, Row]) -> bool:
    seen: set[str] = set()
    waiting = [row]
    while waiting:
        for start in waiting.pop().starts:
            code = start.removeprefix(MET) if start.startswith(MET) else ""
            if code == row.code:
                return True
            if code in rows and code not in seen:
                seen.add(code)
                waiting.append(rows[code])
    return False


def _at(row: Row, field: str, text: Any) -> InvalidInput:
    return InvalidInput(text % {"code": row.code}, field=field, details={"row": row.code})


def _names(raw: Any) -> dict[str, str]:
    names = {}
    given = raw if isinstance(raw, Mapping) else {}
    for language in ("zh-hans", "en"):
        text = " ".join(str(given.get(language, "")).split())
        if not text or len(text) > 120:
            raise InvalidInput(
                _("Give a name of up to 120 characters in both languages."),
                field=f"name.{language}",
            )
        names[language] = text
    return names


def _one_of(
    raw: Mapping[str, Any], field: str, allowed: Sequence[str], default: str | None = None
) -> str:
    value = str(raw.get(field, default if default is not None else ""))
    if value not in allowed:
        raise InvalidInput(_("Choose one of the values."), field=field)
    return str(value)


def _texts(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    values = raw.get(field) or ()
    if not isinstance(values, list | tuple) or len(values) > 40:
        raise InvalidInput(_("Give a list of at most 40 names."), field=field)
    kept = [str(value).strip() for value in values]
    if any(not value or len(value) > 60 for value in kept):
        raise InvalidInput(_("Each name has 1 to 60 characters."), field=field)
    return tuple(dict.fromkeys(kept))


def _chosen(raw: Mapping[str, Any], field: str, allowed: Sequence[str]) -> tuple[str, ...]:
    values = _texts(raw, field)
    if set(values) - set(allowed):
        raise InvalidInput(_("Choose one of the values."), field=field)
    return values


def _number(raw: Mapping[str, Any], field: str, low: int, high: int) -> int:
    value = raw.get(field, 0)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if isinstance(value, bool) or not low <= number <= high:
        raise InvalidInput(
            _("Give a whole number from %(low)s to %(high)s.") % {"low": low, "high": high},
            field=field,
        )
    return number


def _text(raw: Mapping[str, Any], field: str, limit: int) -> str:
    text = " ".join(str(raw.get(field) or "").split())
    if len(text) > limit:
        raise InvalidInput(
            _("At most %(limit)s characters.") % {"limit": limit}, code="too_long", field=field
        )
    return text
