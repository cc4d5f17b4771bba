"""Clocks in the browser: the list, one clock, the table from a draft to in force."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import FourEyesViolation, StepUpRequired
from core.roles import Role
from crisis.clocks import services
from crisis.clocks.models import Clock, ClockTableVersion
from crisis.clocks.services import table
from crisis.incidents.rules import MomentKind
from tests.core.builders import actor_of, make_user, sign_in
from tests.crisis.builders import make_actor, make_incident
from tests.crisis.test_clocks import reach

pytestmark = pytest.mark.django_db
ROW = {
    "name_zh": "新职责", "name_en": "New duty", "code": "new_duty", "jurisdiction": "cn",
    "source": "Rule 7", "amount": "5", "unit": "business_days", "cap_hours": "", "repeats": "",
    "starts": ["verified", "met:verify"], "met_by": "report", "tiers": "major", "natures": ["leak"],
    "infrastructure": "any", "enabled": "on", "check": "",
}  # fmt: skip


def officer(client: Client) -> Client:
    return sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)


def compliance(client: Client) -> Client:
    return sign_in(client, make_user(Role.REVIEWER), stepped_up=True)


def draft(client: Client) -> ClockTableVersion:
    client.post(reverse("clock-table-new"))
    return ClockTableVersion.objects.get(state="draft")


class TestTable:
    def test_what_ships_says_what_is_switched_off(self, client: Client) -> None:
        page = officer(client).get(reverse("clock-table")).content.decode()
        assert "DORA initial notification" in page
        assert "4 hours, at most 24 hours from awareness" in page
        assert page.count("Off: to be checked") == 2

    def test_from_a_draft_to_a_table_in_force(self, client: Client) -> None:
        version = draft(officer(client))
        add = reverse("clock-table-row-new", args=[version.pk])
        saved = client.post(add, {**ROW, "revision": version.revision})
        assert saved.status_code == 302, saved.content.decode()
        off = reverse("clock-table-row", args=[version.pk, "sec_8k"])
        assert client.get(off).status_code == 200
        version.refresh_from_db()
        client.post(reverse("clock-table-row-remove", args=[version.pk, "sec_8k"]))
        version.refresh_from_db()
        client.post(
            reverse("clock-table-operator", args=[version.pk]),
            {"operator": "on", "revision": version.revision},
        )
        client.post(reverse("clock-table-submit", args=[version.pk]))
        page = reverse("clock-table-version", args=[version.pk])
        shown = compliance(Client()).get(page).content.decode()
        assert "New duty" in shown and "Taken out" in shown and "Put in force" in shown
        second = compliance(Client())
        version.refresh_from_db()
        decided = second.post(
            reverse("clock-table-decide", args=[version.pk]),
            {"verb": "approve", "shown_hash": version.content_hash},
        )
        assert decided.status_code == 302
        version.refresh_from_db()
        assert (version.state, version.operator) == ("approved", True)
        incident = make_incident()
        reach(incident, MomentKind.MAJOR, clock.now())
        codes = set(incident.clocks.values_list("code", flat=True))
        assert "cac_initial_operator" in codes and "cac_initial" not in codes

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"code": "verify"}, "already"),
            ({"starts": ["met:new_duty"]}, "choice"),
            ({"amount": "999"}, "whole number"),
            ({"check": "Look again"}, "stays switched off"),
        ],
    )
    def test_a_bad_row_keeps_what_was_typed(
        self, client: Client, change: dict[str, object], words: str
    ) -> None:
        version = draft(officer(client))
        answer = client.post(
            reverse("clock-table-row-new", args=[version.pk]),
            {**ROW, "revision": version.revision, **change},
        )
        page = answer.content.decode()
        assert answer.status_code == 422
        assert words in page and "New duty" in page

    def test_a_stale_draft_overwrites_nothing(self, client: Client) -> None:
        version = draft(officer(client))
        answer = client.post(
            reverse("clock-table-row-new", args=[version.pk]), {**ROW, "revision": 99}
        )
        assert answer.status_code == 422
        version.refresh_from_db()
        assert all(row["code"] != "new_duty" for row in version.rows)

    def test_a_row_that_others_start_from_stays(self) -> None:
        now, actor = clock.now(), make_actor(Role.CRISIS_OFFICER)
        version = table.new_version(actor=actor, now=now)
        with pytest.raises(Exception, match="does not exist"):
            table.remove_row(version_id=version.pk, code="dora_initial", actor=actor, now=now)
        renamed = {**version.rows[4], "code": "dora_first"}
        saved = table.save_row(
            version_id=version.pk, row=renamed, replaces="dora_initial", actor=actor, now=now
        )
        starts = {row.code: row.starts for row in saved.parsed}
        assert starts["dora_intermediate"] == ("met:dora_first",)

    def test_nobody_puts_her_own_table_in_force(self) -> None:
        now, both = clock.now(), make_user(Role.REVIEWER, Role.CRISIS_OFFICER)
        actor = actor_of(both).with_step_up(now)
        version = table.new_version(actor=actor, now=now)
        version = table.submit(version_id=version.pk, actor=actor, now=now)
        given = {"version_id": version.pk, "shown_hash": version.content_hash, "now": now}
        with pytest.raises(FourEyesViolation):
            table.approve(**given, actor=actor)
        other = make_actor(Role.REVIEWER)
        with pytest.raises(StepUpRequired):
            table.approve(**given, actor=other.with_step_up(now - dt.timedelta(hours=1)))
        assert table.approve(**given, actor=other.with_step_up(now)).state == "approved"


class TestClocks:
    def test_the_list_and_its_filters(self, client: Client, django_assert_max_num_queries) -> None:
        make_incident(now=clock.now() - dt.timedelta(hours=2))
        make_incident(exercise=True)
        officer(client)
        with django_assert_max_num_queries(14):
            page = client.get(reverse("clock-list")).content.decode()
        assert page.count("data-item") == 2
        assert "Overdue" in page and "EXERCISE" in page
        services.tick(now=clock.now())
        for query, found in [
            ("which=overdue", 1), ("which=breached", 1), ("jurisdiction=eu", 0),
            ("exercise=yes", 1), ("which=all&exercise=no", 1), ("which=nonsense", 2),
        ]:  # fmt: skip
            page = client.get(f"{reverse('clock-list')}?{query}").content.decode()
            assert page.count("data-item") == found, query

    def test_pause_and_go_on_with_reasons(self, client: Client) -> None:
        incident = make_incident()
        only = incident.clocks.get()
        officer(client)
        page = reverse("clock-detail", args=[only.pk])
        assert "Pause" in client.get(page).content.decode()
        empty = client.post(reverse("clock-pause", args=[only.pk]), {"reason": ""})
        assert empty.status_code == 422
        client.post(reverse("clock-pause", args=[only.pk]), {"reason": "Power is off"})
        assert "Power is off" in client.get(page).content.decode()
        client.post(reverse("clock-resume", args=[only.pk]), {"reason": "Power is on"})
        assert Clock.objects.get().state == "running"

    def test_a_statutory_clock_offers_no_pause_and_refuses_one(self, client: Client) -> None:
        incident = make_incident()
        reach(incident, MomentKind.MAJOR, clock.now())
        dora = incident.clocks.get(code="dora_initial")
        page = officer(client).get(reverse("clock-detail", args=[dora.pk])).content.decode()
        assert reverse("clock-pause", args=[dora.pk]) not in page
        refused = client.post(reverse("clock-pause", args=[dora.pk]), {"reason": "Busy"})
        assert refused.status_code == 409
        assert "2025/301" in refused.content.decode()

    def test_compliance_calls_off_what_does_not_hold(self, client: Client) -> None:
        incident = make_incident()
        reach(incident, MomentKind.MAJOR, clock.now())
        dora = incident.clocks.get(code="dora_initial")
        url = reverse("clock-call-off", args=[dora.pk])
        assert officer(Client()).post(url, {"reason": "No"}).status_code == 403
        assert compliance(client).post(url, {"reason": "No EU business"}).status_code == 302
        page = client.get(reverse("clock-detail", args=[dora.pk])).content.decode()
        assert "Called off" in page and "No EU business" in page


class TestTopBar:
    def test_holders_of_crisis_view_see_the_nearest_on_every_page(self, client: Client) -> None:
        make_incident(now=clock.now() - dt.timedelta(hours=2))
        page = officer(client).get(reverse("account")).content.decode()
        assert "topclocks" in page and "1 h 30 min late" in page

    def test_others_see_none_and_pay_nothing(
        self, client: Client, django_assert_num_queries
    ) -> None:
        make_incident()
        author = sign_in(client, make_user(Role.AUTHOR))
        assert "topclocks" not in author.get(reverse("account")).content.decode()

    def test_nothing_is_shown_while_nothing_runs(self, client: Client) -> None:
        assert "topclocks" not in officer(client).get(reverse("account")).content.decode()
