"""Statements, the status page and drills in a browser: accessible, at both widths."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse

from crisis.drills.models import DrillFinding
from investors.models import Investor
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.builders import approved_template, make_investors
from tests.completeness.scenes.statements import _finding_of
from tests.crisis.builders import make_incident
from tests.crisis.speaking import make_draft, make_published, make_running, officer, wording

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
PICTURES = os.environ.get("VOUCHSAFE_PICTURES", "")


def look(visitor: Visitor, name: str, *args: object, **query: object) -> None:
    """Open a page, check it, and keep a picture when a folder is named."""
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    visitor.open(reverse(name, args=args) + (f"?{asked}" if asked else ""))
    if PICTURES:
        width = visitor.page.viewport_size["width"]  # type: ignore[index]
        file = f"{name}-{'-'.join(query) or 'plain'}-{width}.png"
        visitor.page.screenshot(path=str(Path(PICTURES) / file), full_page=True)
    visitor.check(name)


@LONG_LOOKS
def test_pages_of_the_staff(visit: Callable[..., Visitor], window, language) -> None:
    hit = make_investors(3)
    Investor.objects.filter(pk__in=hit[:2]).update(systems=["委托网关"], reach=1)
    incident = make_incident("委托网关无法下单", scope={"systems": ["委托网关"]})
    made = make_published(incident)
    waiting = make_draft(incident, kind="bulletin", actor=officer())
    drill = make_running("site_switch")
    _finding_of(drill.pk)()
    assert DrillFinding.objects.exists()
    lost = make_running("lost_contact")
    visitor = visit(language=language, window=window)
    visitor.sign_in(everyone(language))
    look(visitor, "crisis-statements", incident.pk)
    look(visitor, "crisis-statement", made.pk)
    look(visitor, "crisis-statement", waiting.pk, waiting=1)
    look(visitor, "crisis-notify", incident.pk)
    look(visitor, "crisis-notify", incident.pk, version=approved_template().pk)
    look(visitor, "crisis-statement-new", incident.pk, version=wording().pk, kind="bulletin")
    look(visitor, "crisis-statements", drill.incident_id, exercise=1)
    look(visitor, "crisis-drills")
    look(visitor, "crisis-drill-new")
    look(visitor, "crisis-drill", drill.pk)
    look(visitor, "crisis-drill", lost.pk, lost=1)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_status_page(visit: Callable[..., Visitor], window) -> None:
    visitor = visit(window=window)
    look(visitor, "status", lang="en")
    over = make_incident()
    make_published(over, phase="resolved")
    make_published(make_incident("Another"))
    look(visitor, "status", lang="zh-hans", full=1)
    assert visitor.page.locator("h2").first.inner_text() == "交易系统中断"
    assert visitor.page.context.cookies() == []
