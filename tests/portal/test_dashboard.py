"""The overview's figures, who sees which part, and that it never needs more queries."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from audit.export.requests import request_export
from audit.models import Verification
from comms.models import Delivery, Notice
from core import clock
from core.models import User
from core.roles import Role
from crisis.handbook import services as handbook
from crisis.indicators import services as indicators
from crisis.learning import services as learning
from crisis.pack import services as packs
from crisis.parties import services as parties
from portal.dashboard import Overview
from tests.comms import rows
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.crisis.builders import make_closed
from tests.templates_mgmt.builders import author, make_submitted

pytestmark = pytest.mark.django_db


def overview(role: Role, **user: object) -> Overview:
    person = make_user(role, lines=[make_line()], **user)
    return Overview(actor=actor_of(person), now=clock.now())


def start(notice: Notice) -> Notice:
    Notice.objects.filter(pk=notice.pk).update(state="sending")
    notice.refresh_from_db()
    return notice


def notice_with(*states: str, channel: str = "sms") -> Notice:
    notice = start(rows.make_notice())
    for state in states:
        delivery = rows.make_delivery(notice, rows.make_investor(), channel=channel)
        if state != "accepted":
            Delivery.objects.filter(pk=delivery.pk).update(state=state, evidence=20)
    return notice


def test_a_review_waits_for_a_reviewer_and_not_for_its_author() -> None:
    version = make_submitted(author())

    assert [task.title for task in overview(Role.REVIEWER).tasks] == [str(version)]
    assert overview(Role.AUTHOR).tasks == []


def test_a_review_of_another_line_does_not_wait_here() -> None:
    make_submitted(author())
    stranger = make_user(Role.REVIEWER, lines=[make_line("wealth", "Wealth")])

    assert Overview(actor=actor_of(stranger), now=clock.now()).tasks == []


def test_a_release_waits_for_a_second_person_only() -> None:
    notice = rows.make_notice()
    waiting = Notice.objects.create(
        code="KWAIT",
        title="Second",
        version=notice.version,
        content_hash="0" * 64,
        topic="risk_alert",
        criticality="critical",
        business_line=rows.line(),
        reason="test",
        prepared_by=make_user(Role.RELEASER, lines=[make_line()], name="both"),
        prepared_at=clock.now(),
    )
    Notice.objects.filter(pk=waiting.pk).update(state="ready", submitted_at=clock.now())

    assert [task.title for task in overview(Role.RELEASER).tasks] == ["Second"]
    preparer = Overview(actor=actor_of(waiting.prepared_by), now=clock.now())
    assert preparer.tasks == []


def test_an_export_waits_for_a_second_person_who_may_approve_it() -> None:
    auditor, now = actor_of(make_user(Role.AUDITOR)), clock.now()
    asked = request_export(
        period=(now - dt.timedelta(days=1), now), reason="inspection", recipient="The regulator",
        actor=auditor, now=now,
    )  # fmt: skip

    assert [task.title for task in overview(Role.PRIVACY_OFFICER).tasks] == [asked.recipient]
    assert overview(Role.AUDITOR).tasks == []


def test_counts_follow_the_deliveries() -> None:
    notice_with("accepted", "delivered", "delivered", "failed")

    shown = overview(Role.DISPATCHER)

    [going] = shown.going
    assert (going.total, going.settled, going.failed) == (4, 4, 1)
    assert going.by_state["delivered"] == 2
    [sms] = shown.rates
    assert (sms.channel, sms.attempted, sms.by_state["failed"]) == ("sms", 4, 1)


def test_the_hourly_chart_counts_what_was_reached() -> None:
    notice_with("delivered", "delivered", "failed", "accepted")
    shown = overview(Role.DISPATCHER)

    series = shown.hourly()

    assert len(shown.hours) == 24
    assert shown.hours[-1] <= shown.now < shown.hours[-1] + dt.timedelta(hours=1)
    assert {state: sum(counts) for state, counts in series.items()} == {
        "delivered": 2,
        "accepted": 1,
        "failed": 1,
    }


def test_notices_of_other_lines_are_not_counted() -> None:
    notice_with("delivered")
    stranger = make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")])

    shown = Overview(actor=actor_of(stranger), now=clock.now())

    assert (shown.going, shown.rates) == ([], [])


@pytest.mark.parametrize(("ok", "state"), [(True, "ok"), (False, "broken"), (None, "running")])
def test_the_ledger_shows_its_last_verification(ok: bool | None, state: str) -> None:
    assert overview(Role.AUDITOR, name="first").ledger.state == "never"
    Verification.objects.create(started_at=clock.now(), ok=ok)

    assert overview(Role.AUDITOR, name="second").ledger.state == state


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_an_overview(client: Client, role: Role) -> None:
    notice_with("delivered")
    page = sign_in(client, make_user(role, lines=[make_line()])).get(reverse("overview"))

    assert page.status_code == 200
    shows_notices = role in {
        Role.REVIEWER, Role.DISPATCHER, Role.RELEASER, Role.CRISIS_OFFICER, Role.AUDITOR,
    }  # fmt: skip
    assert ("Margin call" in page.content.decode()) == shows_notices


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    page = client.get(reverse("overview"))

    assert page.status_code == 302
    assert page["Location"].startswith(reverse("sign-in"))


def test_the_live_part_is_a_part(client: Client) -> None:
    sign_in(client, make_user(Role.DISPATCHER, lines=[make_line()]))

    part = client.get(reverse("overview"), headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in part
    assert 'id="live-overview"' in part


def test_more_notices_need_no_more_queries(
    client: Client, django_assert_max_num_queries, django_assert_num_queries
) -> None:
    sign_in(client, make_user(Role.DISPATCHER, lines=[make_line()]))
    notice_with("delivered")
    client.get(reverse("overview"))
    with django_assert_max_num_queries(25) as before:
        client.get(reverse("overview"))
    for _ in range(5):
        notice_with("delivered", "failed", channel="email")

    with django_assert_num_queries(len(before)):
        client.get(reverse("overview"))


# What outlives a crisis -----------------------------------------------------------------------


def waiting(role: Role, route: str) -> list[str]:
    """The titles of this role's tasks that lead to `route`, or to one of its kind."""
    user = User.objects.filter(username=f"who-{role}").first()
    user = user or make_user(role, lines=[make_line()], name=f"who-{role}")
    tasks = Overview(actor=actor_of(user), now=clock.now()).tasks
    return [task.title for task in tasks if resolve(task.url).url_name == route]


def given(*roles: Role) -> dict[str, Any]:
    return {"actor": actor_of(make_user(*roles)), "now": clock.now()}


def test_the_handbook_waits_for_all_staff_until_they_confirm_it() -> None:
    officer, reader = given(Role.CRISIS_OFFICER), given(Role.AUTHOR)
    version = handbook.start(**officer)
    words = {"zh-hans": "先报告。", "en": "Report first."}
    handbook.save(version_id=version.pk, words=words, **officer)
    version = handbook.submit(version_id=version.pk, **officer)
    assert Overview(**reader).tasks == []
    shown = {"version_id": version.pk, "shown_hash": version.content_hash}
    handbook.approve(**shown, **given(Role.REVIEWER))

    [task] = Overview(**reader).tasks
    assert (task.url, task.title[-2:]) == (reverse("handbook"), "v1")

    handbook.attest(version_id=version.pk, **reader)
    assert Overview(**reader).tasks == []


def test_actions_wait_for_their_owner_alone() -> None:
    officer, owner = given(Role.CRISIS_OFFICER), given(Role.AUTHOR)
    incident, today = make_closed(), timezone.localdate()
    for title, days in (("Late", -1), ("Soon", 7), ("Later", 8)):
        learning.add_action(
            incident_id=incident.pk, title=title, due_on=today + dt.timedelta(days=days),
            owner_id=owner["actor"].user_id, **officer,
        )  # fmt: skip

    late, soon = [(str(task.what), task.title) for task in Overview(**owner).tasks]
    assert late[0].startswith("Overdue") and "Late" in late[1]
    assert not soon[0].startswith("Overdue") and "Soon" in soon[1]
    assert Overview(**given(Role.AUTHOR)).tasks == []


def test_what_ends_about_third_parties_waits_for_who_runs_crises() -> None:
    officer, today = given(Role.CRISIS_OFFICER), timezone.localdate()
    party = parties.save_party(name="Example Line", kind="supplier", **officer)
    for title, days in (("Contract", -1), ("Licence", 60), ("Audit", 61)):
        parties.add_proof(
            party_id=party.pk, kind="contract", title=title, held_on=today - dt.timedelta(days=9),
            ends_on=today + dt.timedelta(days=days), **officer,
        )  # fmt: skip

    found = waiting(Role.CRISIS_OFFICER, "crisis-party")
    assert [title.split(" · ")[0] for title in found] == [
        "Example Line: Contract", "Example Line: Licence",
    ]  # fmt: skip
    assert waiting(Role.REVIEWER, "crisis-party") == []


def test_a_missing_pack_waits_for_who_can_make_one() -> None:
    assert len(waiting(Role.CRISIS_OFFICER, "crisis-packs")) == 1
    assert waiting(Role.REVIEWER, "crisis-packs") == []

    packs.make_pack(**given(Role.CRISIS_OFFICER))
    assert waiting(Role.CRISIS_OFFICER, "crisis-packs") == []


def test_an_indicator_beyond_its_limit_waits_for_who_sees_risks() -> None:
    this = timezone.localdate().replace(day=1)
    last = (this - dt.timedelta(days=1)).replace(day=1)
    written = {"month": last, "code": "staff_errors", "note": "reconciliation"}
    indicators.write_reading(**written, value="100", **given(Role.CRISIS_OFFICER))

    [title] = waiting(Role.CRISIS_OFFICER, "risk-indicators")
    assert "100 %" in title
    assert waiting(Role.AUTHOR, "risk-indicators") == []

    indicators.write_reading(**written, value="0", **given(Role.CRISIS_OFFICER))
    assert waiting(Role.CRISIS_OFFICER, "risk-indicators") == []


def test_more_that_waits_needs_no_more_queries(django_assert_num_queries) -> None:
    officer, today = given(Role.CRISIS_OFFICER), timezone.localdate()

    def more(number: int) -> None:
        name = f"Example {number}"
        party = parties.save_party(name=name, kind="supplier", **officer)
        parties.add_proof(
            party_id=party.pk, kind="test", title="Test", held_on=today, ends_on=today, **officer
        )
        learning.add_action(
            incident_id=incident.pk, title=name, due_on=today,
            owner_id=officer["actor"].user_id, **officer,
        )  # fmt: skip

    incident = make_closed()
    more(0)
    Overview(**officer).tasks  # noqa: B018
    with CaptureQueriesContext(connection) as before:
        one = Overview(**officer).tasks
    more(1)
    more(2)
    with django_assert_num_queries(len(before)):
        three = Overview(**officer).tasks
    assert len(three) == len(one) + 4
