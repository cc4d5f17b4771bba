"""Consent texts: shipped in both languages, shown, and pinned by what was shown."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from core import actor as actors
from core import clock
from core.errors import Conflict
from core.roles import Role
from investors import rules, selectors, services
from investors.models import ConsentEntry, ConsentNotice
from portal.selfservice import choices
from tests.builders import make_investor, make_line, make_user
from tests.core.builders import actor_of, last_record, sign_in

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
    assert selectors.consent_texts(language)[SMS].language == shown
    officer = actor_of(make_user(Role.PRIVACY_OFFICER, lines=[make_line()]))
    newer = services.publish_consent_notice(
        purpose=SMS, language=shown, text="new", actor=officer, now=clock.now()
    )
    assert selectors.consent_texts(language)[SMS].pk == newer


def test_an_investor_is_pinned_to_the_text_that_the_page_showed():
    investor = make_investor(consents=["inbox"])
    me = actors.investor(investor.pk)
    shown = selectors.consent_texts("en")[SMS]
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
    text = selectors.consent_texts(investor.language)[SMS]
    assert str(text.pk) in page
    url = reverse("investor-consent", args=[investor.pk])
    act = {"act": "give", "purpose": SMS, "method": "phone"}
    assert client.post(url, {**act, "notice": "none"}).status_code in {400, 422}
    assert client.post(url, {**act, "notice": text.pk}).status_code == 302
    assert ConsentEntry.objects.filter(purpose=SMS).latest("id").notice == text
    page = client.get(reverse("investor-detail", args=[investor.pk])).content.decode()
    assert text.sha256[:12] in page
