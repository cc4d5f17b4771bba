"""What the overview shows: what waits for this person, what is going out, whether the ledger
is sound. A constant number of queries, whatever the size of the firm."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import TruncHour
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.access_review import selectors as access_reviews
from audit.export import selectors as export_selectors
from audit.models import Checkpoint, Export, Pending, SequencerState, Verification
from audit.retention.models import RetentionProposal
from comms import rules
from comms.models import Notice, Tally
from core.actor import Actor
from core.roles import Capability as C
from crisis.clocks import selectors as clock_selectors
from crisis.drills import selectors as drill_selectors
from crisis.incidents import selectors as incident_selectors
from crisis.incidents.duties import Running, next_duty
from crisis.incidents.selectors import IncidentFilter
from crisis.models import Risk
from crisis.risks import selectors as risks
from crisis.risks.rounds import selectors as risk_rounds
from crisis.statements import selectors as statement_selectors
from crisis.statements.services.writing import LET_OUT
from investors.consent_texts import selectors as consent_texts
from investors.models import ImportBatch
from investors.selectors import imports_visible_to
from templates_mgmt.models import Contributor, ReReview, TemplateVersion

WINDOW = dt.timedelta(hours=24)
EACH = 6  # things to do of one kind that are listed by name
ACTIVE = (rules.NoticeState.RELEASED, rules.NoticeState.SENDING, rules.NoticeState.PAUSED)
ATTEMPTED = frozenset({"accepted", "delivered", "failed", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the reader. `since` is when it began to wait."""

    icon: str
    what: str | Promise
    title: str
    since: dt.datetime | None
    url: str


@dataclass(slots=True)
class Rates:
    """Counts of one channel's deliveries; a rate is a share of those attempted."""

    channel: str
    by_state: Counter[str] = field(default_factory=Counter)
    read: int = 0
    acknowledged: int = 0

    @property
    def attempted(self) -> int:
        """Deliveries that left the house, whatever became of them."""
        return sum(n for state, n in self.by_state.items() if state in ATTEMPTED)


@dataclass(slots=True)
class Going:
    """A notice on its way, with live counts."""

    notice: Notice
    by_state: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0

    @property
    def total(self) -> int:
        """Deliveries planned and needed; fallbacks that wait or were spared do not count."""
        spared = self.by_state["standby"] + self.by_state["not_needed"]
        return sum(self.by_state.values()) - spared

    @property
    def settled(self) -> int:
        """Deliveries that left the queue."""
        return self.total - sum(self.by_state[s] for s in ("queued", "held", "sending"))

    @property
    def failed(self) -> int:
        """Deliveries that did not reach the investor on this channel."""
        return sum(self.by_state[s] for s in ("failed", "refused", "unconfirmed"))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The health of the log. `pending` records are committed and not yet placed."""

    size: int
    pending: int
    checkpoint: Checkpoint | None
    verification: Verification | None

    @property
    def state(self) -> str:
        """The last verification as a status: ok, broken, running or never."""
        if self.verification is None:
            return "never"
        return {True: "ok", False: "broken", None: "running"}[self.verification.ok]


@dataclass(frozen=True)
class Overview:
    """Everything on the page; each part is read when the template asks for it."""

    actor: Actor
    now: dt.datetime
    zone: dt.tzinfo = dt.UTC

    @cached_property
    def sees_notices(self) -> bool:
        """Whether the parts about notices are shown at all."""
        return C.NOTICES_VIEW in self.actor.capabilities

    @cached_property
    def sees_imports(self) -> bool:
        """Whether the imports are shown."""
        return C.INVESTORS_IMPORT in self.actor.capabilities

    @cached_property
    def tasks(self) -> list[Task]:
        """What waits for the reader, by capability, longest waiting first."""
        found = [
            *incidents_open(self.actor),
            *reviews_waiting(self.actor, self.now),
            *rereviews_waiting(self.actor),
            *consent_texts_waiting(self.actor),
            *releases_waiting(self.actor),
            *statements_waiting(self.actor),
            *drills_missing(self.actor, self.now),
            *drafts_returned(self.actor),
            *notices_paused(self.actor),
            *imports_checked(self.actor),
            *exports_waiting(self.actor),
            *exports_ready(self.actor),
            *access_review_missing(self.actor, self.now),
            *shredding_waiting(self.actor),
            *risks_waiting(self.actor, self.now),
        ]
        return sorted(found, key=lambda task: task.since or self.now)

    @cached_property
    def notices(self) -> list[Notice]:
        """Notices on their way, or let out within the window; most recent release first.
        Exercises are left out (C12)."""
        recent = Q(state__in=ACTIVE) | Q(released_at__gte=self.now - WINDOW)
        visible = Notice.objects.visible_to(self.actor).real().filter(recent)
        return list(visible.order_by(F("released_at").desc(nulls_last=True))[:200])

    @cached_property
    def tallies(self) -> list[dict[str, Any]]:
        """Moves of those notices' deliveries by notice, channel, state, evidence and hour: one
        pass for all figures of the page; their sums are what stands now."""
        rows = Tally.objects.filter(notice__in=[notice.pk for notice in self.notices])
        hour = TruncHour("at", tzinfo=self.zone)
        moves = rows.values("notice", "channel", "state", "evidence", hour=hour)
        return [dict(row) for row in moves.annotate(n=Sum("delta")).order_by()]

    @cached_property
    def going(self) -> list[Going]:
        """Notices on their way, with their counts."""
        by_notice: dict[UUID, Going] = {
            notice.pk: Going(notice) for notice in self.notices if notice.state in ACTIVE
        }
        for row in self.tallies:
            if (going := by_notice.get(row["notice"])) is not None:
                going.by_state[row["state"]] += row["n"]
                if row["evidence"] >= rules.Evidence.ACKNOWLEDGED:
                    going.acknowledged += row["n"]
        return list(by_notice.values())

    @cached_property
    def rates(self) -> list[Rates]:
        """Per channel, for notices let out within the window."""
        recent = {
            notice.pk
            for notice in self.notices
            if notice.released_at and notice.released_at >= self.now - WINDOW
        }
        channels: dict[str, Rates] = {}
        for row in self.tallies:
            if row["notice"] in recent:
                rates = channels.setdefault(row["channel"], Rates(row["channel"]))
                rates.by_state[row["state"]] += row["n"]
                rates.read += row["n"] if row["evidence"] >= rules.Evidence.OPENED else 0
                acknowledged = row["evidence"] >= rules.Evidence.ACKNOWLEDGED
                rates.acknowledged += row["n"] if acknowledged else 0
        return sorted(channels.values(), key=lambda rates: rates.channel)

    @cached_property
    def overall(self) -> Rates:
        """All channels together."""
        whole = Rates("")
        for rates in self.rates:
            whole.by_state += rates.by_state
            whole.read += rates.read
            whole.acknowledged += rates.acknowledged
        return whole

    @cached_property
    def ledger(self) -> Ledger:
        """The log's size, newest checkpoint and last verification."""
        state = SequencerState.objects.first()
        return Ledger(
            size=state.size if state else 0,
            pending=Pending.objects.count(),
            checkpoint=Checkpoint.objects.first(),
            verification=Verification.objects.first(),
        )

    @cached_property
    def imports(self) -> list[ImportBatch]:
        """The last imports of the actor's lines."""
        return list(imports_visible_to(self.actor)[:4])

    @cached_property
    def hours(self) -> list[dt.datetime]:
        """The 24 hours of the window by their beginnings, in the reader's zone."""
        last = self.now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
        return [last - dt.timedelta(hours=23 - n) for n in range(24)]

    def hourly(self) -> dict[str, list[int]]:
        """How many deliveries came to be delivered, accepted and failed in each hour."""
        counts: Counter[tuple[str, dt.datetime]] = Counter()
        for row in self.tallies:
            counts[row["state"], row["hour"]] += row["n"]
        return {
            state: [max(0, counts[state, hour]) for hour in self.hours]
            for state in ("delivered", "accepted", "failed")
        }


def address(*routes: str, args: Iterable[object] = ()) -> str:
    """The address of the first of `routes` that exists; blank when none does."""
    for route in routes:
        try:
            return reverse(route, args=list(args))
        except NoReverseMatch:
            continue
    return ""


def incidents_open(actor: Actor) -> list[Task]:
    """Incidents that go on, with their next duty for those who run them; exercises say so."""
    if C.CRISIS_VIEW not in actor.capabilities:
        return []
    running = list(incident_selectors.running(actor, IncidentFilter())[:EACH])
    clocks = clock_selectors.running_for([incident.pk for incident in running])
    runs = C.CRISIS_RUN in actor.capabilities
    tasks = []
    for incident in running:
        live = [Running(each.code, each.duty.label, each.due_at)
                for each in clocks.get(incident.pk, [])]  # fmt: skip
        duty = next_duty(incident.state, has_lead=incident.lead_id is not None, running=live)
        words = duty.words if duty and runs else _("Incident being handled")
        mark = f" · {_('EXERCISE')}" if incident.exercise else ""
        tasks.append(
            Task(
                icon="crisis",
                what=words,
                title=f"{incident.code} {incident.title}{mark}",
                since=incident.since,
                url=address("incident-detail", args=[incident.pk]),
            )
        )
    return tasks


def reviews_waiting(actor: Actor, now: dt.datetime) -> list[Task]:
    """Versions in review that this reviewer may decide: not a contributor, own lines; those that
    she has taken and those that nobody has. What is overdue says so (T4)."""
    if C.TEMPLATES_REVIEW not in actor.capabilities:
        return []
    mine = Contributor.objects.filter(version=OuterRef("pk"), user=actor.user_id)
    waiting = (
        TemplateVersion.objects.filter(~Exists(mine), state="in_review")
        .filter(Q(taken_by=None) | Q(taken_by=actor.user_id) | Q(due_at__lt=now))
        .select_related("template")
        .order_by("submitted_at")
    )
    return [
        Task(
            icon="eye",
            what=_("Overdue: review this template")
            if version.due_at is not None and version.due_at < now
            else _("Review this template"),
            title=f"{version.template.name} v{version.number}",
            since=version.submitted_at,
            url=address("version-review", "version-detail", args=[version.pk]),
        )
        for version in _own_lines(waiting, actor, "template__business_line")[:EACH]
    ]


def rereviews_waiting(actor: Actor) -> list[Task]:
    """Approved versions that this reviewer may look at again: not a contributor, own lines."""
    if C.TEMPLATES_REVIEW not in actor.capabilities:
        return []
    mine = Contributor.objects.filter(version=OuterRef("version"), user=actor.user_id)
    waiting = (
        ReReview.objects.filter(~Exists(mine), closed_at=None)
        .select_related("version__template")
        .order_by("opened_at")
    )
    return [
        Task(
            icon="refresh",
            what=_("Look at this template again"),
            title=f"{row.version.template.name} v{row.version.number}",
            since=row.opened_at,
            url=address("rereview", args=[row.pk]),
        )
        for row in _own_lines(waiting, actor, "version__template__business_line")[:EACH]
    ]


def consent_texts_waiting(actor: Actor) -> list[Task]:
    """Consent texts that this person could put in force."""
    return [
        Task(
            icon="eye",
            what=_("Review this consent text"),
            title=str(version),
            since=since,
            url=address("consent-text-version", args=[version.pk]),
        )
        for version, since in consent_texts.waiting(actor)[:EACH]
    ]


def releases_waiting(actor: Actor) -> list[Task]:
    """Notices that this releaser may let out: prepared by somebody else."""
    if C.NOTICES_RELEASE not in actor.capabilities:
        return []
    waiting = Notice.objects.visible_to(actor).filter(state="ready")
    waiting = waiting.exclude(prepared_by=actor.user_id).order_by("submitted_at")
    return [
        Task(
            icon="send",
            what=_("Release this notice"),
            title=notice.title,
            since=notice.submitted_at,
            url=address("notice-release", "notice-detail", args=[notice.pk]),
        )
        for notice in waiting[:EACH]
    ]


def statements_waiting(actor: Actor) -> list[Task]:
    """Statements for the public that this person could let out."""
    if actor.capabilities.isdisjoint(LET_OUT):
        return []
    return [
        Task(
            icon="crisis",
            what=_("Publish this statement (EXERCISE)")
            if statement.incident.exercise
            else _("Publish this statement"),
            title=f"{statement.incident.code} {statement.text['title']}",
            since=statement.drafted_at,
            url=address("crisis-statement", args=[statement.pk]),
        )
        for statement in statement_selectors.waiting_for(actor).order_by("drafted_at")[:EACH]
    ]


def drills_missing(actor: Actor, now: dt.datetime) -> list[Task]:
    """That the last twelve months lack drills, for those who can plan them (C12)."""
    if C.CRISIS_RUN not in actor.capabilities:
        return []
    missing = drill_selectors.missing(now)
    if not missing:
        return []
    return [
        Task(
            icon="flag",
            what=_("Plan a drill: two a year are owed"),
            title=ngettext(
                "%(n)s drill is missing in the last twelve months",
                "%(n)s drills are missing in the last twelve months",
                missing,
            )
            % {"n": missing},
            since=None,
            url=address("crisis-drills"),
        )
    ]


def drafts_returned(actor: Actor) -> list[Task]:
    """Versions that came back to their author and have no successor yet."""
    if C.TEMPLATES_DRAFT not in actor.capabilities:
        return []
    returned = TemplateVersion.objects.filter(
        state="returned", edited_by=actor.user_id, successors__isnull=True
    )
    return [
        Task(
            icon="undo",
            what=_("Revise this template; it was returned"),
            title=f"{version.template.name} v{version.number}",
            since=version.decided_at,
            url=address("version-detail", "version-review", args=[version.pk]),
        )
        for version in returned.select_related("template").order_by("decided_at")[:EACH]
    ]


def exports_waiting(actor: Actor) -> list[Task]:
    """Exports that this person could approve."""
    return [
        Task(
            icon="export",
            what=_("Decide about this export"),
            title=export.recipient,
            since=export.requested_at,
            url=address("export-detail", args=[export.pk]),
        )
        for export in export_selectors.waiting_for(actor)[:EACH]
    ]


def notices_paused(actor: Actor) -> list[Task]:
    """Notices that were stopped and wait for a decision."""
    if C.NOTICES_CONTROL not in actor.capabilities:
        return []
    paused = Notice.objects.visible_to(actor).filter(state="paused").order_by("released_at")
    return [
        Task(
            icon="pause",
            what=_("Resume or cancel this notice"),
            title=notice.title,
            since=notice.released_at,
            url=address("notice-detail", args=[notice.pk]),
        )
        for notice in paused[:EACH]
    ]


def imports_checked(actor: Actor) -> list[Task]:
    """Dry runs of this person that were not followed by the import itself."""
    if C.INVESTORS_IMPORT not in actor.capabilities:
        return []
    checked = ImportBatch.objects.filter(state="checked", created_by=actor.user_id)
    return [
        Task(
            icon="upload",
            what=_("Finish this import; it was only checked"),
            title=batch.file_name,
            since=batch.created_at,
            url=address("import-detail", args=[batch.pk]),
        )
        for batch in checked.order_by("created_at")[:EACH]
    ]


def exports_ready(actor: Actor) -> list[Task]:
    """Exports of the last week that this person asked for and can download."""
    if C.EXPORTS_DOWNLOAD not in actor.capabilities:
        return []
    ready = Export.objects.filter(state="ready", requested_by=actor.user_id)
    return [
        Task(
            icon="download",
            what=_("Download this export"),
            title=export.recipient or export.reason,
            since=export.finished_at,
            url=address("export-detail", "export-list", args=[export.pk]) or address("export-list"),
        )
        for export in ready[:EACH]
    ]


def access_review_missing(actor: Actor, now: dt.datetime) -> list[Task]:
    """The access review of the quarter that has ended, while nobody signed it (L10)."""
    if C.ACCESS_REVIEW not in actor.capabilities or not access_reviews.is_due(now):
        return []
    return [
        Task(
            icon="shield",
            what=_("Review who has access"),
            title=str(_("The review of the last quarter is missing")),
            since=None,
            url=address("access-reviews"),
        )
    ]


def shredding_waiting(actor: Actor) -> list[Task]:
    """Proposals to shred what is due: to put forward, or to decide on (L7)."""
    states = {C.RETENTION_MANAGE: "proposed", C.RETENTION_APPROVE: "submitted"}
    mine = [state for capability, state in states.items() if capability in actor.capabilities]
    if not mine:
        return []
    waiting = RetentionProposal.objects.filter(state__in=mine).exclude(submitted_by=actor.user_id)
    return [
        Task(
            icon="archive",
            what=_("Decide what is shredded"),
            title=str(proposal),
            since=proposal.submitted_at or proposal.made_at,
            url=address("retention-proposal", args=[proposal.pk]),
        )
        for proposal in waiting[:EACH]
    ]


def risks_waiting(actor: Actor, now: dt.datetime) -> list[Task]:
    """Risks to accept or not, risks whose acceptance ran out, rounds to hold (R1, R3)."""
    found: list[Task] = []
    if C.RISK_APPROVE in actor.capabilities:
        for asked in risks.proposed(actor)[:EACH]:
            what = _("Decide whether the house lives with this risk")
            found.append(_risk_task(what, asked.risk, asked.proposed_at))
    if actor.capabilities & {C.RISK_EDIT, C.RISK_APPROVE}:
        what = _("Its acceptance ran out: decide anew")
        found += [_risk_task(what, risk, None) for risk in risks.expired_open(now)[:EACH]]
    if C.RISK_EDIT in actor.capabilities:
        found += [
            Task(
                "clock",
                _("Hold this round of identification"),
                str(late),
                None,
                address("risk-round", args=[late.pk]),
            )
            for late in risk_rounds.overdue(risks.today_of(now))[:EACH]
        ]
    return found


def _risk_task(what: str | Promise, risk: Risk, since: dt.datetime | None) -> Task:
    url = address("risk-detail", args=[risk.pk])
    return Task(icon="risk", what=what, title=str(risk), since=since, url=url)


def _own_lines(rows: Any, actor: Actor, path: str) -> Any:
    if C.LINES_ALL in actor.capabilities:
        return rows
    return rows.filter(**{f"{path}__in": actor.lines})


def first_steps(actor: Actor) -> list[Mapping[str, object]]:
    """What somebody with these capabilities does first in an empty installation."""
    steps = (
        (C.TEMPLATES_DRAFT, "plus", _("Draft a template"), "template-new"),
        (C.INVESTORS_IMPORT, "upload", _("Import investors"), "import-new"),
        (C.NOTICES_PREPARE, "notice", _("Prepare a notice"), "notice-new"),
        (C.AUDIT_BROWSE, "audit", _("Browse the audit history"), "audit-list"),
        (C.EXPORTS_CREATE, "export", _("Make an export for a regulator"), "export-new"),
    )
    return [
        {"icon": icon, "label": label, "url": url}
        for capability, icon, label, route in steps
        if capability in actor.capabilities and (url := address(route))
    ]
