"""The pages and the API of retention and holds through HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.template import Context, Template
from django.urls import reverse

from audit.retention import selectors, services
from audit.retention.models import LegalHold, RetentionSchedule
from core import clock
from core.roles import Role
from tests.audit.retention import hold_investor, manager, receipts
from tests.builders import make_investor, make_line, make_user
from tests.core.builders import sign_in

pytestmark = pytest.mark.django_db

RULE = {
    "code": "house-x", "name": "X", "name_zh": "某类", "kinds": ["telemetry"],
    "jurisdictions": [], "bound": "at_least", "amount": "2", "unit": "years",
    "basis": "record", "source": "house rule", "active": "on",
}  # fmt: skip


@pytest.fixture
def officer(client):
    return sign_in(client, make_user(Role.PRIVACY_OFFICER), stepped_up=True)


def test_a_version_from_draft_to_force_through_the_pages(officer, client):
    officer.post(reverse("retention-draft"), {"reason": "telemetry longer"})
    schedule = RetentionSchedule.objects.get(number=2)
    page = reverse("retention-version", args=[schedule.pk])
    bad = officer.post(reverse("retention-rule-new", args=[schedule.pk]), RULE | {"to_check": "on"})
    assert bad.status_code == 422
    assert "stays switched off" in bad.content.decode()
    assert officer.post(reverse("retention-rule-new", args=[schedule.pk]), RULE).url == page
    edit = reverse("retention-rule", args=[schedule.pk, "house-x"])
    assert officer.get(edit).status_code == 200
    officer.post(edit, RULE | {"amount": "3"})
    line = make_line()
    officer.post(
        reverse("retention-scope", args=[schedule.pk]),
        {"jurisdictions": ["CN", "US"], f"line_{line.pk}": ["US"]},
    )
    shown = officer.get(page).content.decode()
    assert "at least 3 years" in shown
    assert "New" in shown
    officer.post(reverse("retention-submit", args=[schedule.pk]))

    other = sign_in(client, make_user(Role.REVIEWER), stepped_up=True)
    assert "Put in force" in other.get(page).content.decode()
    other.post(reverse("retention-decide", args=[schedule.pk]), {"act": "approve"})
    assert selectors.schedule_in_force() == schedule
    assert schedule.rules.get(code="house-x").amount == 3
    assert selectors.schedule_in_force().lines == {str(line.pk): ["US"]}
    assert "Version 2, in force" in other.get(reverse("retention")).content.decode()


def test_refusing_a_version_without_a_reason_changes_nothing(client):
    actor = manager()
    schedule = services.draft_schedule(reason="x", actor=actor, now=clock.now())
    services.submit_schedule(schedule_id=schedule.pk, actor=actor, now=clock.now())
    other = sign_in(client, make_user(Role.REVIEWER), stepped_up=True)
    answer = other.post(reverse("retention-decide", args=[schedule.pk]), {"act": "refuse"})
    assert answer.status_code == 422
    schedule.refresh_from_db()
    assert schedule.state == "submitted"


def test_placing_and_releasing_a_hold_through_the_pages(officer, client):
    staff = make_user(Role.DISPATCHER)
    words = {"scope": "staff", "staff": str(staff.pk), "matter": "M 12", "reason": "claim"}
    bad = officer.post(reverse("hold-new"), words | {"scope": "investor", "subject": str(uuid4())})
    assert bad.status_code == 422
    assert "knows nothing of this id" in bad.content.decode()
    page = officer.post(reverse("hold-new"), words).url
    assert "Another person releases it" in officer.get(page).content.decode()
    hold = LegalHold.objects.get()
    period = {"scope": "period", "period_from": "2026-01-01", "period_to": "2026-01-31"}
    assert officer.post(reverse("hold-new"), words | period).status_code == 302

    other = sign_in(client, make_user(Role.REVIEWER), stepped_up=True)
    other.post(reverse("hold-release", args=[hold.pk]), {"reason": "settled"})
    hold.refresh_from_db()
    assert hold.released_at
    assert "M 12" in other.get(reverse("hold-list")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_proposal_through_the_pages(client, admin_conninfo):
    receipts(admin_conninfo, "1 year")
    proposal = services.propose_due(now=clock.now())
    page = reverse("retention-proposal", args=[proposal.pk])
    officer = sign_in(client, make_user(Role.PRIVACY_OFFICER), stepped_up=True)
    assert "Raw receipts of providers" in officer.get(page).content.decode()
    officer.post(reverse("retention-proposal-submit", args=[proposal.pk]))
    other = sign_in(client, make_user(Role.REVIEWER), stepped_up=True)
    overview = other.get(reverse("overview")).content.decode()
    assert page in overview
    other.post(
        reverse("retention-proposal-decide", args=[proposal.pk]),
        {"act": "refuse", "reason": "audit first"},
    )
    assert "audit first" in other.get(page).content.decode()
    assert other.get(reverse("retention-proposals")).status_code == 200


def test_a_badge_shows_a_hold_beside_its_object():
    investor = make_investor()
    badge = Template("{% load retention %}{% hold_badge 'investor' pk %}")
    assert badge.render(Context({"pk": investor.pk})).strip() == ""
    invited = badge.render(Context({"pk": investor.pk, "actor": manager()}))
    assert f"?scope=investor&amp;subject={investor.pk}" in invited
    hold = hold_investor(investor.pk)
    seen = badge.render(Context({"pk": investor.pk, "actor": manager()}))
    assert str(hold.pk) in seen
    stranger = badge.render(Context({"pk": investor.pk}))
    assert "Legal hold" in stranger
    assert str(hold.pk) not in stranger


def test_the_api_reads(client):
    hold = hold_investor(make_investor().pk)
    sign_in(client, make_user(Role.AUDITOR))
    schedule = client.get(reverse("api-retention-schedule")).json()
    assert {rule["code"] for rule in schedule["rules"]} >= {"cn-securities", "us-books"}
    assert client.get(reverse("api-holds")).json()["results"][0]["id"] == str(hold.pk)
    assert client.get(reverse("api-hold", args=[hold.pk])).json()["matter"] == "M-1"
    assert client.get(reverse("api-retention-proposals")).json()["results"] == []
