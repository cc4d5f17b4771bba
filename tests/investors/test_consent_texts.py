"""Consent texts: shipped in both languages, shown, and pinned by what was shown."""

from __future__ import annotations

import dataclasses
import hashlib
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import actor as actors
from core import clock
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from investors import rules
from investors.consent_texts import services
from investors.consent_texts.models import ConsentText, ConsentTextVersion
from investors.consent_texts.selectors import in_force
from investors.models import ConsentEntry, ConsentNotice
from portal.selfservice import choices
from tests.builders import make_investor, make_line, make_user
from tests.core.builders import last_record, sign_in
from tests.investors.consent_texts import approve, draft, officer, submitted
from tests.templates_mgmt.builders import reviewer

pytestmark = pytest.mark.django_db
SMS = "channel.sms"


def test_every_purpose_has_a_text_in_both_languages_under_its_hash():
    found = {(text.purpose, text.language): text for text in ConsentNotice.objects.all()}
    assert found.keys() == {(p, lang) for p in rules.PURPOSES for lang in ("zh-hans", "en")}
    for text in found.values():
        assert text.sha256 == hashlib.sha256(text.text.encode()).hexdigest()
        assert "{" not in text.text
    for language, article in (("zh-hans", "《个人信息保护法》第十四条"), ("en", "Article 14")):
        assert article in found[SMS, language].text


@pytest.mark.parametrize(
    ("language", "shown"), [("zh-hans", "zh-hans"), ("zh-hant", "zh-hans"), ("en", "en")]
)
def test_the_newest_text_is_shown_in_the_readers_language(language, shown):
    assert in_force(language)[SMS].language == shown
    newer = approve(submitted(officer(), "new", shown))
    assert in_force(language)[SMS].pk == newer.pk
    assert in_force(language)[SMS].text == "new"


def test_an_investor_is_pinned_to_the_text_that_the_page_showed():
    investor = make_investor(consents=["inbox"])
    me = actors.investor(investor.pk)
    shown = in_force("en")[SMS]
    choices.give(purpose=SMS, actor=me, now=clock.now(), shown=shown.pk)
    entry = ConsentEntry.objects.filter(investor=investor, purpose=SMS).first()
    assert entry.notice == shown
    facts = last_record("consent.given").facts
    assert (facts["notice_sha256"], facts["notice_version"]) == (shown.sha256, 1)


def test_a_text_that_changed_meanwhile_is_read_first():
    investor = make_investor(consents=["inbox"])
    with pytest.raises(Conflict) as refused:
        choices.give(
            purpose=SMS, actor=actors.investor(investor.pk), now=clock.now(), shown=uuid4()
        )
    assert refused.value.code == "consent_text_changed"


def test_staff_see_the_text_and_pin_it_and_older_entries_say_that_they_have_none():
    line = make_line()
    investor = make_investor(consents=["inbox", "email"])
    client = sign_in(Client(), make_user(Role.PRIVACY_OFFICER, lines=[line]), stepped_up=True)
    page = client.get(reverse("investor-detail", args=[investor.pk])).content.decode()
    text = in_force(investor.language)[SMS]
    assert str(text.pk) in page
    url = reverse("investor-consent", args=[investor.pk])
    act = {"act": "give", "purpose": SMS, "method": "phone"}
    assert client.post(url, {**act, "notice": "none"}).status_code in {400, 422}
    assert client.post(url, {**act, "notice": text.pk}).status_code == 302
    assert ConsentEntry.objects.filter(purpose=SMS).latest("id").notice == text
    page = client.get(reverse("investor-detail", args=[investor.pk])).content.decode()
    assert text.sha256[:12] in page


# --- four eyes ---------------------------------------------------------------------------------


def test_every_shipped_text_is_a_version_in_force_under_the_id_of_what_is_published():
    versions = {version.pk: version for version in ConsentTextVersion.objects.all()}
    published = {notice.pk: notice for notice in ConsentNotice.objects.all()}
    assert versions.keys() == published.keys() and len(versions) == 8
    for pk, version in versions.items():
        assert (version.state, version.text) == ("approved", published[pk].text)


def test_nothing_changes_for_investors_until_a_second_person_approved_it():
    before = in_force("en")[SMS]
    version = submitted(officer(), "We send you SMS.\r\nOften.")
    assert in_force("en")[SMS] == before
    approve(version)
    now = in_force("en")[SMS]
    assert (now.version, now.text) == (2, "We send you SMS.\nOften.")
    assert now.sha256 == hashlib.sha256(now.text.encode()).hexdigest()
    states = ConsentText.objects.get(purpose=SMS, language="en").versions.order_by("number")
    assert [each.state for each in states] == ["superseded", "approved"]
    assert last_record("consent_text.approved").facts["content_hash"] == version.content_hash


def test_consents_stay_pinned_to_the_words_that_were_shown():
    investor = make_investor(consents=["inbox"])
    shown = in_force("en")[SMS]
    me = actors.investor(investor.pk)
    choices.give(purpose=SMS, actor=me, now=clock.now(), shown=shown.pk)
    approve(submitted(officer()))
    entry = ConsentEntry.objects.get(investor=investor, purpose=SMS)
    assert (entry.notice_id, entry.notice.text) == (shown.pk, shown.text)


def test_the_drafter_cannot_approve_even_with_both_rights():
    drafter = officer()
    version = submitted(drafter)
    both = dataclasses.replace(drafter, capabilities=drafter.capabilities | reviewer().capabilities)
    with pytest.raises(FourEyesViolation):
        approve(version, both)
    with pytest.raises(Forbidden):
        approve(version, officer())
    with pytest.raises(Forbidden):
        draft(reviewer(), "zh-hans")


def test_approval_needs_a_fresh_second_factor_and_what_was_shown():
    version, second = submitted(officer()), reviewer()
    with pytest.raises(StepUpRequired):
        approve(version, dataclasses.replace(second, stepped_up_at=None))
    version.content_hash = "0" * 64
    with pytest.raises(Conflict) as refused:
        approve(version, second)
    assert refused.value.code == "stale_approval"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "required"), ("a\x00b", "control_character"), ("x" * 20_001, "too_long")],
)
def test_a_text_that_cannot_be_used_is_refused_by_name(text, code):
    with pytest.raises(InvalidInput) as refused:
        submitted(officer(), text)
    assert (refused.value.field, refused.value.code) == ("text", code)


def test_words_that_are_in_force_already_are_not_submitted_again():
    by = officer()
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=draft(by).pk, actor=by, now=clock.now())
    assert refused.value.code == "unchanged"


def test_a_purpose_gets_a_text_in_a_further_language_once():
    by = officer()
    given = {"purpose": SMS, "language": "zh-hant", "actor": by, "now": clock.now()}
    made = services.create_text(**given)
    services.save(version_id=made.pk, text="我們向您發送短訊。", actor=by, now=clock.now())
    made = services.submit(version_id=made.pk, actor=by, now=clock.now())
    approve(made)
    assert in_force("zh-hant")[SMS].pk == made.pk
    with pytest.raises(InvalidInput) as refused:
        services.create_text(**given)
    assert (refused.value.code, refused.value.field) == ("duplicate", "language")
    with pytest.raises(InvalidInput):
        services.create_text(**{**given, "purpose": "channel.fax"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE investors_consenttextversion SET state = 'approved', decided_by_id = edited_by_id, "
        "decided_at = now() WHERE state = 'in_review'",
        "UPDATE investors_consenttextversion SET text = 'other' WHERE state = 'in_review'",
        "UPDATE investors_consenttext SET purpose = 'channel.push'",
        "DELETE FROM investors_consenttextversion",
        "INSERT INTO investors_consentnotice (id, purpose, version, language, text, sha256, "
        "created_at) SELECT id, 'channel.sms', number, 'en', text, "
        "encode(sha256(convert_to(text, 'UTF8')), 'hex'), now() "
        "FROM investors_consenttextversion WHERE state = 'in_review'",
        "UPDATE investors_consentnotice SET text = 'other'",
    ],
)
def test_the_database_refuses_what_the_services_do(statement):
    submitted(officer())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# --- pages -------------------------------------------------------------------------------------


def keeper(role: Role) -> Client:
    return sign_in(Client(), make_user(role, lines=[make_line()]), stepped_up=True)


def test_from_a_draft_to_the_text_that_investors_read():
    text = ConsentText.objects.get(purpose=SMS, language="en")
    drafter, second = keeper(Role.PRIVACY_OFFICER), keeper(Role.REVIEWER)
    edit = drafter.post(reverse("consent-text-version-new", args=[text.pk])).url
    version = ConsentTextVersion.objects.get(state="draft")
    words = {"text": version.text + "\n\nOne word more.", "revision": version.revision}
    page = drafter.post(edit, {**words, "then": "submit"}).url
    assert page == reverse("consent-text-version", args=[version.pk])
    assert "another person decides" not in drafter.get(page).content.decode()
    shown = second.get(page).content.decode()
    assert "<ins>" in shown and "One word more." in shown and "in force" in shown
    assert page in second.get(reverse("overview")).content.decode()
    version.refresh_from_db()
    decide = reverse("consent-text-decide", args=[version.pk])
    answer = second.post(decide, {"verb": "approve", "shown_hash": version.content_hash})
    assert answer.url == page
    assert in_force("en")[SMS].text.endswith("One word more.")
    listed = second.get(reverse("consent-texts")).content.decode()
    assert page in listed


def test_a_return_needs_its_reason_and_loses_nothing():
    version, second = submitted(officer()), keeper(Role.REVIEWER)
    decide = reverse("consent-text-decide", args=[version.pk])
    answer = second.post(decide, {"verb": "return", "shown_hash": version.content_hash})
    assert answer.status_code == 422
    answer = second.post(
        decide, {"verb": "return", "shown_hash": version.content_hash, "reason": "Too short."}
    )
    assert answer.status_code == 302
    assert "Too short." in second.get(answer.url).content.decode()


def test_a_stale_draft_is_kept_on_the_screen():
    by = make_user(Role.PRIVACY_OFFICER, lines=[make_line()])
    client, version = sign_in(Client(), by, stepped_up=True), draft(officer())
    edit = reverse("consent-text-edit", args=[version.pk])
    answer = client.post(edit, {"text": "My words", "revision": 99})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "saved this draft" in page and "My words" in page


def test_the_list_asks_a_constant_number_of_queries():
    client = keeper(Role.REVIEWER)
    client.get(reverse("consent-texts"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("consent-texts"))
    for language in ("en", "zh-hans"):
        approve(submitted(officer(), "more", language))
    with CaptureQueriesContext(connection) as more:
        client.get(reverse("consent-texts"))
    assert len(more) == len(few)
