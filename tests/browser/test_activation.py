"""The crisis plan, calls, criteria and signals in the browser."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.urls import reverse

from core import clock
from core.models import User
from crisis.criteria import services as criteria
from crisis.escalation import services
from crisis.escalation.models import Call, Page
from crisis.models import CrisisPlan, CriterionSet
from crisis.plans import services as plans
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LONG_LOOKS, SIZES, everyone
from tests.core.builders import actor_of
from tests.crisis.calling import incident_under, officer
from tests.crisis.test_criteria import report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def scene(user: User) -> dict[str, UUID]:
    """A call that waits, one that nobody answered, drafts, and signals of each kind."""
    now = clock.now()
    incident = incident_under(now, operations=[user, officer()], legal=[officer("l@example.com")])
    services.call_out(
        incident=incident, role_codes=["technical", "legal"], actor=services.CALLER, now=now
    )
    report(value=200, at=now, now=now)
    report(value=10, at=now, now=now)
    actor = actor_of(user)
    plan = plans.new_version(plan_id=CrisisPlan.objects.get().pk, actor=actor, now=now)
    rows = criteria.new_version(set_id=CriterionSet.objects.get().pk, actor=actor, now=now)
    call = Call.objects.filter(person=user).order_by("pk")[0]
    return {"call": call.pk, "plan": plan.pk, "rows": rows.pk, "incident": incident.pk}


PAGES = [
    ("call-list", ""), ("call-detail", "call"), ("crisis-plan", ""),
    ("crisis-plan-version", "plan"), ("crisis-plan-edit", "plan"), ("criteria", ""),
    ("criteria-version", "rows"), ("criteria-edit", "rows"), ("signal-list", ""),
    ("incident-detail", "incident"),
]  # fmt: skip


@LONG_LOOKS
def test_pages(visit: Callable[..., Visitor], window: dict[str, int], language: str) -> None:
    user = everyone(language)
    made = scene(user)
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)
    for route, subject in PAGES:
        visitor.open(reverse(route, args=[made[subject]] if subject else []))
        visitor.check(route)


@SIZES
def test_one_tap_on_any_page_acknowledges(
    visit: Callable[..., Visitor], window: dict[str, int]
) -> None:
    user = everyone()
    made = scene(user)
    visitor = visit(window=window)
    visitor.sign_in(user)
    page = visitor.open(reverse("account"))
    page.get_by_role("button", name="I take this on").first.click()
    page.wait_for_load_state()
    assert "You have taken this on" in page.inner_text("main")
    assert Page.objects.get(calls=made["call"]).answered_by == user
