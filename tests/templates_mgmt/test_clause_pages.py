"""Clauses in the browser: write, submit, see who includes it, decide."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.roles import Role
from templates_mgmt.clauses.models import Clause, ClauseVersion
from tests.core.builders import make_line, make_user, sign_in
from tests.templates_mgmt.builders import VARIANTS, make_approved

pytestmark = pytest.mark.django_db
WORDS = {"text_zh-hans": "新的提示。", "text_en": "New words.", "text_zh-hant": "", "source": "r"}


def keeper(client):
    return sign_in(client, make_user(Role.REVIEWER, lines=[make_line()]), stepped_up=True)


def write(client, then: str = "", **changes):
    clause_id = Clause.objects.get(code="standard_risk").pk
    started = client.post(reverse("clause-version-new", args=[clause_id]))
    draft = ClauseVersion.objects.get(state="draft")
    data = {**WORDS, "revision": draft.revision, "then": then, **changes}
    return draft, client.post(started.url, data)


def test_from_a_draft_to_a_clause_in_force(client):
    texts = [{**text, "body": text["body"] + " {{ clause_standard_risk }}"} for text in VARIANTS]
    make_approved(variants=texts)
    draft, saved = write(keeper(client), "submit")
    page = reverse("clause-version", args=[draft.pk])
    assert saved.url == page
    second = keeper(Client())
    shown = second.get(page).content.decode()
    assert "新的提示。" in shown and "Outage v1" in shown and "Will need a new version" in shown
    draft.refresh_from_db()
    decision = {"verb": "approve", "shown_hash": draft.content_hash}
    assert second.post(reverse("clause-decide", args=[draft.pk]), decision).url == page
    assert "Needs a new version" in second.get(page).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text_en": "{{ name }}"}, "fixed wording"),
        ({"text_en": "", "text_zh-hans": ""}, "at least one language"),
        ({"revision": 99}, "saved this draft"),
    ],
)
def test_what_cannot_be_saved_is_said(client, changes, words):
    _draft, answer = write(keeper(client), **changes)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_a_return_without_a_reason_is_refused_beside_the_field(client):
    draft, _saved = write(keeper(client), "submit")
    draft.refresh_from_db()
    decision = {"verb": "return", "shown_hash": draft.content_hash, "reason": " "}
    answer = keeper(Client()).post(reverse("clause-decide", args=[draft.pk]), decision)
    assert (answer.status_code, "A reason is required" in answer.content.decode()) == (422, True)


def test_a_new_clause_starts_with_a_draft(client):
    keeper(client)
    made = client.post(reverse("clause-new"), {"name": "Fees", "code": "fees"})
    assert made.url == reverse("clause-edit", args=[ClauseVersion.objects.get(state="draft").pk])
    again = client.post(reverse("clause-new"), {"name": "Fees", "code": "fees"})
    assert (again.status_code, "already" in again.content.decode()) == (422, True)


def test_the_list_needs_few_queries(client, django_assert_max_num_queries):
    keeper(client)
    with django_assert_max_num_queries(12):
        assert "General risk statement" in client.get(reverse("clauses")).content.decode()
