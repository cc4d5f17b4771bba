"""Showing a sent message in full: who may, and that it is recorded."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms.models import Delivery
from comms.recreating.services import show_as_sent
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, StepUpRequired
from core.roles import Role
from tests.builders import make_investors, make_planned, send_all
from tests.core.builders import actor_of, last_record, make_line, make_user, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("null_providers")]
ACTION = "delivery.message_revealed"


@pytest.fixture
def delivery() -> Delivery:
    make_investors(1)
    make_planned()
    send_all()
    return Delivery.objects.get()


def show(delivery, actor, **changes):
    given = {"delivery_id": delivery.pk, "reason": "letter 12", "actor": actor, "now": clock.now()}
    return show_as_sent(**{**given, **changes})


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.AUDITOR])
def test_who_may_is_shown_it_and_that_is_recorded(delivery, role):
    actor = actor_of(make_user(role))
    made = show(delivery, actor)
    assert "王小明" in made.message.text
    told = last_record(ACTION)
    assert (told.delivery, told.investor) == (delivery.pk, delivery.investor_id)
    assert told.actor == actor.ref
    assert "letter" not in told.payload, "the reason is sealed"
    assert told.sealed is not None


@pytest.mark.parametrize(
    ("error", "who", "changes"),
    [
        (Forbidden, lambda: actor_of(make_user(Role.DISPATCHER, lines=[make_line()])), {}),
        (StepUpRequired, lambda: actor_of(make_user(Role.AUDITOR), stepped_up=False), {}),
        (InvalidInput, lambda: actor_of(make_user(Role.AUDITOR)), {"reason": " "}),
        (NotFound, lambda: actor_of(make_user(Role.AUDITOR)), {"delivery_id": clock.uuid7()}),
    ],
)
def test_others_are_refused_and_nothing_is_recorded(delivery, error, who, changes):
    with pytest.raises(error):
        show(delivery, who(), **changes)
    assert not Record.objects.filter(action=ACTION).exists()


def test_one_that_was_never_made_says_so(delivery):
    make_planned()
    waiting = Delivery.objects.get(state="queued")
    with pytest.raises(Conflict) as refused:
        show(waiting, actor_of(make_user(Role.AUDITOR)))
    assert refused.value.code == "not_sent"


@pytest.fixture
def auditor() -> Client:
    return sign_in(Client(), make_user(Role.AUDITOR), stepped_up=True)


def test_the_page_asks_for_a_reason_then_shows_and_hands_out(delivery, auditor):
    page = reverse("delivery-as-sent", args=[delivery.pk])
    asked = auditor.get(page)
    assert "王小明" not in asked.content.decode()
    assert auditor.get(reverse("delivery-detail", args=[delivery.pk])).content.decode().count(page)

    shown = auditor.post(page, {"reason": "letter 12"})
    assert "王小明" in shown.content.decode()
    assert "Matches the commitment" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]

    handed = auditor.post(page, {"reason": "letter 12", "file": "1"})
    assert handed["Content-Disposition"].startswith("attachment")
    assert "王小明".encode() in handed.content
    assert Record.objects.filter(action=ACTION).count() == 2


def test_without_a_fresh_second_factor_the_page_asks_for_one(delivery):
    client = sign_in(Client(), make_user(Role.AUDITOR))
    answer = client.post(reverse("delivery-as-sent", args=[delivery.pk]), {"reason": "letter 12"})
    assert answer.status_code in {302, 303}
    assert "step-up" in answer["Location"]
