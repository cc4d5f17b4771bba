"""Reads of reports, and the facts that pre-fill them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from crisis.clocks.models import Clock
from crisis.clocks.rules import REPORT
from crisis.clocks.selectors import ClockShown, clocks_of, reached_by
from crisis.incidents.models import Entry, Incident
from crisis.incidents.rules import NATURE_LABELS, EntryKind, MomentKind, Nature
from crisis.plans.rules import level_name
from crisis.reports.definitions import form_for
from crisis.reports.models import RegulatorReport, RegulatorReportVersion
from crisis.reports.rules import written_time

MEASURES = 30  # lines of the timeline that a form begins with


def facts_of(clock: Clock, actor: Actor) -> dict[str, str]:
    """What the incident of `clock` tells by itself, in the language of the form and the zone of
    the jurisdiction (`rules.FACTS`)."""
    incident, zone = clock.incident, clock.duty.calendar.zone
    reached = reached_by(incident)
    times = {
        "since": incident.since,
        "aware": reached.get(MomentKind.AWARE.value),
        "classified": reached.get(MomentKind.MAJOR.value),
        "material": reached.get(MomentKind.MATERIAL.value),
        "paid": reached.get(MomentKind.PAID.value),
        "restored": reached.get(MomentKind.RESTORED.value),
    }
    scope = incident.scope
    with translation.override(form_for(clock.code).language):
        words = {
            "nature": str(NATURE_LABELS[Nature(incident.nature)]) if incident.nature else "",
            "tier": level_name(incident.plan, incident.tier) if incident.tier else "",
        }
    return {
        **{name: written_time(at, zone) for name, at in times.items() if at is not None},
        **words,
        "code": incident.code,
        "title": incident.title,
        "systems": "\n".join(scope.get("systems", [])),
        "products": "\n".join(scope.get("products", [])),
        "investors": str(scope.get("investors", "")),
        "measures": _measures(incident, clock),
        "contact": str(incident.lead) if incident.lead_id else actor.label,
    }


def _measures(incident: Incident, clock: Clock) -> str:
    told = [EntryKind.NOTE.value, EntryKind.COMMUNICATION.value]
    newest = Entry.objects.filter(incident=incident, kind__in=told).order_by("-at", "-id")
    zone = clock.duty.calendar.zone
    lines = [f"{written_time(entry.at, zone)} {entry.text}" for entry in newest[:MEASURES]]
    return "\n".join(reversed(lines))


def _versions() -> QuerySet[RegulatorReportVersion]:
    return RegulatorReportVersion.objects.select_related(
        "report__clock__incident", "edited_by", "submitted_by", "decided_by", "submission__by"
    ).defer("submission__receipt")


def version_for(actor: Actor, version_id: UUID) -> RegulatorReportVersion:
    """One version with its report; raises NotFound."""
    require(actor, Capability.CRISIS_VIEW)
    found = _versions().filter(pk=version_id).first()
    if found is None:
        raise NotFound(_("There is no such report."))
    return found


def all_versions(actor: Actor) -> QuerySet[RegulatorReportVersion]:
    """All versions of all reports, for the API."""
    require(actor, Capability.CRISIS_VIEW)
    return _versions()


def versions_of(report: RegulatorReport) -> list[RegulatorReportVersion]:
    """All versions of a report, newest first."""
    return list(_versions().filter(report=report))


def reports() -> QuerySet[RegulatorReport]:
    """All reports with their versions, newest first, for the list."""
    return RegulatorReport.objects.select_related("clock__incident").prefetch_related(
        Prefetch("versions", queryset=_versions())
    )


@dataclass(frozen=True, slots=True)
class DueReport:
    """A clock that a report meets, with the newest version of that report, if there is one."""

    shown: ClockShown
    version: RegulatorReportVersion | None

    @property
    def regulator(self) -> str:
        """Whom it goes to."""
        return form_for(self.shown.clock.code).regulator

    @property
    def state(self) -> str:
        """The state of the report; `handed_in` once it was, `missing` before it was begun."""
        if self.version is None:
            return "missing"
        return "handed_in" if hasattr(self.version, "submission") else self.version.state


def due_reports(incident: Incident, now: dt.datetime) -> list[DueReport]:
    """The reports that the clocks of `incident` ask for, in the order of its clocks. Three
    queries."""
    asked = [each for each in clocks_of(incident, now) if each.row.met_by == REPORT]
    newest: dict[UUID, RegulatorReportVersion] = {}
    for version in _versions().filter(report__clock__incident=incident).order_by("number"):
        newest[version.report.clock_id] = version
    return [DueReport(each, newest.get(each.clock.pk)) for each in asked]
