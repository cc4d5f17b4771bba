"""The dry run of a large audience in a real browser: every state by axe, and its way to the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from comms import audience
from comms.dryruns import jobs
from comms.dryruns.models import DryRunJob
from comms.services import notices
from core import clock
from core.roles import Role
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LOOKS
from tests.builders import (
    actor_of,
    approved_template,
    make_investors,
    make_line,
    make_notice,
    make_user,
)
from tests.comms.conftest import null_providers  # noqa: F401
from tests.recorded import recorded

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("null_providers"),
]


@pytest.fixture(autouse=True)
def large(settings, monkeypatch):
    """Two investors are a large audience, and a page of it is one investor."""
    settings.DRY_RUN_AT_ONCE = 1
    original = audience.page_after
    monkeypatch.setattr(
        audience, "page_after", lambda notice, after, *_: original(notice, after, 1)
    )


def work(job: DryRunJob) -> None:
    while jobs.carry_out(job_id=job.pk, now=clock.now()):
        pass


@pytest.mark.thorough
@LOOKS
def test_every_state_of_a_dry_run(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    user = make_user(Role.DISPATCHER, Role.RELEASER, lines=[make_line()])
    preparer = actor_of(make_user(Role.DISPATCHER, lines=[make_line()]))
    with recorded():
        user.language = language
        user.save()
    make_investors(3)
    notice = make_notice(approved_template(), actor=preparer)
    url = reverse("notice-dry-run", args=[notice.pk])
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)

    def look(state: str, path: str = url) -> None:
        visitor.open(path)
        visitor.check(f"{language} {state}")

    look("none yet")
    job = jobs.request_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now())
    look("requested")
    jobs.carry_out(job_id=job.pk, now=clock.now(), shift=-1.0)
    look("running")
    jobs.cancel_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now())
    look("cancelled")
    job = jobs.request_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now())
    DryRunJob.objects.filter(pk=job.pk).update(state="failed", error_code=jobs.LOST)
    look("failed")
    work(jobs.request_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now()))
    look("done")
    notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    release = reverse("notice-release", args=[notice.pk]) + "?now=1"
    look("decision", release)
    jobs.request_dry_run(notice_id=notice.pk, actor=preparer, now=clock.now())
    look("decision waits", release)


def test_the_page_follows_a_run_to_its_end(visit: Callable[..., Visitor]) -> None:
    make_investors(3)
    notice = make_notice(approved_template())
    visitor = visit()
    visitor.sign_in(make_user(Role.DISPATCHER, lines=[make_line()]))
    visitor.open(reverse("notice-detail", args=[notice.pk]))
    visitor.page.get_by_role("button", name="Start the dry run").click()
    expect(visitor.page.get_by_text("Waits for a worker")).to_be_visible()
    job = DryRunJob.objects.get()
    jobs.carry_out(job_id=job.pk, now=clock.now(), shift=-1.0)
    expect(visitor.page.get_by_text("1 / 3")).to_be_visible()
    work(job)
    expect(visitor.page.get_by_text("Made in the background")).to_be_visible()
