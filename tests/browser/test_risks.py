"""Risks in the browser: register, one risk, heat map, controls, rounds and the matrix."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from core import clock
from core.models import User
from crisis.models import Control, Risk
from crisis.risks.links import services as links
from crisis.risks.links.rules import End
from crisis.risks.matrix import services as matrix
from crisis.risks.matrix.rules import SHIPPED, content_of
from crisis.risks.rules import quarters_back
from tests.browser.conftest import DESKTOP, Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.core.builders import actor_of
from tests.crisis.risks.builders import (
    assess,
    editor,
    fill,
    make_accepted,
    make_draft,
    make_proposed,
    make_round,
    note,
    today,
)

THEN = ((50, 30), (5, 5), (60, 60), (50, 100), (30, 100))  # likelihood, impact
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]


def set_up(user: User) -> dict[str, Any]:
    """Risks in every state, a control with a note, rounds, and a version of the matrix."""
    call_command("example_risks", user.username, stdout=StringIO())
    actor, now = actor_of(user), clock.now()
    risks = list(Risk.objects.order_by("code"))
    make_accepted(risk=risks[0])
    make_proposed(risks[1])
    earlier = now - dt.timedelta(days=120)
    for risk, point in zip(risks[:5], THEN, strict=True):
        assess(risk, "current", *point, actor=actor, now=earlier)
    ends = {"one": End("risk", risks[1].pk), "other": End("risk", risks[4].pk)}
    made = links.link(**ends, why="It came true.", actor=actor, now=now)
    links.unlink(link_id=made.pk, why="Another cause.", actor=actor, now=now)
    links.link(**ends, actor=actor, now=now)
    control = Control.objects.get(source="")
    note(control, actor=actor)
    chair = editor()
    found = make_round(chair)
    fill(found, chair)
    make_draft(chair, round_id=found.pk)
    version = matrix.new_version(actor=chair, now=now)
    cells = [list(row) for row in SHIPPED.cells]
    cells[2][3] = "high"
    content = {**content_of(SHIPPED), "cells": cells}
    matrix.save(version_id=version.pk, **content, actor=chair, now=now)
    return {
        "risk": risks[1].pk, "accepted": risks[0].pk, "control": control.pk, "round": found.pk,
        "version": version.pk,
    }  # fmt: skip


PAGES = [
    ("risk-list", "", ""),
    ("risk-new", "", ""),
    ("risk-detail", "risk", ""),
    ("risk-detail", "accepted", ""),
    ("risk-edit", "risk", ""),
    ("risk-heat-map", "", "since"),
    ("risk-controls", "", ""),
    ("risk-control", "control", ""),
    ("risk-control-edit", "control", ""),
    ("risk-rounds", "", ""),
    ("risk-round-new", "", ""),
    ("risk-round", "round", ""),
    ("risk-matrix", "", ""),
    ("risk-matrix-version", "version", ""),
    ("risk-matrix-edit", "version", ""),
]


@LONG_LOOKS
def test_pages_of_risks(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    user = everyone(language)
    ids = set_up(user)
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)
    since = f"?since={quarters_back(today(), 2)[1]}"
    for route, subject, query in PAGES:
        args = [ids[subject]] if subject else []
        page = visitor.open(reverse(route, args=args) + (since if query else ""))
        for summary in page.locator("main details > summary").all():
            summary.click()
        visitor.check(route)


def test_the_heat_map_fits_its_paper(visit: Callable[..., Visitor]) -> None:
    user = everyone()
    set_up(user)
    visitor = visit(window=DESKTOP)
    visitor.sign_in(user)
    page = visitor.open(reverse("risk-heat-map"))
    page.emulate_media(media="print")
    assert not page.locator(".rail").is_visible()
    assert page.locator(".heat svg").is_visible()
    assert page.locator("svg rect.mark").count() >= 12
