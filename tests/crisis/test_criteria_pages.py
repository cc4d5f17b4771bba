"""Criteria and signals on the screen."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import User
from core.roles import Role
from crisis.criteria.models import CriterionSetVersion
from crisis.models import Incident
from tests.core.builders import make_user, sign_in
from tests.crisis.test_criteria import report
from tests.crisis.test_plans import posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer(client: Client) -> User:
    user = make_user(Role.CRISIS_OFFICER)
    sign_in(client, user, stepped_up=True)
    return user


def test_the_criteria_in_force_are_shown_with_what_they_would_have_done(client, writer):
    report(at=clock.now())
    page = client.get(reverse("criteria")).content.decode()
    assert "Outage of more than 2 hours" in page
    assert "more than 120 minutes" in page


def test_a_draft_is_changed_compared_and_put_in_force_by_another(client, writer):
    edit = client.post(reverse("criteria-new")).url
    form = {**posted(client.get(edit)), "threshold_1": "30"}
    answer = client.post(edit, {**form, "then": "submit"})
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(answer.url).content.decode()
    assert "<del>120</del>" in page
    assert "<ins>30</ins>" in page
    version = CriterionSetVersion.objects.get(number=2)
    decision = {"verb": "approve", "shown_hash": version.content_hash}
    decide = reverse("criteria-decide", args=[version.pk])
    assert client.post(decide, decision).status_code == 403
    approver = Client()
    sign_in(approver, make_user(Role.REVIEWER), stepped_up=True)
    assert approver.post(decide, decision).status_code == 302
    assert report(value=31).outcome == "opened"


def test_a_bad_row_is_said_beside_its_field(client, writer):
    edit = client.post(reverse("criteria-new")).url
    page = client.post(edit, {**posted(client.get(edit)), "threshold_2": "lots"})
    assert page.status_code == 422
    assert "threshold_2" in page.context["form"].errors


def test_signals_say_what_they_led_to_and_can_be_filtered(client, writer):
    report(at=clock.now())
    report("temperature", 12, at=clock.now())
    page = client.get(reverse("signal-list")).content.decode()
    assert Incident.objects.get().code in page
    assert "Started an incident" in page
    assert "130 " in page
    only = client.get(reverse("signal-list"), {"measure": "temperature"}).content.decode()
    assert Incident.objects.get().code not in only
    none = client.get(reverse("signal-list"), {"measure": "humidity"}).content.decode()
    assert "No signal matches" in none


def test_the_lists_take_a_constant_number_of_queries(client, writer, django_assert_max_num_queries):
    for number in range(12):
        report(value=130 + number, at=clock.now())
    with django_assert_max_num_queries(14):
        client.get(reverse("signal-list"))
    with django_assert_max_num_queries(14):
        client.get(reverse("criteria"))


def test_without_signals_the_page_says_where_they_come_from(client, writer):
    assert "signed call" in client.get(reverse("signal-list")).content.decode()
