"""Record kinds, the end of a relationship, and the alarm of a removed witness: laid out well, on a
desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from audit import alarms
from audit.retention import services
from core import clock
from core.actor import system
from tests.audit.retention import manager
from tests.browser.conftest import Visitor
from tests.browser.test_pages import SIZES, everyone
from tests.builders import make_investor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


@SIZES
def test_pages_that_keep(visit: Callable[..., Visitor], window: dict[str, int], settings) -> None:
    settings.LEDGER_WITNESSES = []
    now = clock.now()
    schedule = services.draft_schedule(reason="Kinds", actor=manager(), now=now)
    payload = {"witness": "witness.example/gone", "cosigned": 3}
    alarms.sound("audit.witness_refused", actor=system("test"), now=now, payload=payload)
    visitor = visit(window=window)
    visitor.sign_in(everyone())
    for route, args in (
        ("retention-kinds", [schedule.pk]),
        ("retention-version", [schedule.pk]),
        ("audit-ledger", []),
        ("investor-relationship", [make_investor().pk]),
    ):
        visitor.open(reverse(route, args=args))
        visitor.check(route)
