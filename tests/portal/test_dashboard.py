"""The overview's figures, who sees which part, and that it never needs more queries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from audit.export.requests import request_export
from audit.models import Verification
from comms.models import Delivery, Notice
from core import clock
from core.roles import Role
from portal.dashboard import Overview
from tests.comms import rows
from tests.core.builders import actor_of, make_line, make_user, sign_in
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
