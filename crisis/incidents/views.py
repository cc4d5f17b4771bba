"""Pages of incidents: the list, one incident, its timeline, starting one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.actor import Actor
from core.errors import InvalidInput
from core.forms import add_error
from core.pages import is_htmx, query_with, staff_page
from core.roles import Capability as C
from crisis import panels
from crisis.clocks import selectors as clocks
from crisis.incidents import drawing, report, selectors
from crisis.incidents.duties import Duty, Running, next_duty
from crisis.incidents.files import Upload
from crisis.incidents.forms import FilterForm, LogForm, StartForm
from crisis.incidents.models import Incident
from crisis.incidents.rules import State
from crisis.incidents.selectors import IncidentFilter
from crisis.incidents.services import writing
from crisis.incidents.services.activating import activate
from crisis.plans import rules as plans

_WORKER = Path(__file__).parents[1] / "static" / "crisis" / "incident-worker.js"
_see = staff_page(C.CRISIS_VIEW)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@require_GET
@_see
def incident_list(request: HttpRequest) -> HttpResponse:
    """Open incidents first, then those that are over."""
    actor, form = actor_of(request), FilterForm(request.GET)
    typed = form.cleaned_data if form.is_valid() else {}
    filters = IncidentFilter(**typed) if typed else IncidentFilter()
    page = selectors.ended_page(actor, filters, request.GET.get("cursor"))
    running = [] if request.GET.get("cursor") else list(selectors.running(actor, filters)[:200])
    nearest = clocks.running_for([incident.pk for incident in running])
    context = {
        "filter": form,
        "open": [
            (incident, next(iter(nearest.get(incident.pk, [])), None)) for incident in running
        ],
        "over": page.items,
        "filtered": any(typed.values()),
        "may_start": C.CRISIS_ACTIVATE in actor.capabilities,
        "previous_url": query_with(request.GET, cursor=page.previous_cursor)
        if page.previous_cursor
        else "",
        "next_url": query_with(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
    }
    return render(request, "crisis/incidents/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(C.CRISIS_ACTIVATE)
def incident_new(request: HttpRequest) -> HttpResponse:
    """Start an incident; the title is enough."""
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            incident = activate(**form.cleaned_data, actor=actor_of(request), now=clock.now())
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect("incident-detail", incident.pk)
    status = 422 if form.errors else 200
    return render(request, "crisis/incidents/new.html", {"form": form}, status=status)


@require_GET
@_see
def incident_detail(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident: what it is, who leads, which clocks run, what is next, what happened."""
    actor, now = actor_of(request), clock.now()
    incident = selectors.incident_for(actor, incident_id)
    context = {
        **live_context(request, incident, now),
        "panels": panels.built(incident, actor, now),
        "roles": selectors.roles_of(incident),
        "tier_history": tier_history(incident),
        "moves": moves_of(incident, actor),
        "may_lead": may_lead(incident, actor),
        "may_audit": C.AUDIT_BROWSE in actor.capabilities,
        "form": LogForm(),
    }
    return render(request, "crisis/incidents/detail.html", context)


@require_GET
@_see
def incident_live(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The part of the page that moves; 204 when nothing was written since `lines`."""
    incident = selectors.incident_for(actor_of(request), incident_id)
    if request.GET.get("lines") == str(selectors.lines_written(incident)):
        return HttpResponse(status=204)
    context = live_context(request, incident, clock.now())
    return render(request, "crisis/incidents/parts/live.html", context)


def live_context(request: HttpRequest, incident: Incident, now: dt.datetime) -> dict[str, Any]:
    """What the moving part shows. A fixed number of queries."""
    actor = actor_of(request)
    cursor = request.GET.get("cursor")
    page = selectors.timeline(incident, cursor)
    shown = [each for each in clocks.clocks_of(incident, now) if each.clock.is_live]
    running = [Running(each.clock.code, each.label, each.clock.due_at) for each in shown]
    return {
        "incident": incident,
        "tier": plans.level_name(incident.plan, incident.tier) if incident.tier else "",
        "duty": next_duty(incident.state, has_lead=incident.lead_id is not None, running=running),
        "clocks": shown,
        "entries": page.items,
        "lines": selectors.lines_written(incident),
        "newest": not cursor,
        "may_log": C.CRISIS_LOG in actor.capabilities,
        "may_run": C.CRISIS_RUN in actor.capabilities,
        "older_url": query_with(request.GET, cursor=page.next_cursor, lines=None)
        if page.next_cursor
        else "",
        "newer_url": query_with(request.GET, cursor=page.previous_cursor, lines=None)
        if page.previous_cursor
        else "",
    }


def tier_history(incident: Incident) -> list[dict[str, Any]]:
    """The decisions about the tier, in words."""

    def name(code: str) -> str:
        return plans.level_name(incident.plan, code) if code else ""

    return [
        {
            "row": row,
            "before": name(row.before),
            "tier": name(row.tier),
            "proposed": name(row.proposed),
            "overridden": bool(row.proposed) and row.proposed != row.tier,
        }
        for row in selectors.tier_history(incident)
    ]


_MOVES = (
    ("incident-verify", gettext_lazy("Verify"), "check-circle", {State.ALARMED}),
    ("incident-restore", gettext_lazy("Restored"), "check", {State.VERIFIED}),
    ("incident-relapse", gettext_lazy("Failed again"), "refresh", {State.RESTORED}),
    ("incident-close", gettext_lazy("Close"), "archive", {State.RESTORED}),
    ("incident-tier", gettext_lazy("Change the tier"), "flag", {State.VERIFIED, State.RESTORED}),
    ("incident-moment", gettext_lazy("Record a moment"), "clock",
     {State.ALARMED, State.VERIFIED, State.RESTORED}),
    ("incident-role", gettext_lazy("Assign a role"), "user",
     {State.ALARMED, State.VERIFIED, State.RESTORED}),
    ("incident-duplicate", gettext_lazy("Duplicate"), "copy", {State.ALARMED, State.VERIFIED}),
    ("incident-dismiss", gettext_lazy("False alarm"), "ban", {State.ALARMED, State.VERIFIED}),
)  # fmt: skip


def moves_of(incident: Incident, actor: Actor) -> list[dict[str, Any]]:
    """The moves that the state allows, as links."""
    if C.CRISIS_RUN not in actor.capabilities:
        return []
    return [
        {"url": reverse(route, args=[incident.pk]), "label": label, "icon": icon}
        for route, label, icon, states in _MOVES
        if incident.state in states
    ]


def may_lead(incident: Incident, actor: Actor) -> bool:
    """Whether the reader could take the lead."""
    if not incident.is_open or actor.user_id is None or incident.lead_id == actor.user_id:
        return False
    named = {person for post in plans.posts(incident.plan) for person in post.people}
    return C.CRISIS_RUN in actor.capabilities or str(actor.user_id) in named


def duty_url(incident: Incident, duty: Duty | None) -> str:
    """Where the next duty is done."""
    return reverse(duty.route, args=[incident.pk]) if duty and duty.route else ""


@require_POST
@staff_page(C.CRISIS_LOG)
def incident_log(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Write a line. A program on the page gets 204, or the refusal in words."""
    form = LogForm(request.POST)
    if form.is_valid():
        try:
            writing.log(
                incident_id=incident_id,
                **form.cleaned_data,
                uploads=cast(list[Upload], request.FILES.getlist("file")),
                actor=actor_of(request),
                now=clock.now(),
            )
        except InvalidInput as error:
            form.add_error(None, str(error))
        else:
            if is_htmx(request):
                return HttpResponse(status=204)
            return redirect(f"{reverse('incident-detail', args=[incident_id])}#timeline")
    if is_htmx(request):
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return HttpResponse(words, status=422, content_type="text/plain; charset=utf-8")
    incident = selectors.incident_for(actor_of(request), incident_id)
    context = {"incident": incident, "form": form, "text": request.POST.get("text", "")}
    return render(request, "crisis/incidents/log.html", context, status=422)


@require_POST
@_see
def incident_file(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """A photo or file, to be saved, never shown in place. Recorded."""
    attachment, sealed = writing.download(
        attachment_id=attachment_id, actor=actor_of(request), now=clock.now()
    )
    answer = FileResponse(
        sealed.open(),
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.content_type,
    )
    answer["Content-Length"] = str(attachment.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer  # type: ignore[return-value]


@require_POST
@_see
def incident_report(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The incident file as PDF. Recorded."""
    actor = actor_of(request)
    incident = selectors.incident_for(actor, incident_id)
    made = report.make(incident, actor=actor, now=clock.now())
    name = f"{incident.code}.pdf"
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
def incident_worker(request: HttpRequest) -> HttpResponse:
    """The service worker of the incident pages. It lies below /incidents/, which is its scope, and
    holds no data."""
    return HttpResponse(
        _WORKER.read_bytes(),
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )


@require_GET
@_see
def incident_picture(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The course of an incident as a drawing, with its figures."""
    now = clock.now()
    incident = selectors.incident_for(actor_of(request), incident_id)
    shown = clocks.clocks_of(incident, now)
    course = drawing.course(selectors.course_of(incident, shown, now))
    context = {"incident": incident, "course": course, "clocks": shown}
    return render(request, "crisis/incidents/picture.html", context)


@require_GET
@_see
def incident_responses(request: HttpRequest) -> HttpResponse:
    """Response times of past incidents against the benchmark."""
    rows = selectors.responses(actor_of(request))
    verified = [row for row in rows if row.verify_minutes is not None]
    restored = [row for row in rows if row.restore_hours is not None]
    context = {
        "rows": rows,
        "verify_columns": [row.incident.code for row in verified],
        "verify": {
            _("Minutes to verify"): [row.verify_minutes for row in verified],
            _("Benchmark"): [selectors.VERIFY_MINUTES for _row in verified],
        },
        "restore_columns": [row.incident.code for row in restored],
        "restore": {
            _("Hours to restore"): [row.restore_hours for row in restored],
            _("Benchmark"): [selectors.RESTORE_HOURS for _row in restored],
        },
    }
    return render(request, "crisis/incidents/responses.html", context)
