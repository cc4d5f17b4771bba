"""Scenes of indicators, costs and benefits."""

from __future__ import annotations

import datetime as dt

from core import clock
from core.roles import Role
from crisis.indicators import services
from crisis.indicators.models import Account, IndicatorTableVersion
from investors.models import ImportBatch
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import make_line
from tests.crisis.builders import make_actor
from tests.recorded import recorded

MONTH = dt.date(2026, 5, 1)
_ENTRY = {
    "year": 2026, "is_benefit": False, "amount": "5", "what": "Line", "reckoning": "contract",
}  # fmt: skip


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _reviewer():
    return make_actor(Role.REVIEWER)


def _draft() -> IndicatorTableVersion:
    return call(services.new_version, actor=_officer())()


def _submitted() -> IndicatorTableVersion:
    return call(services.submit, version_id=_draft().pk, actor=_officer())()


def _account() -> Account:
    return call(services.add_account, actor=_officer(), **_ENTRY)()


@scene("crisis.indicators.services.new_version")
def _new() -> Act:
    return call(services.new_version, actor=_officer())


@scene("crisis.indicators.services.save")
def _save() -> Act:
    draft = _draft()
    words = {"rows": draft.rows, "goals": draft.goals}
    return call(services.save, version_id=draft.pk, actor=_officer(), **words)


@scene("crisis.indicators.services.submit")
def _submit() -> Act:
    return call(services.submit, version_id=_draft().pk, actor=_officer())


@scene("crisis.indicators.services.approve")
def _approve() -> Act:
    version = _submitted()
    return call(
        services.approve, version_id=version.pk, shown_hash=version.content_hash, actor=_reviewer()
    )


@scene("crisis.indicators.services.return_version")
def _return() -> Act:
    version = _submitted()
    return call(services.return_version, version_id=version.pk, reason=REASON, actor=_reviewer())


@scene("crisis.indicators.services.read_months")
def _read() -> Act:
    at = clock.now() - dt.timedelta(days=40)
    with recorded():
        ImportBatch.objects.create(
            file_name="x.csv", business_line=make_line(), state="done",
            totals={"read": 200, "rejected": 13}, created_at=at, finished_at=at,
        )  # fmt: skip
    return call(services.read_months)


@scene("crisis.indicators.services.write_reading")
def _write() -> Act:
    words = {"month": MONTH, "code": "staff_errors", "value": "1", "note": "reconciliation"}
    return call(services.write_reading, actor=_officer(), **words)


@scene("crisis.indicators.services.add_account")
def _add() -> Act:
    return call(services.add_account, actor=_officer(), **_ENTRY)


@scene("crisis.indicators.services.reverse_account")
def _reverse() -> Act:
    words = {"account_id": _account().pk, "reason": REASON}
    return call(services.reverse_account, actor=_officer(), **words)
