"""After a recall: what had gone, what was stopped, of which notices; and how long it took.

Run with `-s` to see the figures of the last test.
"""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections
from django.urls import reverse

from comms.models import Delivery, Notice
from comms.services import closing, notices, sending
from core import clock
from core.roles import Role
from templates_mgmt import services as templates
from tests.builders import (
    approved_template,
    dispatcher,
    make_investors,
    make_notice,
    make_planned,
    make_released,
)
from tests.core.builders import make_line, make_user, sign_in
from tests.templates_mgmt.builders import reviewer

pytestmark = pytest.mark.django_db(transaction=True)
QUEUED = 400


def recall(version) -> None:
    templates.recall(version_id=version.pk, reason="wrong", actor=reviewer(), now=clock.now())


def sweep() -> None:
    """What the sender's sweep does every two seconds."""
    closing.stop_recalled(now=clock.now())
    closing.cancel_open(now=clock.now())
    closing.finish_notices(now=clock.now())


def page_of(client, notice: Notice) -> str:
    sign_in(client, make_user(Role.REVIEWER, lines=[make_line()]))
    template = notice.version.template_id
    return client.get(reverse("template-detail", args=[template])).content.decode()


def row_of(html: str) -> str:
    return html.split("Recalled: what had gone", 1)[1].split("</section>", 1)[0]


def test_the_template_s_page_says_what_had_gone_and_what_was_stopped(client, null_providers):
    make_investors(10)
    notice = make_planned(approved_template())
    sending.send_batch(worker="test", now=clock.now(), limit=3)
    recall(notice.version)
    before = row_of(page_of(client, notice))
    assert ">3</a>" in before and ">7</td>" in before and "Being stopped" in before
    sweep()
    after = row_of(page_of(client, notice))
    assert ">3</a>" in after and ">7</td>" in after and "Being stopped" not in after
    assert reverse("notice-detail", args=[notice.pk]) in after
    assert reverse("notice-deliveries", args=[notice.pk]) in after


def test_every_notice_that_used_the_version_is_listed(client, null_providers):
    make_investors(2)
    version = approved_template()
    first, second = make_planned(version), make_released(version)
    recall(version)
    sweep()
    html = row_of(page_of(client, first))
    assert first.code in html and second.code in html


def notice_page(client, notice: Notice) -> str:
    sign_in(client, make_user(Role.REVIEWER, lines=[make_line()]))
    return client.get(reverse("notice-detail", args=[notice.pk])).content.decode()


def test_the_notice_says_why_and_by_whom_its_wording_was_recalled(client, null_providers):
    make_investors(2)
    notice = make_planned(approved_template())
    recall(notice.version)
    sweep()
    notice.refresh_from_db()
    shown = notice_page(client, notice)
    assert notice.state == "cancelled"
    assert "The wording was recalled" in shown
    assert "Reason given: wrong" in shown
    assert str(notice.version.decided_by) in shown


def test_a_notice_that_waits_with_a_recalled_wording_says_what_to_do(client):
    make_investors(1)
    draft = make_notice(approved_template())
    recall(draft.version)
    shown = notice_page(client, draft)
    assert "Reason given: wrong" in shown
    assert "prepare one with an approved version" in shown


def test_a_cancelled_notice_says_why(client, null_providers):
    make_investors(1)
    notice = make_planned(approved_template())
    notices.cancel_notice(
        notice_id=notice.pk, reason="Sent in error", actor=dispatcher(), now=clock.now()
    )
    assert "Reason given: Sent in error" in notice_page(client, notice)


def test_without_a_recall_the_page_says_nothing_of_one(client, null_providers):
    make_investors(1)
    assert "what had gone" not in page_of(client, make_planned(approved_template()))


def test_the_time_from_the_recall_to_the_stop(null_providers):
    """A worker sends as fast as it can while the wording is recalled. Nothing is handed over that
    was not taken before the recall was committed, and the rest is closed by the next sweep."""
    make_investors(QUEUED // 2)
    notice = make_planned(approved_template())
    going, over = threading.Event(), threading.Event()

    def work() -> None:
        try:
            while not over.is_set():
                sending.send_batch(worker="busy", now=clock.now(), limit=10)
                going.set()
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert going.wait(timeout=30)
    begun = time.monotonic()
    recall(notice.version)
    committed = time.monotonic()
    at_commit = Delivery.objects.filter(notice=notice, state="accepted").count()
    sweep()
    closed = time.monotonic()
    over.set()
    worker.join(timeout=30)
    sweep()
    notice.refresh_from_db()
    states = list(Delivery.objects.filter(notice=notice).values_list("state", flat=True))
    late = states.count("accepted") - at_commit
    print(
        f"\nrecall of {len(states)} deliveries: committed in {committed - begun:.3f} s, the rest "
        f"closed {closed - committed:.3f} s later (a sweep runs every 2 s); {at_commit} had gone, "
        f"{late} more of the batch in hand were accepted, {len(states) - at_commit - late} stopped"
    )
    assert notice.state == "cancelled" and notice.finished_at is not None
    assert set(states) <= {"accepted", "cancelled", "refused", "unconfirmed"}
    assert late <= 10  # at most the batch that was in the provider's hands
    assert states.count("accepted") < len(states)
    assert closed - begun < 5
