"""Links and what stands at their ends, with a fixed number of queries for any number of links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import alarms
from audit.browsing.labels import ACTIONS
from audit.models import Record
from comms.models import Notice
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.risks.links.models import Link
from crisis.risks.links.rules import End, Kind
from crisis.risks.models import Risk


@dataclass(frozen=True, slots=True)
class Shown:
    """One end of a link for a reader. `state` and `url` are blank where she may not look."""

    end: End
    title: str | Promise
    state: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A link seen from one side."""

    link: Link
    far: Shown

    @property
    def standing(self) -> bool:
        """Whether nobody has taken it back."""
        return getattr(self.link, "unlink", None) is None


def links_of(actor: Actor, end: End) -> list[Row]:
    """All links of one thing, standing ones first, then those that were taken back."""
    found = Link.objects.touching(end).select_related("by", "unlink", "unlink__by")
    links = list(found.order_by("-id"))
    shown = resolved(actor, {link.far_end(end) for link in links})
    rows = [Row(link, shown[link.far_end(end)]) for link in links]
    return sorted(rows, key=lambda row: not row.standing)


def resolved(actor: Actor, ends: Collection[End]) -> dict[End, Shown]:
    """What to show of each end: at most one query per kind."""
    by_kind: Mapping[str, set[UUID]] = defaultdict(set)
    for end in ends:
        by_kind[end.kind].add(end.id)
    found: dict[End, Shown] = {}
    if ids := by_kind[Kind.RISK]:
        found |= _risks(actor, ids)
    if ids := by_kind[Kind.INCIDENT]:
        found |= _incidents(actor, ids)
    if ids := by_kind[Kind.NOTICE]:
        found |= _notices(actor, ids)
    if ids := by_kind[Kind.ALERT]:
        found |= _alerts(actor, ids)
    hidden = {Kind.NOTICE.value: _("A notice that you may not see")}
    return {
        end: found.get(end, Shown(end, hidden.get(end.kind, _("Not shown to you")))) for end in ends
    }


def end_for(kind: str, target: str) -> End:
    """The end that somebody typed: a code (R-2026-001, INC-2026-0001) or an id.

    Raises NotFound when there is no such thing.
    """
    text = target.strip()
    found: UUID | None = None
    if kind == Kind.RISK:
        found = _by_code(Risk.objects.all(), text)
    elif kind == Kind.INCIDENT:
        found = _by_code(Incident.objects.all(), text)
    elif kind == Kind.NOTICE:
        found = _by_id(Notice.objects.all(), text)
    elif kind == Kind.ALERT:
        found = _by_id(alerts(), text)
    if found is None:
        raise NotFound(_("There is nothing of this kind with this code or id."))
    return End(kind, found)


def exists(actor: Actor, end: End) -> bool:
    """Whether the thing is there and this actor may know of it."""
    if end.kind == Kind.RISK:
        return Risk.objects.filter(pk=end.id).exists()
    if end.kind == Kind.INCIDENT:
        return Incident.objects.filter(pk=end.id).exists()
    if end.kind == Kind.NOTICE:
        return Notice.objects.visible_to(actor).filter(pk=end.id).exists()
    return alerts().filter(pk=end.id).exists()


def alerts() -> QuerySet[Record]:
    """The ledger records that are alerts: signals to crisis, and the ledger's own alarms."""
    return Record.objects.filter(action__startswith="signal.") | Record.objects.filter(
        action__in=alarms.ACTIONS
    )


def is_alert(action: str) -> bool:
    """Whether records of this action are alerts."""
    return action.startswith("signal.") or action in alarms.ACTIONS


def _by_code(rows: QuerySet[Any], text: str) -> UUID | None:
    found: UUID | None = rows.filter(code=text.upper()).values_list("pk", flat=True).first()
    return found or _by_id(rows, text)


def _by_id(rows: QuerySet[Any], text: str) -> UUID | None:
    try:
        wanted = UUID(text)
    except ValueError:
        return None
    found: UUID | None = rows.filter(pk=wanted).values_list("pk", flat=True).first()
    return found


def _address(route: str, key: UUID) -> str:
    try:
        return reverse(route, args=[key])
    except NoReverseMatch:
        return ""


def _risks(actor: Actor, ids: set[UUID]) -> dict[End, Shown]:
    may = Capability.RISK_VIEW in actor.capabilities
    return {
        (end := End(Kind.RISK, risk.pk)): Shown(
            end, str(risk), risk.state, _address("risk-detail", risk.pk)
        )
        for risk in Risk.objects.filter(pk__in=ids)
        if may
    }


def _incidents(actor: Actor, ids: set[UUID]) -> dict[End, Shown]:
    may = Capability.CRISIS_VIEW in actor.capabilities
    return {
        (end := End(Kind.INCIDENT, incident.pk)): Shown(
            end,
            f"{incident.code} {incident.title}",
            incident.state,
            _address("incident-detail", incident.pk),
        )
        for incident in Incident.objects.filter(pk__in=ids)
        if may
    }


def _notices(actor: Actor, ids: set[UUID]) -> dict[End, Shown]:
    may = Capability.NOTICES_VIEW in actor.capabilities
    rows = Notice.objects.visible_to(actor).filter(pk__in=ids) if may else ()
    return {
        (end := End(Kind.NOTICE, notice.pk)): Shown(
            end, notice.title, notice.state, _address("notice-detail", notice.pk)
        )
        for notice in rows
    }


def _alerts(actor: Actor, ids: set[UUID]) -> dict[End, Shown]:
    may = Capability.AUDIT_BROWSE in actor.capabilities
    found = {}
    for record in Record.objects.filter(pk__in=ids).only("id", "action", "recorded_at"):
        end = End(Kind.ALERT, record.pk)
        label = ACTIONS.get(record.action)
        words = label.words if label else record.action
        title = f"{words} · {record.recorded_at:%Y-%m-%d %H:%M} UTC"
        found[end] = Shown(end, title, "", _address("record-detail", record.pk) if may else "")
    return found
