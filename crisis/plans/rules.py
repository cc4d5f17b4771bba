"""What a crisis plan says: the tier of an incident, who has which role, who is called next. Pure.

A plan is plain JSON, so that it can be frozen onto an incident and understood years later; these
functions read such a frozen plan. An empty plan stands for the shipped one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crisis.incidents.rules import NATURE_LABELS, Nature
from crisis.plans.shipped import SHIPPED

Json = Mapping[str, Any]


class When(StrEnum):
    """What a row of the tier rule looks at."""

    NATURE = "nature"
    INVESTORS = "investors"
    MINUTES = "minutes"
    SYSTEM = "system"


WHEN_LABELS = {
    When.NATURE: _("The nature is"),
    When.INVESTORS: _("Investors hit, at least"),
    When.MINUTES: _("Lasting, minutes at least"),
    When.SYSTEM: _("This system is hit"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """A tier. The higher the `rank`, the graver. `major` says that it counts as a major incident
    for the clocks. `minutes`: how long one person called may take to acknowledge. `restore_hours`
    0: no limit stated here."""

    code: str
    rank: int
    name: Mapping[str, str]
    roles: tuple[str, ...]
    minutes: int
    restore_hours: int
    major: bool

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return spoken(self.name)


@dataclass(frozen=True, slots=True)
class Post:
    """A role of the plan. `people` are ids of users: the holder, then the deputies in the order
    in which they are called. Nobody: the role is empty."""

    code: str
    name: Mapping[str, str]
    duty: Mapping[str, str]
    people: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return spoken(self.name)

    @property
    def duty_label(self) -> str:
        """The duty in the language of the reader."""
        return spoken(self.duty)


@dataclass(frozen=True, slots=True)
class Choice:
    """The tier that the rule gives, and the rows of the rule that gave it (none: the lowest)."""

    level: str
    rows: tuple[Mapping[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Next:
    """Whom to call: the n-th call (from 0) of a role's order, in which round (from 1)."""

    person: str
    number: int
    round: int


def spoken(texts: Mapping[str, str]) -> str:
    """The text in the language of the reader, else in any that there is."""
    language = (get_language() or "").lower()
    return texts.get(language) or next((text for text in texts.values() if text), "")


def content_of(plan: Json) -> Json:
    """The plan, or the shipped one where there was none."""
    return plan if plan.get("levels") else SHIPPED


def levels(plan: Json) -> tuple[Level, ...]:
    """The tiers, from the mildest to the gravest."""
    rows = sorted(content_of(plan)["levels"], key=lambda row: row["rank"])
    return tuple(Level(**{**row, "roles": tuple(row["roles"])}) for row in rows)


def level(plan: Json, code: str) -> Level | None:
    """The tier of that code."""
    return next((each for each in levels(plan) if each.code == code), None)


def level_name(plan: Json, code: str) -> str:
    """The tier's name in the language of the reader; its code when the plan does not know it."""
    found = level(plan, code)
    return found.label if found else code


def is_major(plan: Json, code: str) -> bool:
    """Whether that tier counts as a major incident for the clocks."""
    found = level(plan, code)
    return found is not None and found.major


def is_upgrade(plan: Json, *, old: str, new: str) -> bool:
    """Whether `new` is graver than `old`."""
    ranks = {each.code: each.rank for each in levels(plan)}
    return ranks.get(new, 0) > ranks.get(old, 0)


def tier_for(plan: Json, *, nature: str, scope: Mapping[str, Any], minutes: int) -> Choice:
    """The tier that the plan's rule gives: the gravest of all rows that apply, else the lowest.

    `scope` as `incidents.rules.clean_scope` gives it; `minutes` since the trouble began.
    """
    known = {each.code: each.rank for each in levels(plan)}
    hits = [
        row
        for row in content_of(plan)["tier_rule"]
        if row["level"] in known and _applies(row, nature, scope, minutes)
    ]
    if not hits:
        return Choice(levels(plan)[0].code)
    top = max(hits, key=lambda row: known[row["level"]])["level"]
    return Choice(top, tuple(row for row in hits if row["level"] == top))


def _applies(row: Mapping[str, str], nature: str, scope: Mapping[str, Any], minutes: int) -> bool:
    value = row["value"]
    match row["when"]:
        case When.NATURE:
            return nature == value
        case When.INVESTORS:
            return int(scope.get("investors", 0)) >= int(value)
        case When.MINUTES:
            return minutes >= int(value)
        case _:
            return value in scope.get("systems", ())


def row_words(row: Mapping[str, str]) -> str:
    """A row of the tier rule, in words: “The nature is: Data leak”."""
    value: str | Promise = row["value"]
    if row["when"] == When.NATURE:
        value = NATURE_LABELS.get(Nature(value), value) if value in set(Nature) else value
    return f"{WHEN_LABELS[When(row['when'])]}: {value}"


def why_words(choice: Choice) -> str:
    """Why the rule gave that tier, in words, in the language of the reader."""
    if not choice.rows:
        return str(_("No row of the rule applies, so it is the lowest level."))
    return "; ".join(row_words(row) for row in choice.rows)


# --- roles and calls ------------------------------------------------------------------------


def posts(plan: Json) -> tuple[Post, ...]:
    """The roles, in the order of the plan."""
    return tuple(
        Post(**{**row, "people": tuple(row["people"])}) for row in content_of(plan)["roles"]
    )


def post(plan: Json, code: str) -> Post | None:
    """The role of that code."""
    return next((each for each in posts(plan) if each.code == code), None)


def role_name(plan: Json, code: str) -> str:
    """The role's name in the language of the reader; its code when the plan does not know it."""
    found = post(plan, code)
    return found.label if found else code


def posts_of(plan: Json, tier: str) -> tuple[Post, ...]:
    """The roles that are called out: those of the tier, or of the first call while the tier is
    not known (`tier` empty)."""
    found = level(plan, tier)
    codes = found.roles if found else tuple(content_of(plan)["escalation"]["first_roles"])
    return tuple(each for each in posts(plan) if each.code in codes)


def empty_posts(plan: Json) -> tuple[Post, ...]:
    """The roles that nobody has."""
    return tuple(each for each in posts(plan) if not each.people)


def who_is_on_call(plan: Json, role: str, *, able: frozenset[str] | None = None) -> tuple[str, ...]:
    """The ids of those who are called for a role, in their order; without those who are not
    `able` to (left the firm), when that is known."""
    found = post(plan, role)
    people = found.people if found else ()
    return tuple(person for person in people if able is None or person in able)


def answer_minutes(plan: Json, tier: str) -> int:
    """How long one person called may take to acknowledge."""
    found = level(plan, tier)
    return found.minutes if found else int(content_of(plan)["escalation"]["first_minutes"])


def rounds(plan: Json) -> int:
    """How often a role's people are gone through before it counts as exhausted."""
    return int(content_of(plan)["escalation"]["rounds"])


def fallback_roles(plan: Json) -> tuple[str, ...]:
    """The roles that are called when another one's people did not answer."""
    return tuple(content_of(plan)["escalation"]["fallback_roles"])


def next_call(
    order: Sequence[str], *, made: int, rounds: int, declined: frozenset[str] = frozenset()
) -> Next | None:
    """Whom to call after `made` calls: round after round through `order`, without those who
    declined; None when the chain is exhausted.

    Everybody in `order` who did not decline is called before anybody is called again, and nobody
    more often than `rounds` times.
    """
    for number in range(made, len(order) * rounds):
        person = order[number % len(order)]
        if person not in declined:
            return Next(person, number, number // len(order) + 1)
    return None


def may_activate(plan: Json, person: str) -> bool:
    """Whether a person is one of the named activators; a plan that names nobody leaves it to the
    capability alone."""
    named = content_of(plan)["activators"]
    return not named or person in named
