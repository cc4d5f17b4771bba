"""The people of a notice, and the dry run: what releasing it would do, without doing it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from comms import bulk, content, planning
from comms.models import Notice
from comms.planning import Planner, Policy
from comms.rules import Channel, Criticality, DeliveryState
from investors import candidates as investors
from investors.rules.audience import Audience, Candidate
from templates_mgmt.filing.binding import stopped_sms
from templates_mgmt.selectors import ApprovedVersion, approved_version, version_in_flight
from templates_mgmt.sms import sms_length

PAGE = 2000
_NONE: frozenset[str] = frozenset()
LISTED = 100  # investors named per reason; the counts are complete
_COST_FEN = {"sms": 5, "email": 0, "inbox": 0}  # per segment or message

_GOT_IT = """
SELECT DISTINCT investor_id FROM comms_delivery
WHERE notice_id = %s AND (%s::uuid IS NULL OR investor_id > %s)
  AND (state IN ('sending', 'accepted', 'delivered', 'unconfirmed') OR evidence >= 20)
ORDER BY investor_id LIMIT %s
"""
_HOW_MANY_GOT_IT = """
SELECT count(DISTINCT investor_id) FROM comms_delivery
WHERE notice_id = %s
  AND (state IN ('sending', 'accepted', 'delivered', 'unconfirmed') OR evidence >= 20)
"""


def pages(
    notice: Notice, *, after: UUID | None = None, size: int = PAGE
) -> Iterator[list[Candidate]]:
    """The candidates of a notice, ordered by id, in pages; each page is its own query, so no
    snapshot is held while a page is worked on."""
    while page := page_after(notice, after, size):
        yield page
        after = page[-1].investor_id


def page_after(notice: Notice, after: UUID | None, size: int = PAGE) -> list[Candidate]:
    """The next page of candidates. A correction goes to exactly those who got the original."""
    if notice.corrects_id is None:
        audience = Audience.from_json(notice.audience)
        return investors.candidates_after(audience, notice.topic, after=after, limit=size)
    rows = bulk.fetch(_GOT_IT, [notice.corrects_id, after, after, size])
    standing = investors.current_standing([row[0] for row in rows], notice.topic)
    return [standing[row[0]] for row in rows if row[0] in standing]


def size(notice: Notice) -> int:
    """How many candidates the notice has now. For a correction this may count some whose account
    is gone since."""
    if notice.corrects_id is None:
        return investors.count_candidates(Audience.from_json(notice.audience))
    return int(bulk.fetch(_HOW_MANY_GOT_IT, [notice.corrects_id])[0][0])


class Prepared(NamedTuple):
    """What planning needs of a notice."""

    policy: Policy
    wordings: content.Wordings


def prepare(notice: Notice) -> Prepared:
    """The policy and wordings of a notice. Raises Conflict when its version is not approved; for
    a notice that was released, a version retired since still is (`version_in_flight`)."""
    version = version_of(notice)
    wordings = content.wordings_for(
        version, code=notice.code, values=notice.values, exercise=notice.exercise
    )
    criticality = Criticality(notice.criticality)
    plan = planning.read_channel_plan(notice.channels, criticality)
    by_channel = {channel: wordings.languages(channel) for channel in plan.channels}
    stopped = frozenset((Channel.SMS, language) for language in stopped_sms(version.id))
    return Prepared(Policy(plan, criticality, by_channel, stopped), wordings)


def version_of(notice: Notice) -> ApprovedVersion:
    """The wording of a notice under the approval that it needs where it stands."""
    if notice.released_at is None:
        return approved_version(notice.version_id)
    return version_in_flight(notice.version_id)


def missing_values(wordings: content.Wordings, page: list[Candidate]) -> dict[UUID, frozenset[str]]:
    """For those investors of `page` who cannot fill every personal placeholder: which ones."""
    if not wordings.personal:
        return {}
    profiles = investors.open_profiles([candidate.investor_id for candidate in page])
    missing = {}
    for candidate in page:
        profile = profiles.get(candidate.investor_id)
        absent = frozenset(
            name
            for name, key in wordings.personal.items()
            if profile is None or not getattr(profile, key).strip()
        )
        if absent:
            missing[candidate.investor_id] = absent
    return missing


# The dry run --------------------------------------------------------------------------------


@dataclass(slots=True)
class Sample:
    """One message as its recipient would get it, personal values replaced by examples."""

    channel: str
    language: str
    subject: str
    text: str
    html: str
    segments: int


@dataclass(slots=True)
class AudiencePreview:
    """What a release would do now. `by_channel` counts deliveries at once, held and standing by;
    `excluded` counts per (channel, reason) and `who` names the first of them; `unreachable` are
    those whom fewer than two channels reach, `nobody` those whom none does. `cost_fen` is in
    hundredths of a yuan."""

    candidates: int = 0
    by_channel: dict[str, Counter[str]] = field(default_factory=dict)
    by_language: Counter[str] = field(default_factory=Counter)
    excluded: Counter[tuple[str, str]] = field(default_factory=Counter)
    who: dict[tuple[str, str], list[UUID]] = field(default_factory=dict)
    unreachable: int = 0
    unreachable_who: list[UUID] = field(default_factory=list)
    nobody: int = 0
    samples: list[Sample] = field(default_factory=list)
    cost_fen: int = 0

    @property
    def deliveries(self) -> int:
        """All planned deliveries, fallbacks included."""
        return sum(count.total() for count in self.by_channel.values())

    def missing(self) -> dict[str, int]:
        """How many recipients cannot fill each placeholder."""
        return missing_in(self.summary())

    def to_json(self) -> dict[str, Any]:
        """The counts and the listed pseudonyms, for a run that is interrupted and goes on."""
        return {
            "candidates": self.candidates,
            "by_channel": {name: dict(count) for name, count in self.by_channel.items()},
            "by_language": dict(self.by_language),
            "excluded": {"/".join(key): count for key, count in self.excluded.items()},
            "who": {"/".join(key): [str(pk) for pk in ids] for key, ids in self.who.items()},
            "unreachable": self.unreachable,
            "unreachable_who": [str(pk) for pk in self.unreachable_who],
            "nobody": self.nobody,
            "cost_fen": self.cost_fen,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> AudiencePreview:
        """The reverse of `to_json`; an empty mapping is a run that has not begun."""
        if not kept:
            return cls()
        return cls(
            candidates=kept["candidates"],
            by_channel={name: Counter(count) for name, count in kept["by_channel"].items()},
            by_language=Counter(kept["by_language"]),
            excluded=Counter({_pair(key): count for key, count in kept["excluded"].items()}),
            who={_pair(key): [UUID(pk) for pk in ids] for key, ids in kept["who"].items()},
            unreachable=kept["unreachable"],
            unreachable_who=[UUID(pk) for pk in kept["unreachable_who"]],
            nobody=kept["nobody"],
            cost_fen=kept["cost_fen"],
        )

    def summary(self) -> dict[str, Any]:
        """Counts only, nothing personal: kept with the notice and in the ledger."""
        return {
            "candidates": self.candidates,
            "deliveries": self.deliveries,
            "by_channel": {name: dict(count) for name, count in sorted(self.by_channel.items())},
            "by_language": dict(sorted(self.by_language.items())),
            "excluded": {
                f"{channel or 'all'}/{reason}": count
                for (channel, reason), count in sorted(self.excluded.items())
            },
            "unreachable": self.unreachable,
            "nobody": self.nobody,
            "cost_fen": self.cost_fen,
        }


def dry_run(notice: Notice, *, now: dt.datetime) -> AudiencePreview:
    """Plan the whole audience without writing. Raises Conflict when the wording is not
    approved."""
    policy, wordings = prepare(notice)
    preview = AudiencePreview()
    planner = Planner(policy, now)
    for page in pages(notice):
        count_page(preview, planner, wordings, page)
    finish(preview, notice, Prepared(policy, wordings))
    return preview


def count_page(
    preview: AudiencePreview, planner: Planner, wordings: content.Wordings, page: list[Candidate]
) -> None:
    """Add one page of the audience to `preview`."""
    missing = missing_values(wordings, page)
    for candidate in page:
        plan = planner.plan(candidate, missing.get(candidate.investor_id, _NONE))
        _count(preview, candidate, plan)


def finish(preview: AudiencePreview, notice: Notice, prepared: Prepared) -> None:
    """Add what is known once everybody is counted: samples and what it would cost."""
    preview.samples = samples(notice, prepared.wordings, prepared.policy)
    preview.cost_fen = _cost(preview)


def _pair(key: str) -> tuple[str, str]:
    channel, _slash, reason = key.partition("/")
    return channel, reason


def _count(preview: AudiencePreview, candidate: Candidate, plan: planning.Plan) -> None:
    preview.candidates += 1
    for planned in plan.deliveries:
        preview.by_channel.setdefault(planned.channel.value, Counter())[planned.state.value] += 1
        preview.by_language[planned.language] += planned.rank == 0
    for excluded in plan.exclusions:
        preview.excluded[excluded] += 1
        listed = preview.who.setdefault(excluded, [])
        if len(listed) < LISTED:
            listed.append(candidate.investor_id)
    if len(plan.deliveries) < 2:
        preview.unreachable += 1
        preview.nobody += not plan.deliveries
        if len(preview.unreachable_who) < LISTED:
            preview.unreachable_who.append(candidate.investor_id)


def samples(notice: Notice, wordings: content.Wordings, policy: Policy) -> list[Sample]:
    """One message per channel and language, personal values filled with the examples."""
    version = version_of(notice)
    examples = {
        item.name: item.example for item in version.placeholders if item.name in wordings.personal
    }
    found = []
    for channel in policy.plan.channels:
        for language in policy.wordings[channel]:
            message = wordings.render(channel.value, language, examples)
            segments = sms_length(message.text).segments if channel is Channel.SMS else 1
            found.append(
                Sample(
                    channel.value, language, message.subject, message.text, message.html, segments
                )
            )
    return found


def _cost(preview: AudiencePreview) -> int:
    """Fallbacks are not counted: most are never sent."""
    rates = getattr(settings, "CHANNEL_COST_FEN", _COST_FEN)
    total = 0
    for name, counts in preview.by_channel.items():
        at_once = counts.total() - counts[DeliveryState.STANDBY.value]
        segments = max((s.segments for s in preview.samples if s.channel == name), default=1)
        total += at_once * segments * rates.get(name, 0)
    return total


def missing_in(summary: Mapping[str, Any]) -> dict[str, int]:
    """How many recipients cannot fill each placeholder, by a dry run's summary."""
    found: Counter[str] = Counter()
    for key, count in summary["excluded"].items():
        reason = key.partition("/")[2]
        if reason.startswith(planning.Reason.MISSING_VALUE.value):
            found[reason.partition(":")[2]] += count
    return dict(found)


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """What changed between two summaries: flat name → (before, after)."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return {
        name: (before.get(name, 0), after.get(name, 0))
        for name in sorted(before.keys() | after.keys())
        if before.get(name, 0) != after.get(name, 0)
    }


def _flat(summary: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, int]]:
    for name, value in summary.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int):
            yield f"{prefix}{name}", value
