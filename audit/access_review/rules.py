"""What stands out in a quarter's use of rights, by simple rules that can be explained. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NIGHT = (22, 6)  # hours of the person's own day, from and until
NIGHT_ACTS = 5  # acts by night in one period that stand out
REVEALS = 50  # contact values revealed by one person in one period that stand out
DORMANT_DAYS = 90  # without a sign-in
SETTLING_DAYS = 30  # a right given later than that is not called unused yet


class Finding(StrEnum):
    """A rule that a person's rights or acts fell under. RIGHTS is the plain question whether the
    rights are still needed; everybody gets it."""

    RIGHTS = "rights"
    UNUSED = "unused"
    NIGHT = "night"
    REVEALS = "reveals"
    DORMANT = "dormant"
    OUTSIDE_LINE = "outside_line"
    SELF_GRANTED = "self_granted"
    KEY_UNUSED = "key_unused"


class Decision(StrEnum):
    """What the reviewer makes of a finding."""

    KEEP = "keep"
    REMOVE = "remove"
    EXPLAIN = "explain"


# The records that using a right leaves, by the beginning of their action. A right that is not
# here cannot be told from the ledger, so it is never called unused.
TRACES: Mapping[str, tuple[str, ...]] = {
    "investors.view": ("investor.viewed", "investor.searched", "investor.listed"),
    "investors.edit": ("investor.updated", "contact.", "preference.", "consent."),
    "investors.import": ("import.",),
    "investors.reveal": ("contact.revealed", "delivery.message_revealed"),
    "templates.draft": ("template.created", "template.draft_saved", "template.version_started",
                        "template.submitted"),
    "templates.review": ("template.approved", "template.returned", "template.rejected"),
    "templates.recall": ("template.recalled", "template.retired"),
    "notices.prepare": ("notice.created", "notice.changed", "notice.submitted"),
    "notices.release": ("notice.released", "notice.taken_back"),
    "audit.browse": ("audit.browsed", "audit.viewed", "audit.proof_taken"),
    "audit.verify": ("audit.verification_requested",),
    "exports.create": ("export.requested",),
    "exports.approve": ("export.approved", "export.refused"),
    "exports.download": ("export.downloaded",),
    "crisis.run": ("incident.",),
    "users.manage": ("user.created", "user.roles_changed", "user.line_", "user.activated"),
    "settings.manage": ("line.", "topic."),
    "keys.manage": ("key.",),
    "retention.manage": ("retention.",),
    "retention.approve": ("retention.schedule_approved", "retention.approved"),
    "holds.place": ("hold.",),
    "access.review": ("access_review.",),
}  # fmt: skip

CLASSES: Mapping[str, tuple[str, ...]] = {
    "reads": ("investor.viewed", "investor.listed", "delivery.shown", "notice.people_listed",
              "notice.audience_previewed", "erasure.viewed", "erasure.listed",
              "import.sample_shown", "history.viewed", "audit.viewed", "audit.browsed"),
    "reveals": ("contact.revealed", "delivery.message_revealed"),
    "searches": ("investor.searched", "search."),
    "exports": ("export.", "import.errors_downloaded", "template.exported", "audit.downloaded",
                "list.exported", "audit.proof_taken", "audit.leaf_taken",
                "access_review.downloaded"),
    "sign_ins": ("session.opened",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """One action of one person in the period: how often, how often by night."""

    action: str
    count: int
    by_night: int = 0


@dataclass(frozen=True, slots=True)
class Key:
    """An API key of a person."""

    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    live: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One person's rights and acts, as the review sees them."""

    active: bool
    made_at: dt.datetime
    last_sign_in: dt.datetime | None
    capabilities: frozenset[str]
    uses: tuple[Use, ...] = ()
    keys: tuple[Key, ...] = ()
    outside_line: int = 0
    self_granted: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with the figures that explain it."""

    finding: Finding
    detail: dict[str, object] = field(default_factory=dict)


def total(uses: Iterable[Use], beginnings: tuple[str, ...]) -> int:
    """How often any action that begins so was done."""
    return sum(use.count for use in uses if use.action.startswith(beginnings))


def by_class(uses: tuple[Use, ...]) -> dict[str, int]:
    """Acts by class (reads, reveals …); the rest is `other`."""
    counts = {name: total(uses, beginnings) for name, beginnings in CLASSES.items()}
    counts["other"] = sum(use.count for use in uses) - sum(counts.values())
    return counts


def unused(person: Person) -> list[str]:
    """The rights that left no trace in the period."""
    return sorted(
        capability
        for capability in person.capabilities
        if capability in TRACES and not total(person.uses, TRACES[capability])
    )


def findings(person: Person, *, now: dt.datetime) -> list[Found]:
    """What has to be decided about one person at the end `now` of a period. RIGHTS comes first;
    somebody with no rights and no acts gives nothing to decide."""
    found: list[Found] = []
    if person.active and (person.capabilities or person.keys):
        found.append(Found(Finding.RIGHTS))
    found += _about_rights(person, now)
    night = sum(use.by_night for use in person.uses)
    if night >= NIGHT_ACTS:
        found.append(Found(Finding.NIGHT, {"acts": night}))
    reveals = total(person.uses, CLASSES["reveals"])
    if reveals >= REVEALS:
        found.append(Found(Finding.REVEALS, {"acts": reveals}))
    if person.outside_line:
        found.append(Found(Finding.OUTSIDE_LINE, {"acts": person.outside_line}))
    if person.self_granted:
        found.append(Found(Finding.SELF_GRANTED, {"acts": person.self_granted}))
    return found


def _about_rights(person: Person, now: dt.datetime) -> list[Found]:
    found: list[Found] = []
    if not person.active:
        return found
    idle = now - (person.last_sign_in or person.made_at)
    if idle >= dt.timedelta(days=DORMANT_DAYS):
        found.append(Found(Finding.DORMANT, {"days": idle.days}))
    if now - person.made_at >= dt.timedelta(days=SETTLING_DAYS) and (rights := unused(person)):
        found.append(Found(Finding.UNUSED, {"rights": rights}))
    for key in person.keys:
        rest = now - (key.last_used_at or key.created_at)
        if key.live and rest >= dt.timedelta(days=DORMANT_DAYS):
            found.append(Found(Finding.KEY_UNUSED, {"key": key.name, "days": rest.days}))
    return found


def quarter_start(day: dt.date) -> dt.date:
    """The first day of the quarter of `day`."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def is_due(
    now: dt.datetime, *, signed_until: dt.datetime | None, first_act: dt.datetime | None
) -> bool:
    """Whether the review of the quarter that has ended is missing: something happened in it, and
    no signed review reaches to its end."""
    start = dt.datetime.combine(quarter_start(now.date()), dt.time.min, tzinfo=dt.UTC)
    if first_act is None or first_act >= start:
        return False
    return signed_until is None or signed_until < start
