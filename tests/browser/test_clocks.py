"""Clocks, their table and reports to regulators in a browser: accessible, at both widths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from core import clock
from core.roles import Role
from crisis.clocks import services
from crisis.clocks.models import ClockTableVersion
from crisis.clocks.services import table
from crisis.reports import services as reports
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.browser.test_statements import look
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.clock_world import make_clocks, make_report

pytestmark = pytest.mark.django_db(transaction=True)


def changed_draft() -> ClockTableVersion:
    """A draft that changes a row and adds one."""
    given = {"actor": make_actor(Role.CRISIS_OFFICER), "now": clock.now()}
    version = table.new_version(**given)
    row = {**version.rows[0], "amount": 20}
    table.save_row(version_id=version.pk, row=row, replaces="verify", **given)
    return table.save_row(version_id=version.pk, row={**row, "code": "look_again"}, **given)


@LONG_LOOKS
def test_pages_of_clocks(visit: Callable[..., Visitor], window, language) -> None:
    now = clock.now()
    make_incident("交易系统中断", now=now - dt.timedelta(hours=3), exercise=True)
    found = make_clocks()
    services.tick(now=now)
    approved = make_report(found["dora_initial"].pk, until="approved")
    handed = make_report(make_clocks()["cac_initial"].pk, until="approved")
    reports.hand_in(
        version_id=handed.pk, how="portal", reference="CA-2026-17", at=clock.now(),
        receipt=b"%PDF-1.7", receipt_name="receipt.pdf", now=clock.now(),
        actor=make_actor(Role.CRISIS_OFFICER),
    )  # fmt: skip
    waiting = make_report(found["cac_initial"].pk, until="in_review")
    draft = make_report(make_clocks()["dora_initial"].pk)
    version = changed_draft()
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    look(visitor, "clock-list")
    look(visitor, "clock-list", which="breached")
    look(visitor, "clock-list", jurisdiction="us")
    look(visitor, "clock-detail", found["paused"].pk)
    look(visitor, "clock-detail", found["dora_initial"].pk, law=1)
    look(visitor, "clock-table")
    look(visitor, "clock-table-version", version.pk)
    look(visitor, "clock-table-row", version.pk, "dora_initial")
    look(visitor, "clock-table-row-new", version.pk)
    look(visitor, "regulator-report-list")
    look(visitor, "regulator-report", approved.pk)
    look(visitor, "regulator-report", waiting.pk, waiting=1)
    look(visitor, "regulator-report", handed.pk, handed=1)
    look(visitor, "regulator-report-edit", draft.pk)
    look(visitor, "incident-detail", approved.report.clock.incident_id)
