"""Pages of drills."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.roles import Role
from crisis.drills.models import Drill, DrillFinding, LostContact
from investors.models import Investor
from tests.builders import make_investors
from tests.core.builders import make_line, make_user, sign_in
from tests.crisis.speaking import make_drill, make_running

pytestmark = pytest.mark.django_db


def visitor(role: Role = Role.CRISIS_OFFICER) -> Client:
    return sign_in(Client(), make_user(role, lines=[make_line()]))


def page(client: Client, name: str, *args) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def test_a_drill_from_plan_to_score():
    client = visitor()
    person = make_user(Role.DISPATCHER)
    plan = {
        "kind": "site_switch", "title": "Switch", "scenario": "Site A burns",
        "planned_for": "2026-12-01T10:00", "participants": [str(person.pk)],
        "steps": "Database = 15\nTrading ＝ 30.5", "systems": "Order gateway",
    }  # fmt: skip
    saved = client.post(reverse("crisis-drill-new"), plan)
    drill = Drill.objects.get()
    assert saved.url == reverse("crisis-drill", args=[drill.pk])
    assert [step["seconds"] for step in drill.steps] == [900, 1830]
    client.post(reverse("crisis-drill-start", args=[drill.pk]))
    assert "EXERCISE" in page(client, "crisis-drill", drill.pk)
    client.post(reverse("crisis-drill-step", args=[drill.pk, 0]))
    finding = {
        "finding-text": "No key", "finding-action": "Copy it", "finding-owner": str(person.pk),
        "finding-due_on": "2027-01-01",
    }  # fmt: skip
    client.post(reverse("crisis-drill-finding", args=[drill.pk]), finding)
    client.post(reverse("crisis-drill-end", args=[drill.pk]), {"summary": "Fine"})
    drill.refresh_from_db()
    assert drill.state == "finished" and drill.score["steps_met"] == 1
    shown = page(client, "crisis-drill", drill.pk)
    assert "Points of 100" in shown and "No key" in shown
    settled = DrillFinding.objects.get()
    client.post(reverse("crisis-drill-settle", args=[settled.pk]), {"outcome": "Copied"})
    settled.refresh_from_db()
    assert settled.outcome == "Copied"


@pytest.mark.parametrize("steps", ["Database", "= 5", "Database = soon", "Database = -1"])
def test_a_bad_step_names_its_line(steps):
    answer = visitor().post(reverse("crisis-drill-new"), {"steps": steps, "title": "Kept"})
    assert answer.status_code == 422
    assert "Line 1:" in answer.content.decode() and "Kept" in answer.content.decode()


def test_the_list_says_that_drills_are_missing():
    shown = page(visitor(), "crisis-drills")
    assert "2 are missing" in shown
    assert "2 are missing" in page(visitor(Role.AUDITOR), "crisis-drills")


def test_the_incident_of_a_drill_leads_back_to_it():
    drill = make_running()
    shown = page(visitor(), "incident-detail", drill.incident_id)
    assert reverse("crisis-drill", args=[drill.pk]) in shown and "EXERCISE" in shown


def test_lost_contacts_are_found_on_the_page():
    lost = make_investors(1)
    Investor.objects.filter(pk__in=lost).update(reach=0)
    drill = make_running("lost_contact")
    row = LostContact.objects.get()
    assert str(lost[0]) in page(visitor(), "crisis-drill", drill.pk)
    visitor().post(reverse("crisis-drill-found", args=[row.pk]))
    row.refresh_from_db()
    assert row.found_at is not None


def test_calling_off_wants_a_reason():
    drill = make_drill()
    client = visitor()
    assert client.post(reverse("crisis-drill-cancel", args=[drill.pk])).status_code == 422
    client.post(reverse("crisis-drill-cancel", args=[drill.pk]), {"reason": "storm"})
    drill.refresh_from_db()
    assert drill.state == "cancelled"
