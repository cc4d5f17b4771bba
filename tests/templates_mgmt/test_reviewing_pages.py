"""Reviews in the browser: the queue, stages, comments, absences, plans, groups."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import User
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewing.models import (
    Absence,
    Comment,
    ReviewGroup,
    ReviewPlanVersion,
)
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import author, make_draft, make_submitted

pytestmark = pytest.mark.django_db


def someone(client, *roles: Role) -> User:
    user = make_user(*(roles or (Role.REVIEWER,)), lines=[make_line()])
    sign_in(client, user, stepped_up=True)
    return user


def read(answer) -> str:
    return answer.content.decode()


def test_a_review_is_taken_from_the_queue_and_put_back(client):
    version, user = make_submitted(), someone(client)
    queue = reverse("review-queue")
    assert str(version) in read(client.get(queue))
    take = reverse("review-take", args=[version.pk])
    assert client.post(take).url == reverse("version-review", args=[version.pk])
    assert str(version) in read(client.get(queue, {"only": "mine"}))
    assert "Nothing waits here" in read(client.get(queue, {"only": "free"}))
    assert client.post(take, {"back": "1"}).url == queue
    assert TemplateVersion.objects.get(pk=version.pk).taken_by is None
    assert user.taken_reviews.count() == 0


def test_a_comment_stands_beside_the_text_and_is_settled(client):
    version = make_submitted()
    someone(client)
    form = reverse("version-comment", args=[version.pk])
    words = {"place": "sms/en/body", "excerpt": "online trading", "text": "Which system?"}
    page = reverse("version-review", args=[version.pk])
    assert client.post(form, words).url == page
    made = Comment.objects.get()
    body = version.variants.get(channel="sms", language="en").body
    assert body[made.start : made.end] == "online trading"
    assert "Which system?" in read(client.get(page))
    assert client.post(reverse("comment-settle", args=[made.pk])).url == page
    assert "Settled" in read(client.get(page))
    missing = client.post(form, {**words, "excerpt": "not there"})
    assert (missing.status_code, "Copy them" in read(missing)) == (422, True)


def test_a_stale_screen_says_so_and_shows_what_is_new(client):
    version = make_submitted()
    someone(client)
    page = reverse("version-review", args=[version.pk])
    seen = client.get(page).context["seen"]
    other = Client()
    someone(other)
    comment = reverse("version-comment", args=[version.pk])
    other.post(comment, {"text": "Wait, the date is wrong."})
    decide = reverse("version-decide", args=[version.pk])
    given = {"verb": "approve", "shown_hash": version.content_hash, "reason": "fine", "seen": seen}
    answer = client.post(decide, given)
    assert answer.status_code == 409
    shown = read(answer)
    assert "Something changed" in shown and "the date is wrong" in shown and "fine" in shown
    given["seen"] = answer.context["seen"]
    assert client.post(decide, given).url == page


def test_a_resubmission_shows_what_was_asked_and_what_changed(client):
    version = make_submitted()
    someone(client)
    client.post(reverse("version-comment", args=[version.pk]), {"text": "Say until when."})
    client.post(
        reverse("version-decide", args=[version.pk]), {"verb": "return", "reason": "No date."}
    )
    drafter, now = author(), clock.now()
    again = services.new_version(based_on=version.pk, actor=drafter, now=now)
    shown = read(client.get(reverse("version-review", args=[again.pk])))
    assert "No date." in shown and "Say until when." in shown and "Changed since" in shown


def test_an_absence_is_announced_and_ended(client):
    user = someone(client)
    other = make_user(Role.REVIEWER, lines=[make_line()])
    today = clock.now().date()
    given = {"delegate": str(other.pk), "starts": today, "ends": today + dt.timedelta(days=3)}
    queue = reverse("review-queue")
    assert client.post(reverse("absence-new"), given).url == queue
    away = Absence.objects.get(person=user)
    assert "I am back" in read(client.get(queue))
    assert client.post(reverse("absence-end", args=[away.pk])).url == queue
    wrong = {**given, "ends": today - dt.timedelta(days=3)}
    assert client.post(reverse("absence-new"), wrong).status_code == 422


def test_a_plan_is_written_submitted_and_put_in_force(client):
    someone(client)
    started = client.post(reverse("review-plan-new", args=["risk"]))
    draft = ReviewPlanVersion.objects.get()
    assert started.url == reverse("review-plan-edit", args=[draft.pk])
    row = {"zh_1": "合规", "en_1": "Compliance", "quorum_1": 2, "days_1": 1}
    assert client.get(started.url).status_code == 200
    bad = client.post(started.url, {**row, "en_1": "", "revision": draft.revision})
    assert (bad.status_code, "needs a name" in read(bad)) == (422, True)
    good = client.post(started.url, {**row, "revision": draft.revision, "then": "submit"})
    page = reverse("review-plan", args=[draft.pk])
    assert good.url == page
    second = Client()
    someone(second)
    draft.refresh_from_db()
    decision = {"verb": "approve", "shown_hash": draft.content_hash}
    assert second.post(reverse("review-plan-decide", args=[draft.pk]), decision).url == page
    assert "Compliance" in read(second.get(page))
    assert make_submitted().review_plan[0]["quorum"] == 2
    assert "Risk alert" in read(second.get(reverse("review-plans")))


def test_groups_are_for_administrators(client):
    member = make_user(Role.REVIEWER, lines=[make_line()])
    someone(client, Role.ADMINISTRATOR)
    given = {"name": "Legal", "code": "legal", "members": [str(member.pk)]}
    assert client.post(reverse("review-groups"), given).url == reverse("review-groups")
    assert list(ReviewGroup.objects.get().members.all()) == [member]
    bad = client.post(reverse("review-groups"), {**given, "code": "No!"})
    assert bad.status_code == 422
    other = Client()
    someone(other)
    assert other.get(reverse("review-groups")).status_code == 403


def test_a_draft_has_no_comments_yet(client):
    draft = make_draft()
    someone(client)
    page = read(client.get(reverse("version-review", args=[draft.pk])))
    assert reverse("version-comment", args=[draft.pk]) not in page
    refused = client.post(reverse("version-comment", args=[draft.pk]), {"text": "x"})
    assert refused.status_code == 409


def test_pages_need_a_constant_number_of_queries(client, django_assert_max_num_queries):
    user = someone(client)
    actor_of(user)
    versions = [make_submitted(code=f"t-{number}") for number in range(4)]
    with django_assert_max_num_queries(18):
        client.get(reverse("review-queue"))
    with django_assert_max_num_queries(34):  # two of them for calls and clocks in the shell
        client.get(reverse("version-review", args=[versions[0].pk]))
