"""Dry runs of large audiences: workers make them in shifts, and lose nothing when killed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms import audience
from comms.dryruns import jobs
from comms.dryruns.models import DryRun, DryRunJob
from comms.models import Notice
from comms.services import notices
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, InvalidInput
from core.roles import Role
from tests.builders import (
    actor_of,
    dispatcher,
    make_investor,
    make_investors,
    make_line,
    make_notice,
    make_user,
    releaser,
)
from tests.core.builders import last_record, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small(settings, null_providers, monkeypatch):
    """Two investors are a large audience, and a page of the audience is one investor."""
    settings.DRY_RUN_AT_ONCE = 1
    original = audience.page_after
    monkeypatch.setattr(
        audience, "page_after", lambda notice, after, *_: original(notice, after, 1)
    )


def ask(notice: Notice, actor: Actor | None = None) -> DryRunJob:
    return jobs.request_dry_run(notice_id=notice.pk, actor=actor or releaser(), now=clock.now())


def work(job: DryRunJob, **options: float) -> DryRunJob:
    while jobs.carry_out(job_id=job.pk, now=clock.now(), **options):
        pass
    job.refresh_from_db()
    return job


def shift(job: DryRunJob) -> DryRunJob:
    """One page, then a rest."""
    assert jobs.carry_out(job_id=job.pk, now=clock.now(), shift=-1.0)
    job.refresh_from_db()
    return job


def records(action: str) -> int:
    return Record.objects.filter(action=action).count()


def edit(notice: Notice, actor: Actor) -> None:
    notices.change_notice(
        notice_id=notice.pk,
        audience={"everyone": True},
        values={"since": "10:30"},
        criticality="important",
        channels={"parallel": ["sms"]},
        reason="right time",
        actor=actor,
        now=clock.now(),
    )


def test_a_run_in_shifts_counts_what_a_run_at_once_counts():
    make_investors(2)
    make_investors(1, consents=["inbox"])
    notice = make_notice()
    job = ask(notice)
    assert (job.state, job.expected) == ("requested", 3)
    assert shift(job).done == 1
    assert (job.state, job.lease_until) == ("running", None)
    work(job, shift=-1.0)
    at_once = audience.dry_run(notice, now=job.started_at)
    assert job.state == "done"
    assert job.dry_run.summary == at_once.summary()
    assert jobs.listed(notice).who == at_once.who
    assert records("notice.dry_run") == 1
    assert last_record("notice.dry_run").actor == job.asked_by


def test_a_run_under_way_is_joined_and_one_of_the_notice_as_it_was_superseded():
    make_investors(2)
    preparer = dispatcher()
    notice = make_notice(actor=preparer)
    first = ask(notice, preparer)
    assert ask(notice) == first
    edit(notice, preparer)
    second = ask(notice, preparer)
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "requested")
    assert not jobs.carry_out(job_id=first.pk, now=clock.now())
    assert work(second).state == "done"


def test_a_notice_changed_under_the_worker_ends_the_run_without_a_result():
    make_investors(2)
    preparer = dispatcher()
    notice = make_notice(actor=preparer)
    job = shift(ask(notice))
    edit(notice, preparer)
    assert work(job).state == "superseded"
    assert not DryRun.objects.exists()


def test_a_cancelled_run_stops_and_is_recorded():
    make_investors(2)
    notice = make_notice()
    job = shift(ask(notice))
    jobs.cancel_dry_run(notice_id=notice.pk, actor=dispatcher(), now=clock.now())
    assert work(job).state == "cancelled"
    assert last_record("notice.dry_run_cancelled").facts["counted"] == 1
    with pytest.raises(Conflict):
        jobs.cancel_dry_run(notice_id=notice.pk, actor=dispatcher(), now=clock.now())


def kill_in_the_middle(job: DryRunJob, monkeypatch) -> dt.datetime:
    """A worker dies after its first page; returns when its lease is over."""
    with monkeypatch.context() as dying:
        counted = audience.count_page

        def die(preview, *args):
            if preview.candidates:
                raise SystemExit
            counted(preview, *args)

        dying.setattr(audience, "count_page", die)
        with pytest.raises(SystemExit):
            jobs.carry_out(job_id=job.pk, now=clock.now())
    job.refresh_from_db()
    assert (job.state, job.done) == ("running", 1)
    assert not jobs.carry_out(job_id=job.pk, now=clock.now())  # it may still be alive
    return job.lease_until + dt.timedelta(seconds=1)


def test_a_killed_workers_run_is_taken_up_where_it_stopped(monkeypatch):
    make_investors(3)
    job = ask(make_notice())
    later = kill_in_the_middle(job, monkeypatch)
    assert jobs.waiting(clock.now()) == []
    assert jobs.waiting(later) == [job.pk]
    jobs.carry_out(job_id=job.pk, now=later)
    job.refresh_from_db()
    assert (job.state, job.lost, job.dry_run.summary["candidates"]) == ("done", 1, 3)


def test_a_run_that_loses_worker_after_worker_fails_visibly():
    make_investors(2)
    job = ask(make_notice())
    for lost in range(jobs.LOST_AT_MOST):
        past = clock.now() - dt.timedelta(seconds=1)
        DryRunJob.objects.filter(pk=job.pk).update(
            state="running", lost=lost, lease_until=past, started_at=past
        )
    assert not jobs.carry_out(job_id=job.pk, now=clock.now())
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", jobs.LOST)
    assert last_record("notice.dry_run_failed").facts["lost"] == jobs.LOST_AT_MOST
    assert jobs.waiting(clock.now() + dt.timedelta(hours=1)) == []


def test_a_refusal_in_the_worker_fails_the_run_with_its_words(monkeypatch):
    make_investors(2)
    job = ask(make_notice())

    def refuse(_notice):
        raise Conflict("The wording was retired.", code="not_approved")

    monkeypatch.setattr(audience, "prepare", refuse)
    assert work(job).state == "failed"
    assert (job.error_code, job.error) == ("not_approved", "The wording was retired.")


def test_submission_and_release_take_only_a_finished_fresh_run():
    make_investors(2)
    preparer, second = dispatcher(), releaser()
    notice = make_notice(actor=preparer)
    with pytest.raises(Conflict) as refused:
        notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    assert refused.value.code == "dry_run_needed"
    job = shift(ask(notice, preparer))
    with pytest.raises(Conflict):
        notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    made = work(job).dry_run
    notice = notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    assert notice.dry_run == made.summary
    later = made.made_at + dt.timedelta(minutes=16)
    with pytest.raises(Conflict) as refused:
        notices.release_notice(notice_id=notice.pk, actor=second.with_step_up(later), now=later)
    assert refused.value.code == "dry_run_needed"
    released = notices.release_notice(
        notice_id=notice.pk, actor=second, now=clock.now(), dry_run_id=made.pk
    )
    assert released.state == "released"


def test_a_large_notice_that_reaches_nobody_is_refused_with_its_reasons():
    make_investors(2, consents=[])
    preparer = dispatcher()
    notice = make_notice(actor=preparer)
    work(ask(notice, preparer))
    with pytest.raises(InvalidInput) as refused:
        notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    assert refused.value.code == "nobody"


def test_asking_and_stopping_need_the_right_to_see_the_notice():
    make_investors(2)
    notice, stranger = make_notice(), actor_of(make_user())
    with pytest.raises(Forbidden):
        ask(notice, stranger)
    ask(notice)
    with pytest.raises(Forbidden):
        jobs.cancel_dry_run(notice_id=notice.pk, actor=stranger, now=clock.now())


def test_a_run_that_ended_cannot_be_rewritten():
    make_investors(2)
    job = work(ask(make_notice()))
    with pytest.raises(IntegrityError, match="stays as it is"):
        DryRunJob.objects.filter(pk=job.pk).update(done=99)


# Pages and API ------------------------------------------------------------------------------


def staff(role: Role) -> Client:
    return sign_in(Client(), make_user(role, lines=[make_line()]), stepped_up=True)


def test_the_page_starts_shows_and_ends_a_run():
    make_investors(3)
    notice = make_notice()
    client, url = staff(Role.DISPATCHER), reverse("notice-dry-run", args=[notice.pk])
    assert "Start the dry run" in client.get(url).content.decode()
    assert not DryRunJob.objects.exists()
    assert client.post(url)["Location"] == url
    job = DryRunJob.objects.get()
    assert "Waits for a worker" in client.get(url).content.decode()
    shift(job)
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "1 / 3" in part and 'hx-trigger="every 2s"' in part and "<html" not in part
    work(job)
    done = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Make a new one" in done and "every 2s" not in done
    client.post(url)
    client.post(reverse("notice-dry-run-cancel", args=[notice.pk]))
    assert DryRunJob.objects.first().state == "cancelled"


def test_the_page_says_that_a_run_failed_and_offers_another():
    make_investors(2)
    notice = make_notice()
    job = ask(notice)
    DryRunJob.objects.filter(pk=job.pk).update(state="failed", error_code=jobs.LOST)
    page = staff(Role.DISPATCHER).get(reverse("notice-dry-run", args=[notice.pk]))
    assert "Several workers were lost" in page.content.decode()
    assert "Start the dry run" in page.content.decode()


def test_the_releaser_decides_on_a_finished_run_only():
    make_investors(2)
    preparer = dispatcher()
    notice = make_notice(actor=preparer)
    work(ask(notice, preparer))
    notice = notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    client = staff(Role.RELEASER)
    make_investor()
    url = reverse("notice-release", args=[notice.pk]) + "?now=1"
    start = reverse("notice-dry-run", args=[notice.pk])
    assert client.post(start, {"back": "release"})["Location"] == url
    assert "Release it" not in client.get(url).content.decode()
    work(DryRunJob.objects.first())
    page = client.get(url).content.decode()
    assert "Release it" in page and "By releasing it you accept the differences" in page
    answer = client.post(
        reverse("notice-release", args=[notice.pk]),
        {"shown": notice.submitted_at.isoformat(), "dry_run": DryRun.objects.first().pk},
    )
    assert answer.status_code == 302
    notice.refresh_from_db()
    assert notice.state == "released"


def test_who_is_left_out_of_a_large_audience_comes_from_the_run():
    make_investors(2, consents=["inbox"])
    notice = make_notice()
    client, url = staff(Role.DISPATCHER), reverse("notice-excluded", args=[notice.pk])
    assert client.get(url).status_code == 409
    work(ask(notice))
    assert client.get(url).status_code == 200


def test_the_api_answers_202_and_tells_how_far_it_is():
    make_investors(3)
    notice = make_notice()
    client = staff(Role.DISPATCHER)
    answer = client.post(reverse("api-notice-dry-runs", args=[notice.pk]))
    assert answer.status_code == 202
    assert answer.json()["state"] == "requested"
    job = DryRunJob.objects.get()
    shift(job)
    told = client.get(answer["Location"]).json()
    assert (told["state"], told["done"], told["expected"]) == ("running", 1, 3)
    assert told["rate_per_s"] > 0
    work(job)
    told = client.get(answer["Location"]).json()
    assert told["dry_run"]["summary"]["candidates"] == 3
    other = reverse("api-notice-dry-run", args=[make_notice().pk, job.pk])
    assert client.get(other).status_code == 404


def test_the_api_answers_a_small_audience_at_once(settings):
    settings.DRY_RUN_AT_ONCE = 2000
    make_investors(2)
    answer = staff(Role.DISPATCHER).post(reverse("api-notice-dry-runs", args=[make_notice().pk]))
    assert answer.status_code == 201
    assert not DryRunJob.objects.exists()
