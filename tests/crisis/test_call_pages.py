"""Calls on the screen and over the API: one tap answers, a GET never does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import User
from core.roles import Role
from crisis.escalation import services
from crisis.escalation.models import Call, Page
from tests.core.builders import make_user, sign_in
from tests.crisis.calling import incident_under, officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(client: Client) -> User:
    user = officer()
    sign_in(client, user)
    return user


@pytest.fixture
def call(holder: User) -> Call:
    """A call of now to the person signed in; a deputy would be next."""
    incident = incident_under(clock.now(), operations=[holder, officer()])
    if not Page.objects.exists():
        services.call_out(incident=incident, actor=services.CALLER, now=clock.now())
    return Call.objects.get()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_call_stands_on_every_page_of_the_person_called(client, call):
    for page in ("overview", "crisis-plan", "account"):
        assert call.page.incident.code in text(client.get(reverse(page))), page
    other = Client()
    sign_in(other, officer())
    assert call.page.incident.code not in text(other.get(reverse("account")))


def test_opening_a_call_answers_nothing(client, call):
    page = client.get(reverse("call-detail", args=[call.pk]))
    assert "I take this on" in text(page)
    for route in ("call-acknowledge", "call-decline"):
        assert client.get(reverse(route, args=[call.pk])).status_code == 405
    call.refresh_from_db()
    assert call.state == "waiting"


def test_one_tap_acknowledges_and_the_bar_goes(client, call):
    answer = client.post(reverse("call-acknowledge", args=[call.pk]), follow=True)
    assert "You have taken this on" in text(answer)
    assert Page.objects.get().state == "answered"
    assert call.page.incident.code not in text(client.get(reverse("account")))


def test_too_late_says_who_has_taken_it(client, call):
    services.tick(now=call.until)
    deputy = Call.objects.get(number=1)
    from tests.core.builders import actor_of

    services.acknowledge(call_id=deputy.pk, actor=actor_of(deputy.person), now=clock.now())
    answer = client.post(reverse("call-acknowledge", args=[call.pk]), follow=True)
    assert f"{deputy.person} has taken this on" in text(answer)


def test_declining_needs_a_reason_and_hands_on(client, call):
    route = reverse("call-decline", args=[call.pk])
    assert client.post(route, {"reason": ""}).status_code == 422
    assert client.post(route, {"reason": "At the dentist"}).status_code == 302
    assert Call.objects.count() == 2
    assert "next person" in text(client.get(reverse("call-detail", args=[call.pk])))


def test_a_call_to_somebody_else_does_not_exist(client, call):
    other = Client()
    sign_in(other, officer())
    assert other.get(reverse("call-detail", args=[call.pk])).status_code == 404
    assert other.post(reverse("call-acknowledge", args=[call.pk])).status_code == 404


def test_the_list_says_who_has_no_address(client, call):
    page = text(client.get(reverse("call-list")))
    assert call.page.incident.code in page
    assert "on this screen only" in page


def test_the_list_is_empty_for_others():
    client = Client()
    sign_in(client, make_user(Role.AUTHOR))
    page = text(client.get(reverse("call-list")))
    assert "Nobody has called you" in page
    assert reverse("crisis-plan") not in page


def test_the_api_shows_my_calls_and_acknowledges_once(client, call):
    shown = client.get(reverse("api-calls")).json()
    assert [each["id"] for each in shown] == [str(call.pk)]
    assert (shown[0]["role"], shown[0]["state"]) == ("operations", "waiting")
    route = reverse("api-call-acknowledge", args=[call.pk])
    keyed = {"headers": {"Idempotency-Key": "k1"}}
    first, again = (client.post(route, **keyed) for _time in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json()["state"] == "acknowledged"
    assert client.get(reverse("api-calls")).json() == []


def test_the_api_declines_with_a_reason(client, call):
    route = reverse("api-call-decline", args=[call.pk])
    assert client.post(route, {}, "application/json").status_code == 422
    assert client.post(route, {"reason": "Ill"}, "application/json").json()["state"] == "declined"
