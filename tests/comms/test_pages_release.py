"""The second person's page, and the way of a notice after it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from comms.models import Notice
from comms.services import closing, notices, planning
from core import clock
from core.models import User
from core.roles import Role
from tests.builders import (
    actor_of,
    make_investors,
    make_line,
    make_notice,
    make_planned,
    make_user,
    send_all,
)
from tests.core.builders import last_record, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("null_providers")]


def staff(role: Role) -> User:
    return make_user(role, lines=[make_line()])


def go(client: Client, name: str, notice: Notice, **data: str):
    return client.post(reverse(name, args=[notice.pk]), data)


@pytest.fixture
def preparer() -> User:
    return staff(Role.DISPATCHER)


@pytest.fixture
def ready(preparer) -> Notice:
    make_investors(3)
    actor = actor_of(preparer)
    notice = make_notice(actor=actor)
    return notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())


@pytest.fixture
def releaser() -> Client:
    return sign_in(Client(), staff(Role.RELEASER), stepped_up=True)


def shown(notice: Notice) -> str:
    return notice.submitted_at.isoformat()


def release_url(notice: Notice) -> str:
    return reverse("notice-release", args=[notice.pk])


def test_the_releaser_sees_the_dry_run_first_and_the_decision_with_the_comparison(releaser, ready):
    first = releaser.get(release_url(ready)).content.decode()
    assert "Release it" not in first
    assert "?now=1" in first
    then = releaser.get(release_url(ready) + "?now=1").content.decode()
    assert "Nothing has changed" in then
    assert "Release it" in then
    make_investors(2)
    changed = releaser.get(release_url(ready) + "?now=1").content.decode()
    assert "Nothing has changed" not in changed
    assert "Audience" in changed


def test_a_second_person_with_a_fresh_factor_releases(releaser, ready):
    answer = go(releaser, "notice-release", ready, shown=shown(ready))
    assert answer.status_code == 302
    ready.refresh_from_db()
    assert ready.state == "released"
    assert last_record("notice.released").notice == ready.pk


def test_without_a_fresh_factor_one_is_asked_first(ready):
    client = sign_in(Client(), staff(Role.RELEASER))
    answer = go(client, "notice-release", ready, shown=shown(ready))
    assert answer.status_code in {302, 303}
    assert reverse("step-up") in answer["Location"]
    ready.refresh_from_db()
    assert ready.state == "ready"


def test_the_preparer_sees_why_not_and_cannot(preparer, ready):
    preparer.groups.add(*staff(Role.RELEASER).groups.all())
    client = sign_in(Client(), preparer, stepped_up=True)
    page = client.get(release_url(ready) + "?now=1").content.decode()
    assert "somebody else must release it" in page
    assert "Release it" not in page
    answer = go(client, "notice-release", ready, shown=shown(ready))
    assert answer.status_code == 403
    assert "another person" in answer.content.decode()
    ready.refresh_from_db()
    assert ready.state == "ready"


def test_a_page_of_an_older_submission_releases_nothing(releaser, preparer, ready):
    old = shown(ready)
    actor = actor_of(preparer)
    notices.take_back(notice_id=ready.pk, reason="typo", actor=actor, now=clock.now())
    again = notices.submit_notice(notice_id=ready.pk, actor=actor, now=clock.now())
    assert go(releaser, "notice-release", ready, shown=old).status_code == 409
    assert go(releaser, "notice-release", again, shown=shown(again)).status_code == 302


def test_a_refusal_needs_a_reason_and_makes_a_draft(releaser, ready):
    page = go(releaser, "notice-refuse", ready, reason=" ")
    assert page.status_code == 422
    assert "This field is required" in page.content.decode()
    go(releaser, "notice-refuse", ready, reason="the time is wrong")
    ready.refresh_from_db()
    assert (ready.state, ready.state_reason) == ("draft", "the time is wrong")
    detail = releaser.get(reverse("notice-detail", args=[ready.pk])).content.decode()
    assert "the time is wrong" in detail


def test_the_preparer_takes_it_back(preparer, ready):
    client = sign_in(Client(), preparer)
    assert go(client, "notice-take-back", ready).status_code == 422
    assert go(client, "notice-take-back", ready, reason="typo").status_code == 302
    ready.refresh_from_db()
    assert ready.state == "draft"


def test_pause_resume_and_cancel_with_reasons(releaser):
    make_investors(3)
    notice = make_planned()
    detail = reverse("notice-detail", args=[notice.pk])
    assert "Pause" in releaser.get(detail).content.decode()
    assert go(releaser, "notice-pause", notice).status_code == 422
    go(releaser, "notice-pause", notice, reason="wrong hour")
    notice.refresh_from_db()
    assert notice.state == "paused"
    assert "Resume" in releaser.get(detail).content.decode()
    assert go(releaser, "notice-pause", notice, reason="again").status_code == 409
    go(releaser, "notice-resume", notice, reason="right hour")
    notice.refresh_from_db()
    assert notice.state == "sending"
    go(releaser, "notice-cancel", notice, reason="not needed")
    notice.refresh_from_db()
    assert notice.state == "cancelled"


def test_an_auditor_watches_and_steers_nothing():
    make_investors(1)
    notice = make_planned()
    client = sign_in(Client(), staff(Role.AUDITOR), stepped_up=True)
    page = client.get(reverse("notice-detail", args=[notice.pk]))
    assert page.status_code == 200
    assert "reason-pause" not in page.content.decode()
    for step in ("pause", "resume", "cancel"):
        assert go(client, f"notice-{step}", notice, reason="x").status_code == 403


def test_a_correction_goes_to_those_who_got_the_original(preparer):
    make_investors(2)
    make_investors(1, consents=[])
    notice = make_planned()
    client = sign_in(Client(), preparer)
    correct = reverse("notice-correct", args=[notice.pk]) + f"?version={notice.version_id}"
    words = {"title": "Corrected", "value_since": "10:30", "reason": "it was half past ten"}
    early = client.post(correct, words)
    assert early.status_code == 422
    assert "before you correct it" in early.content.decode()
    send_all()
    closing.finish_notices(now=clock.now())
    assert (
        str(notice.version_id)
        in client.get(reverse("notice-correct", args=[notice.pk])).content.decode()
    )
    assert client.post(correct, words).status_code == 302
    correction = Notice.objects.get(corrects=notice)
    page = client.get(reverse("notice-detail", args=[correction.pk])).content.decode()
    assert notice.title in page
    dry = notices.preview_audience(
        notice_id=correction.pk, actor=actor_of(preparer), now=clock.now()
    )
    assert dry.candidates == 2


def test_a_notice_of_another_line_does_not_exist(ready):
    stranger = sign_in(
        Client(), make_user(Role.RELEASER, lines=[make_line("wealth", "Wealth")]), stepped_up=True
    )
    assert stranger.get(reverse("notice-detail", args=[ready.pk])).status_code == 404
    assert stranger.get(release_url(ready)).status_code == 404
    assert go(stranger, "notice-release", ready, shown=shown(ready)).status_code == 404
    assert go(stranger, "notice-cancel", ready, reason="x").status_code in {403, 404}


def test_steps_are_never_taken_by_get(releaser, ready):
    for step in ("submit", "refuse", "take-back", "pause", "resume", "cancel"):
        url = reverse(f"notice-{step}", args=[ready.pk])
        assert releaser.get(url).status_code in {403, 405}
    ready.refresh_from_db()
    assert ready.state == "ready"


def test_planning_goes_on_from_the_page(releaser, ready):
    go(releaser, "notice-release", ready, shown=shown(ready))
    assert planning.plan_notice(notice_id=ready.pk, now=clock.now()) == 3
    page = releaser.get(reverse("notice-detail", args=[ready.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in page


def test_a_resume_is_no_way_around_the_release(releaser, preparer, ready):
    preparer.groups.add(*staff(Role.RELEASER).groups.all())
    own = sign_in(Client(), preparer, stepped_up=True)
    for client in (own, releaser):
        answer = go(client, "notice-resume", ready, reason="go on")
        assert answer.status_code == 409
        ready.refresh_from_db()
        assert (ready.state, ready.released_by) == ("ready", None)
