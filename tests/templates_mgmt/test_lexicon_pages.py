"""Word lists in the browser: write, submit, see what it touches, decide."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.roles import Role
from templates_mgmt.lexicon.models import WordList, WordListVersion
from tests.core.builders import make_line, make_user, sign_in
from tests.templates_mgmt.builders import make_approved

pytestmark = pytest.mark.django_db
WORDS = {
    "severity": "error",
    "terms": "持仓\npositions",
    "exceptions": "",
    "why_zh": "原因", "why_en": "A reason", "fix_zh": "改法", "fix_en": "A cure",
    "examples": "+ 您的持 仓\n- 您的资金",
}  # fmt: skip


def keeper(client):
    return sign_in(client, make_user(Role.REVIEWER, lines=[make_line()]), stepped_up=True)


def write(client, then: str = "", **changes):
    list_id = WordList.objects.get(code="promise").pk
    started = client.post(reverse("word-list-version-new", args=[list_id]))
    draft = WordListVersion.objects.get(state="draft")
    assert started.url == reverse("word-list-edit", args=[draft.pk])
    data = {**WORDS, "revision": draft.revision, "then": then, **changes}
    return draft, client.post(started.url, data)


def test_from_a_draft_to_a_list_in_force(client):
    make_approved()
    draft, saved = write(keeper(client), "submit")
    page = reverse("word-list-version", args=[draft.pk])
    assert saved.url == page
    second = keeper(Client())
    shown = second.get(page).content.decode()
    assert "持仓" in shown and "Outage v1" in shown
    draft.refresh_from_db()
    decided = second.post(
        reverse("word-list-decide", args=[draft.pk]),
        {"verb": "approve", "shown_hash": draft.content_hash},
    )
    assert decided.url == page
    draft.refresh_from_db()
    assert draft.state == "approved"


def test_the_writer_is_told_that_another_decides(client):
    draft, _saved = write(keeper(client), "submit")
    page = client.get(reverse("word-list-version", args=[draft.pk])).content.decode()
    assert "another person decides" in page
    assert reverse("word-list-decide", args=[draft.pk]) not in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"examples": "保本"}, "Line 1 must begin with"),
        ({"terms": "--"}, "neither letters nor digits"),
        ({"why_zh": ""}, "This field is required"),
        ({"revision": 99}, "saved this draft"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_is_lost(client, changes, words):
    draft, answer = write(keeper(client), **changes)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page and "A cure" in page
    draft.refresh_from_db()
    assert draft.why["en"] != "A reason"


def test_words_are_kept_when_only_the_submission_fails(client):
    draft, answer = write(keeper(client), "submit", examples="+ 资金")
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert (draft.state, draft.terms) == ("draft", ["positions", "持仓"])
    again = {**WORDS, "revision": draft.revision, "then": "submit"}
    assert client.post(reverse("word-list-edit", args=[draft.pk]), again).status_code == 302


def test_a_text_can_be_tried(client):
    keeper(client)
    version = WordListVersion.objects.get(word_list__code="promise")
    page = reverse("word-list-version", args=[version.pk])
    assert "<mark>保 本</mark>" in client.get(page, {"text": "<b>保 本"}).content.decode()
    assert "Nothing was found" in client.get(page, {"text": "不保本"}).content.decode()


def test_the_lists_need_few_queries(client, django_assert_max_num_queries):
    keeper(client)
    with django_assert_max_num_queries(12):
        assert client.get(reverse("word-lists")).status_code == 200
