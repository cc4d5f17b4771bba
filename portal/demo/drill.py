"""The drill of the demo: a small crisis on the real workflow that reaches no investor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from core import clock
from crisis.drills import services as drills
from crisis.drills.models import Drill
from crisis.incidents.services.deciding import verify
from crisis.incidents.services.ending import close, restore
from crisis.incidents.services.writing import log
from crisis.learning import services as learning
from crisis.models import Incident
from crisis.pack import services as packs
from portal.demo import people
from portal.demo.walk import Walk, hold

TITLE = "交易系统中断演练 Trading outage drill"
LOGGED = (
    "网关重启，委托恢复排队。Gateway restarted; orders queue again.",
    "已通知营业部暂停受理。Branches told to hold orders.",
)


def drill(walk: Walk, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Planned, started, verified, logged, restored, closed and scored; a lesson is begun and the
    crisis pack made. Run again, it looks at the one that was held."""
    held = Drill.objects.filter(title=TITLE).first() or _hold_drill()
    incident = held.incident
    hold(incident is not None and incident.exercise, "the drill made no exercise")
    hold(bool(held.score), "the drill was not scored")
    return {"drill_points": held.score["total"], "drill_clocks_met": held.score["clocks_met"]}


def _hold_drill() -> Drill:
    officer = people.acting("crisis")
    planned = drills.plan(
        kind="incident", title=TITLE, nature="technical",
        scenario="早盘委托失败。Orders fail in the morning session.",
        scope={"systems": ["order gateway"], "investors": 1200},
        planned_for=clock.now() + dt.timedelta(hours=1),
        participants=[officer.user_id] if officer.user_id else [],
        actor=officer, now=clock.now(),
    )  # fmt: skip
    started = drills.start(drill_id=planned.pk, actor=officer, now=clock.now())
    incident = started.incident
    assert incident is not None
    _handle(incident)
    drills.end(
        drill_id=planned.pk, actor=officer, now=clock.now(),
        summary="全流程走了一遍。The whole workflow was walked through.",
    )  # fmt: skip
    learning.start_retrospective(incident_id=incident.pk, actor=officer, now=clock.now())
    packs.make_pack(actor=officer, now=clock.now())
    return Drill.objects.get(pk=planned.pk)


def _handle(incident: Incident) -> None:
    officer = people.acting("crisis")
    given: dict[str, Any] = {"incident_id": incident.pk, "actor": officer}
    verify(**given, nature="technical", scope=incident.scope, now=clock.now())
    for line in LOGGED:
        log(**given, text=line, now=clock.now())
    restore(**given, now=clock.now())
    closing = "演练结束，委托通畅。End of the exercise; orders pass."
    close(**given, words=closing, despite="演练 Exercise", now=clock.now())
