"""Clocks and reports for the API's own good requests, and the requests. The one who asks took no
part in anything here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from core import clock
from core.roles import Role
from crisis.clocks import services as clocks
from crisis.clocks.models import Clock, ClockTableVersion
from crisis.incidents.rules import MomentKind
from crisis.models import Moment, RegulatorReportVersion
from crisis.reports import services as reports
from tests.crisis.builders import make_actor, make_incident

REASON = {"reason": "Because"}
_FILLED = {"text": "Filled", "long": "Filled", "time": "2026-03-02 14:05+01:00", "number": "7"}


def make_clocks() -> dict[str, Clock]:
    """A major incident: its clocks by their codes, and a paused one of another as `paused`."""
    now, officer = clock.now(), make_actor(Role.CRISIS_OFFICER)
    incident = make_incident("Clocks run", now=now, actor=officer)
    Moment.objects.create(incident=incident, kind=MomentKind.MAJOR, at=now, recorded_at=now)
    clocks.at_moment(
        incident=incident, moment=MomentKind.MAJOR.value, at=now, actor=officer, now=now
    )
    other = make_incident("A clock stands", now=now, actor=officer).clocks.get()
    clocks.pause(clock_id=other.pk, reason="Because", actor=officer, now=now)
    return {**{each.code: each for each in incident.clocks.all()}, "paused": other}


def make_report(clock_id: Any, *, until: str = "draft") -> RegulatorReportVersion:
    """A report with nothing empty, as far as `until`: draft, in_review or approved."""
    writer, now = make_actor(Role.CRISIS_OFFICER), clock.now() - dt.timedelta(minutes=1)
    version = reports.start(clock_id=clock_id, actor=writer, now=now)
    answers = {
        field.name: version.answers[field.name] or _FILLED[field.kind]
        for field in version.report.form.fields
    }
    version = reports.save(version_id=version.pk, answers=answers, actor=writer, now=now)
    if until == "draft":
        return version
    version = reports.submit(version_id=version.pk, actor=writer, now=now)
    if until == "in_review":
        return version
    return reports.approve(
        version_id=version.pk, shown_hash=version.content_hash,
        actor=make_actor(Role.REVIEWER).with_step_up(now), now=now,
    )  # fmt: skip


def make_kept() -> dict[str, Any]:
    """What the requests below are about."""
    found = make_clocks()
    return {
        "clocks": found,
        "report_draft": make_report(found["dora_initial"].pk),
        "report_sent": make_report(found["cac_initial"].pk, until="in_review"),
        "report_approved": make_report(make_clocks()["dora_initial"].pk, until="approved"),
        "report_clock": make_clocks()["dora_initial"],
    }


def good(make: Callable[..., Any]) -> dict[str, Callable[[Any], Any]]:
    """One good request for every operation; `make` is `api_world.Good`."""

    def clock_of(code: str, body: object = None) -> Callable[[Any], Any]:
        return lambda world: make({"clock_id": world.kept["clocks"][code].pk}, body)

    def report(state: str, body: object = None) -> Callable[[Any], Any]:
        return lambda world: make({"version_id": world.kept[f"report_{state}"].pk}, body)

    def approval(world: Any) -> Any:
        version = world.kept["report_sent"]
        return make({"version_id": version.pk}, {"shown_hash": version.content_hash})

    def hand_in(world: Any) -> Any:
        body = {
            "how": "phone", "reference": "T-1", "receipt_text": "By phone",
            "at": clock.now().isoformat(),
        }  # fmt: skip
        return make({"version_id": world.kept["report_approved"].pk}, body)

    def table_version(_world: Any) -> Any:
        return make({"version_id": ClockTableVersion.objects.get(state="approved").pk}, None)

    def nothing(_world: Any) -> Any:
        return make()

    return {
        "clocks_list": nothing,
        "clocks_read": clock_of("verify"),
        "clocks_pause": clock_of("verify", REASON),
        "clocks_resume": clock_of("paused", REASON),
        "clocks_call_off": clock_of("cac_initial", REASON),
        "clock_table_read": nothing,
        "clock_table_versions_read": table_version,
        "regulator_reports_list": nothing,
        "regulator_reports_read": report("draft"),
        "regulator_reports_save": report("draft", {"answers": {"what": "Words"}}),
        "regulator_reports_start": lambda world: make(
            {"clock_id": world.kept["report_clock"].pk}, None
        ),
        "regulator_reports_hand_in": hand_in,
        "regulator_report_versions_submit": report("draft"),
        "regulator_report_versions_approve": approval,
        "regulator_report_versions_return": report("sent", REASON),
    }
