"""What may be written into a crisis plan. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput
from core.texts import clean_text
from crisis.incidents.rules import Nature
from crisis.plans.rules import When

MAX_LEVELS = 4
MAX_ROLES = 10
MAX_ROWS = 12
MAX_PEOPLE = 4
MAX_MINUTES = 24 * 60
_CODE = re.compile(r"[a-z][a-z0-9_]{0,38}")


def clean_plan(raw: Mapping[str, Any], *, known: frozenset[str]) -> dict[str, Any]:
    """The content of a plan, checked as a whole. `known` are the ids of the users who can have a
    role. Raises InvalidInput whose field names section and row, as `roles.2.people`."""
    roles = [_role(row, f"roles.{n}", known) for n, row in _numbered(raw, "roles", MAX_ROLES)]
    _once((row["code"] for row in roles), "roles")
    codes = frozenset(row["code"] for row in roles)
    levels = [_level(row, f"levels.{n}", codes) for n, row in _numbered(raw, "levels", MAX_LEVELS)]
    if not levels or not roles:
        raise InvalidInput(
            _("A plan needs a level and a role."),
            code="required",
            field="roles" if levels else "levels",
        )
    _once((row["code"] for row in levels), "levels")
    _once((row["rank"] for row in levels), "levels")
    names = frozenset(row["code"] for row in levels)
    return {
        "v": 1,
        "levels": sorted(levels, key=lambda row: row["rank"]),
        "tier_rule": [
            _rule(row, f"tier_rule.{n}", names) for n, row in _numbered(raw, "tier_rule", MAX_ROWS)
        ],
        "roles": roles,
        "escalation": _escalation(raw.get("escalation") or {}, codes),
        "activators": _people(raw.get("activators") or (), "activators", known, 50),
    }


def _numbered(
    raw: Mapping[str, Any], name: str, limit: int
) -> Iterable[tuple[int, Mapping[str, Any]]]:
    rows = list(raw.get(name) or ())
    if len(rows) > limit:
        raise InvalidInput(
            _("At most %(limit)s rows.") % {"limit": limit}, code="too_many", field=name
        )
    return enumerate(rows, 1)


def _level(row: Mapping[str, Any], field: str, roles: frozenset[str]) -> dict[str, Any]:
    called = _codes(row.get("roles") or (), f"{field}.roles", roles)
    if not called:
        raise InvalidInput(
            _("Say which roles work on it."), code="required", field=f"{field}.roles"
        )
    return {
        "code": _code(row.get("code"), f"{field}.code"),
        "rank": _number(row.get("rank"), f"{field}.rank", 1, 99),
        "name": _name(row.get("name") or {}, f"{field}.name"),
        "roles": called,
        "minutes": _number(row.get("minutes"), f"{field}.minutes", 1, MAX_MINUTES),
        "restore_hours": _number(row.get("restore_hours") or 0, f"{field}.restore_hours", 0, 8760),
        "major": bool(row.get("major")),
    }


def _role(row: Mapping[str, Any], field: str, known: frozenset[str]) -> dict[str, Any]:
    duty = row.get("duty") or {}
    return {
        "code": _code(row.get("code"), f"{field}.code"),
        "name": _name(row.get("name") or {}, f"{field}.name"),
        "duty": {
            language: clean_text(duty.get(language), field=f"{field}.duty", limit=300)
            for language in ("zh-hans", "en")
        },
        "people": _people(row.get("people") or (), f"{field}.people", known, MAX_PEOPLE),
    }


def _rule(row: Mapping[str, Any], field: str, levels: frozenset[str]) -> dict[str, str]:
    when, value = str(row.get("when") or ""), str(row.get("value") or "").strip()
    if when not in set(When):
        raise InvalidInput(_("Choose what the row looks at."), field=f"{field}.when")
    if str(row.get("level")) not in levels:
        raise InvalidInput(_("Choose one of the levels."), field=f"{field}.level")
    if when == When.NATURE and value not in set(Nature):
        raise InvalidInput(_("There is no such nature."), field=f"{field}.value")
    if when in {When.INVESTORS, When.MINUTES}:
        value = str(_number(value, f"{field}.value", 1, 10**9))
    value = clean_text(value, field=f"{field}.value", limit=100)
    if not value:
        raise InvalidInput(_("Give a value."), code="required", field=f"{field}.value")
    return {"when": when, "value": value, "level": str(row["level"])}


def _escalation(raw: Mapping[str, Any], roles: frozenset[str]) -> dict[str, Any]:
    first = _codes(raw.get("first_roles") or (), "escalation.first_roles", roles)
    if not first:
        raise InvalidInput(
            _("Say who is called first."), code="required", field="escalation.first_roles"
        )
    return {
        "first_roles": first,
        "first_minutes": _number(
            raw.get("first_minutes"), "escalation.first_minutes", 1, MAX_MINUTES
        ),
        "rounds": _number(raw.get("rounds"), "escalation.rounds", 1, 10),
        "fallback_roles": _codes(
            raw.get("fallback_roles") or (), "escalation.fallback_roles", roles
        ),
    }


def _people(raw: Iterable[Any], field: str, known: frozenset[str], limit: int) -> list[str]:
    """Ids without repeats, in their order."""
    people = list(dict.fromkeys(str(each) for each in raw if each))
    if len(people) > limit:
        raise InvalidInput(_("At most %(limit)s people.") % {"limit": limit}, field=field)
    if not known.issuperset(people):
        raise InvalidInput(
            _("One of these people cannot work on incidents (left, or without a role)."),
            code="unknown_person",
            field=field,
        )
    return people


def _codes(raw: Iterable[Any], field: str, known: frozenset[str]) -> list[str]:
    codes = list(dict.fromkeys(str(each).strip() for each in raw if str(each).strip()))
    for code in codes:
        if code not in known:
            raise InvalidInput(
                _("There is no role “%(code)s”.") % {"code": code}, code="unknown_role", field=field
            )
    return codes


def _code(raw: Any, field: str) -> str:
    code = str(raw or "").strip()
    if not _CODE.fullmatch(code):
        raise InvalidInput(_("A code has a–z, 0–9 and _, a letter first."), field=field)
    return code


def _name(raw: Mapping[str, Any], field: str) -> dict[str, str]:
    """Both languages, one at least; what is missing is taken from the other."""
    texts = {
        language: clean_text(raw.get(language), field=field, limit=60)
        for language in ("zh-hans", "en")
    }
    either = next((text for text in texts.values() if text), "")
    if not either:
        raise InvalidInput(_("Give a name."), code="required", field=field)
    return {language: text or either for language, text in texts.items()}


def _number(raw: Any, field: str, least: int, most: int) -> int:
    try:
        number = int(raw)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        raise InvalidInput(
            _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most},
            code="invalid",
            field=field,
        )
    return number


def _once(values: Iterable[Any], field: str) -> None:
    seen = list(values)
    if len(seen) != len(set(seen)):
        raise InvalidInput(_("A code or a rank stands there twice."), code="repeated", field=field)
