"""The editor through HTTP: unsaved words, texts from the facts, reasons, samples."""

from __future__ import annotations

from dataclasses import asdict
from uuid import uuid4

import pytest

from core import clock
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.writing.derive import derive
from templates_mgmt.writing.models import Justification, UnsavedWords
from tests.core.builders import actor_of
from tests.templates_mgmt.builders import VARIANTS, content, make_draft, make_submitted
from tests.templates_mgmt.test_pages import browser, person, typed, url

pytestmark = pytest.mark.django_db


def test_typed_words_survive_a_crash_and_come_back_by_choice():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    session = str(uuid4())
    data = typed(version, session=session, **{"text-sms-en-body": "half a sen"})
    browser(user).post(url("version-preview", version), data)
    client = browser(user)  # signed in again, after whatever happened
    page = client.get(url("version-edit", version)).content.decode()
    assert "never saved" in page and "half a sen" not in page
    page = client.get(url("version-edit", version) + f"?restore={session}").content.decode()
    assert "half a sen" in page and "Your unsaved words are back" in page
    assert f'name="session" value="{session}"' in page
    stored = version.variants.get(channel="sms", language="en").body
    assert stored == VARIANTS[1]["body"]
    client.post(url("version-edit", version), data)
    assert not UnsavedWords.objects.exists()


def test_restored_words_of_an_older_revision_meet_the_newer_ones_openly():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    session = str(uuid4())
    data = typed(version, session=session, **{"text-sms-en-body": "mine {{ risk }}"})
    browser(user).post(url("version-preview", version), data)
    colleague = person(Role.AUTHOR)
    browser(colleague).post(url("version-edit", version), typed(version))
    page = browser(user).get(url("version-edit", version) + f"?restore={session}").content.decode()
    assert f'name="revision" value="{version.revision}"' in page
    answer = browser(user).post(url("version-edit", version), data)
    assert answer.status_code == 409 and "mine" in answer.content.decode()
    assert UnsavedWords.objects.count() == 1


def test_unsaved_words_of_others_are_told_but_neither_shown_nor_dropped():
    user, colleague = person(Role.AUTHOR), person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    session = str(uuid4())
    data = typed(version, session=session, **{"text-sms-en-body": "half a sen"})
    browser(user).post(url("version-preview", version), data)
    client = browser(colleague)
    page = client.get(url("version-edit", version) + f"?restore={session}").content.decode()
    assert "half a sen" not in page and "Somebody else is editing this draft" in page
    client.post(url("unsaved-drop", version), {"session": session})
    assert UnsavedWords.objects.count() == 1
    browser(user).post(url("unsaved-drop", version), {"session": session})
    assert not UnsavedWords.objects.exists()


def test_blank_texts_are_written_from_the_facts_but_not_saved():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    data = typed(version, then="derive", session=str(uuid4()), **{"text-sms-en-body": ""})
    page = browser(user).post(url("version-edit", version), data).content.decode()
    assert "{{ title }}. {{ action }}. {{ risk }}" in page  # the short one, blank before
    assert "9 texts were written" in page  # and both of push, inbox, chat and hotline
    assert VARIANTS[0]["body"] in page
    assert version.variants.count() == len(VARIANTS)


def test_a_reason_is_given_on_the_page_and_reviewers_see_it():
    user = person(Role.AUTHOR)
    texts = [{**VARIANTS[0], "body": VARIANTS[0]["body"] + "保本"}, *VARIANTS[1:]]
    version = make_draft(actor_of(user), variants=texts)
    client = browser(user)
    page = client.get(url("version-review", version)).content.decode()
    assert "Let it stand, with a reason" in page
    fingerprint = page.split('name="fingerprint" value="')[1][:64]
    given = {"fingerprint": fingerprint, "reason": ""}
    page = client.post(url("finding-justify", version), given, follow=True).content.decode()
    assert "A reason is needed." in page and not Justification.objects.exists()
    given["reason"] = "The rule's own <words>"
    client.post(url("finding-justify", version), given)
    services.submit(version_id=version.pk, actor=actor_of(user), now=clock.now())
    page = browser(person(Role.REVIEWER)).get(url("version-review", version)).content.decode()
    assert "The rule&#x27;s own &lt;words&gt;" in page and "Justified" in page


@pytest.mark.parametrize(
    ("sample", "shown"),
    [("long", "Featherstonehaugh"), ("one", "李您好"), ("rtl", "فاطمة"), ("emoji", "𠮷野 😀")],
)
def test_a_preview_as_an_awkward_investor(sample, shown):
    version = make_submitted()
    client = browser(person(Role.REVIEWER))
    page = client.get(url("version-review", version) + f"?sample={sample}").content.decode()
    assert shown in page and "张三您好" not in page


def test_the_review_screen_shows_the_script_in_parts_and_values_by_channel():
    version = make_submitted(
        variants=[asdict(text) for text in derive(content(placeholders=(), variants=()))],
        placeholders=[],
    )
    page = browser(person(Role.REVIEWER)).get(url("version-review", version)).content.decode()
    assert page.count('class="part never"') == 2 and page.count('class="part silent"') == 2
    assert 'id="see-hotline"' in page and 'href="#see-hotline"' in page
    assert "seconds to read aloud" in page


def test_without_a_value_the_preview_says_that_nothing_would_be_sent():
    version = make_submitted()
    client = browser(person(Role.REVIEWER))
    page = client.get(url("version-review", version) + "?sample=blank").content.decode()
    assert "There is no value for “name”." in page


def test_previews_say_parts_and_cost_and_show_the_mail_in_every_way(settings):
    settings.SMS_PRICE = "0.045 CNY"
    texts = [
        *VARIANTS,
        *(
            {**text, "channel": channel}
            for channel in ("inbox", "push", "chat")
            for text in VARIANTS[2:]
        ),
    ]
    version = make_submitted(variants=texts)
    page = browser(person(Role.REVIEWER)).get(url("version-review", version))
    text = page.content.decode()
    assert "0.09 CNY" in text or "0.045 CNY" in text
    assert "mail-dark" in text and "mail-plain" in text
    assert "frame-lock" in text and "frame-chat" in text and "of 2048 bytes" in text
