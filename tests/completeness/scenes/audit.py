"""Scenes of reading the ledger."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from audit import sequencer, services, verify
from audit.browsing import services as browsing
from audit.browsing.rules import RecordFilter
from audit.export import building, handout, requests
from audit.keyring.models import Reason
from audit.keyring.services import rotate
from audit.models import Record
from audit.retention.models import HoldScope
from audit.retention.services import holds, reading
from audit.retention.services import schedules as schedule_services
from core import clock
from core.actor import Actor
from core.roles import Role
from tests.audit.retention import approver, manager
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of, make_line, make_user


def auditor() -> Actor:
    return actor_of(make_user(Role.AUDITOR))


def some_record() -> Record:
    """The first record of a log that is signed."""
    make_line()
    sequencer.catch_up(now=clock.now())
    return Record.objects.earliest("id")


@scene("audit.services.view_record")
def _view() -> Act:
    return call(services.view_record, record_id=some_record().pk, actor=auditor())


@scene("audit.services.take_proof")
def _proof() -> Act:
    return call(services.take_proof, record_id=some_record().pk, actor=auditor())


@scene("audit.services.request_verification")
def _request() -> Act:
    some_record()
    return call(services.request_verification, actor=auditor())


@scene("audit.verify.verify_log")
def _verify() -> Act:
    some_record()
    return call(verify.verify_log)


@scene("audit.retention.services.holds.place_hold")
def _hold() -> Act:
    user = make_user()
    words = {"scope": HoldScope.STAFF, "matter": "M-1", "reason": REASON, "subject": user.pk}
    return call(holds.place_hold, actor=manager(), **words)


@scene("audit.retention.services.schedules.draft_schedule")
def _draft() -> Act:
    return call(schedule_services.draft_schedule, reason=REASON, actor=manager())


# Browsing -------------------------------------------------------------------------------------


def _query() -> tuple[Actor, object]:
    actor = auditor()
    some_record()
    filters = RecordFilter(action="line.created")
    return actor, browsing.save_query(name="q", filters=filters, actor=actor, now=clock.now())


@scene("audit.browsing.services.browse")
def _browse() -> Act:
    return call(browsing.browse, filters=RecordFilter(), actor=auditor())


@scene("audit.browsing.services.browse_with_facets")
def _browse_with_facets() -> Act:
    words = {"filters": RecordFilter(), "zone": dt.UTC}
    return call(browsing.browse_with_facets, actor=auditor(), **words)


@scene("audit.browsing.services.download")
def _download() -> Act:
    return call(browsing.download, filters=RecordFilter(), layout="csv", actor=auditor())


@scene("audit.browsing.services.save_query")
def _save_query() -> Act:
    some_record()
    filters = RecordFilter(action="line.created")
    return call(browsing.save_query, name="q", filters=filters, actor=auditor())


@scene("audit.browsing.services.run_query")
def _run_query() -> Act:
    actor, query = _query()
    return call(browsing.run_query, query_id=query.pk, actor=actor)


@scene("audit.browsing.services.retire_query")
def _retire_query() -> Act:
    actor, query = _query()
    return call(browsing.retire_query, query_id=query.pk, actor=actor)


# Exports --------------------------------------------------------------------------------------


def _officer() -> Actor:
    return actor_of(make_user(Role.PRIVACY_OFFICER))


def _period() -> dict[str, object]:
    now = clock.now()
    return {
        "period": (now - dt.timedelta(days=1), now + dt.timedelta(days=1)),
        "reason": REASON,
        "recipient": "监管局",
    }


def _requested(actor: Actor | None = None):
    some_record()
    actor = actor or auditor()
    return requests.request_export(actor=actor, now=clock.now(), **_period())


def _approved():
    return requests.approve_export(export_id=_requested().pk, actor=_officer(), now=clock.now())


def _ready():
    return building.build_export(export_id=_approved().pk, now=clock.now())


@scene("audit.export.requests.request_export")
def _request_export() -> Act:
    some_record()
    return call(requests.request_export, actor=auditor(), **_period())


@scene("audit.export.requests.approve_export")
def _approve_export() -> Act:
    return call(requests.approve_export, export_id=_requested().pk, actor=_officer())


@scene("audit.export.requests.refuse_export")
def _refuse_export() -> Act:
    words = {"export_id": _requested().pk, "reason": REASON}
    return call(requests.refuse_export, actor=_officer(), **words)


@scene("audit.export.requests.withdraw_export")
def _withdraw_export() -> Act:
    actor = auditor()
    words = {"export_id": _requested(actor).pk, "reason": REASON}
    return call(requests.withdraw_export, actor=actor, **words)


@scene("audit.export.requests.expire_exports")
def _expire() -> Act:
    _ready()
    later = clock.now() + dt.timedelta(days=400)
    return lambda: requests.expire_exports(now=later)


@scene("audit.export.building.build_export")
def _build() -> Act:
    return call(building.build_export, export_id=_approved().pk)


@scene("audit.export.building.build_waiting")
def _build_waiting() -> Act:
    _approved()
    later = clock.now() + dt.timedelta(minutes=5)
    return lambda: building.build_waiting(now=later)


@scene("audit.export.handout.download_export")
def _hand_out() -> Act:
    actor = auditor()
    return call(handout.download_export, export_id=_ready().pk, actor=actor)


@scene("audit.export.handout.copy_bag")
def _copy_bag() -> Act:
    target = Path(tempfile.mkdtemp()) / "bag"
    return call(handout.copy_bag, export_id=_ready().pk, target=target, actor=auditor())


# Retention ------------------------------------------------------------------------------------

RULE = schedule_services.RuleWords(
    code="house-short",
    name="Short",
    name_zh="短期",
    kinds=["telemetry"],
    jurisdictions=["CN"],
    bound="at_least",
    amount=30,
    unit="days",
    basis="record",
    source="house rule",
)


def _drafted(actor: Actor):
    return schedule_services.draft_schedule(reason=REASON, actor=actor, now=clock.now())


def _submitted():
    actor = manager()
    draft, now = _drafted(actor), clock.now()
    schedule_services.save_rule(schedule_id=draft.pk, words=RULE, actor=actor, now=now)
    return schedule_services.submit_schedule(schedule_id=draft.pk, actor=actor, now=now)


@scene("audit.retention.services.schedules.save_rule")
def _save_rule() -> Act:
    actor = manager()
    words = {"schedule_id": _drafted(actor).pk, "words": RULE}
    return call(schedule_services.save_rule, actor=actor, **words)


@scene("audit.retention.services.schedules.change_scope")
def _change_scope() -> Act:
    actor = manager()
    words = {"schedule_id": _drafted(actor).pk, "jurisdictions": ["CN", "US"], "lines": {}}
    return call(schedule_services.change_scope, actor=actor, **words)


@scene("audit.retention.services.reading.note_holds_read")
def _holds_read() -> Act:
    return call(reading.note_holds_read, shown=2, actor=manager())


@scene("audit.retention.services.reading.note_retention_read")
def _retention_read() -> Act:
    words = {"what": "retention_schedules", "shown": 2}
    return call(reading.note_retention_read, actor=manager(), **words)


@scene("audit.retention.services.schedules.change_assignments")
def _change_assignments() -> Act:
    actor = manager()
    words = {"schedule_id": _drafted(actor).pk, "assignments": [("notice.", "business")]}
    return call(schedule_services.change_assignments, actor=actor, **words)


@scene("audit.retention.services.schedules.submit_schedule")
def _submit_schedule() -> Act:
    actor = manager()
    draft = _drafted(actor)
    schedule_services.save_rule(schedule_id=draft.pk, words=RULE, actor=actor, now=clock.now())
    return call(schedule_services.submit_schedule, schedule_id=draft.pk, actor=actor)


@scene("audit.retention.services.schedules.approve_schedule")
def _approve_schedule() -> Act:
    return call(schedule_services.approve_schedule, schedule_id=_submitted().pk, actor=approver())


@scene("audit.retention.services.schedules.refuse_schedule")
def _refuse_schedule() -> Act:
    words = {"schedule_id": _submitted().pk, "reason": REASON}
    return call(schedule_services.refuse_schedule, actor=approver(), **words)


@scene("audit.retention.services.holds.release_hold")
def _release_hold() -> Act:
    user = make_user()
    words = {"scope": HoldScope.STAFF, "matter": "M-1", "reason": REASON, "subject": user.pk}
    hold = holds.place_hold(actor=manager(), now=clock.now(), **words)
    return call(holds.release_hold, hold_id=hold.pk, reason=REASON, actor=approver())


@scene("audit.keyring.services.rotate")
def _rotate() -> Act:
    some_record()
    administrator = actor_of(make_user(Role.ADMINISTRATOR))
    return call(rotate, reason=Reason.SCHEDULED, actor=administrator)
