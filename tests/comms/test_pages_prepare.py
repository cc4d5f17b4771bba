"""Preparing and releasing a notice through its pages: success and refusal side by side."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from comms.models import Notice
from core.roles import Role
from tests.builders import (
    actor_of,
    approved_template,
    make_investor,
    make_investors,
    make_line,
    make_notice,
    make_user,
)
from tests.core.builders import last_record, sign_in
from tests.templates_mgmt.builders import VARIANTS, make_draft

from .visitors import ref_of, visitor

pytestmark = pytest.mark.django_db

FORM = {
    "title": "Outage on Monday",
    "criticality": "important",
    "parallel": ["sms"],
    "fallback_1": "email",
    "everyone": "on",
    "value_since": "09:30",
    "reason": "the trading system was down",
}


@pytest.fixture
def version():
    return approved_template()


@pytest.fixture
def dispatcher():
    return visitor(Role.DISPATCHER)


def new_url(version) -> str:
    return f"{reverse('notice-new')}?version={version.pk}"


def test_only_approved_wordings_are_offered(dispatcher, version):
    page = dispatcher.get(reverse("notice-new"))
    assert page.status_code == 200
    assert str(version.pk) in page.content.decode()


def test_only_channels_with_a_provider_are_offered_and_the_page_says_so(
    dispatcher, version, settings
):
    page = dispatcher.get(new_url(version)).content.decode()
    assert 'value="sms"' in page and "This installation has no provider" not in page
    wide = approved_template(
        variants=[*VARIANTS, *({**text, "channel": "push"} for text in VARIANTS[2:])]
    )
    page = dispatcher.get(new_url(wide)).content.decode()
    assert 'value="push"' not in page and "also has words for: Push." in page
    answer = dispatcher.post(new_url(wide), {**FORM, "parallel": ["sms", "push"]})
    assert answer.status_code == 422 and not Notice.objects.exists()
    settings.CHANNEL_PROVIDERS = {"sms": settings.CHANNEL_PROVIDERS["sms"]}
    page = dispatcher.get(new_url(version)).content.decode()
    assert 'value="email"' not in page and "also has words for: E-mail, Inbox." in page


def test_a_draft_is_saved_with_everything_chosen(dispatcher, version):
    page = dispatcher.post(new_url(version), FORM)
    notice = Notice.objects.get()
    assert page.status_code == 302
    assert page["Location"] == reverse("notice-detail", args=[notice.pk])
    assert notice.title == "Outage on Monday"
    assert notice.channels["fallback"] == ["email"]
    assert notice.audience == {"line": "retail", "everyone": True}
    assert notice.values == {"since": "09:30"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criticality": "critical"}, "at least two parallel channels"),
        ({"everyone": ""}, "Say whom it is for"),
        ({"languages": ["en"]}, "not both"),
        ({"value_since": ""}, "This field is required"),
        ({"parallel": []}, "Choose at least one channel"),
        ({"fallback_1": "sms"}, "A channel is named twice"),
        ({"everyone": "", "refs": "C404 C405"}, "C404, C405"),
        ({"reason": " "}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    dispatcher, version, change, words
):
    page = dispatcher.post(new_url(version), FORM | change)
    html = page.content.decode()
    assert page.status_code == 422
    assert words in html
    assert "Outage on Monday" in html
    assert not Notice.objects.exists()


def test_a_foreign_or_unapproved_version_is_not_found(dispatcher, version):
    wealth = make_line("wealth", "Wealth")
    stranger = sign_in(Client(), make_user(Role.DISPATCHER, lines=[wealth]))
    draft = make_draft(code="unapproved")
    assert dispatcher.get(new_url(version)).status_code == 200
    assert stranger.get(new_url(version)).status_code == 404
    assert dispatcher.get(new_url(draft)).status_code == 404
    assert dispatcher.get(reverse("notice-new") + "?version=x").status_code == 404


def test_only_dispatchers_prepare(version):
    assert visitor(Role.RELEASER).get(new_url(version)).status_code == 403
    assert visitor(Role.AUDITOR).post(new_url(version), FORM).status_code == 403
    assert not Notice.objects.exists()


def test_customer_numbers_become_a_frozen_list_that_an_edit_keeps(version):
    investor = make_investor()
    user = make_user(Role.DISPATCHER, lines=[make_line()])
    client = sign_in(Client(), user)
    listed = FORM | {"everyone": "", "refs": f" {ref_of(investor)}\n"}
    client.post(new_url(version), listed)
    notice = Notice.objects.get()
    assert notice.audience == {"line": "retail", "ids": [str(investor.pk)]}

    edit = reverse("notice-edit", args=[notice.pk])
    page = client.get(edit).content.decode()
    assert "Keep the customer numbers" in page
    assert ref_of(investor) not in page
    client.post(edit, listed | {"refs": "", "keep_list": "on", "title": "Renamed"})
    notice.refresh_from_db()
    assert (notice.title, notice.audience["ids"]) == ("Renamed", [str(investor.pk)])
    page = client.post(edit, listed | {"refs": ""})
    assert page.status_code == 422


def test_only_the_preparer_edits_and_only_a_draft():
    owner = make_user(Role.DISPATCHER, lines=[make_line()])
    make_investors(1)
    notice = make_notice(actor=actor_of(owner))
    edit = reverse("notice-edit", args=[notice.pk])
    assert visitor(Role.DISPATCHER).post(edit, FORM).status_code == 403
    client = sign_in(Client(), owner)
    assert client.post(edit, FORM).status_code == 302
    client.post(reverse("notice-submit", args=[notice.pk]))
    assert client.get(edit).status_code == 409


def test_the_dry_run_names_who_is_left_out_and_why(dispatcher):
    reached, silent = make_investor(), make_investor(consents=["inbox"])
    notice = make_notice()
    page = dispatcher.get(reverse("notice-dry-run", args=[notice.pk])).content.decode()
    assert "No consent to this channel" in page
    assert "自09:30起" in page
    left_out = reverse("notice-excluded", args=[notice.pk])
    html = dispatcher.get(f"{left_out}?reason=no_consent&channel=sms").content.decode()
    assert ref_of(silent)[-4:] in html
    assert ref_of(silent) not in html
    assert ref_of(reached)[-4:] not in html
    few = dispatcher.get(f"{left_out}?unreachable=1").content.decode()
    assert ref_of(reached)[-4:] in few


def test_the_dry_run_is_a_part_for_htmx(dispatcher):
    make_investors(1)
    url = reverse("notice-dry-run", args=[make_notice().pk])
    part = dispatcher.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "What they will see" in part


def test_a_pseudonym_is_all_that_those_without_the_right_see():
    silent = make_investor(consents=["inbox"])
    notice = make_notice()
    url = reverse("notice-excluded", args=[notice.pk])
    html = visitor(Role.REVIEWER).get(url).content.decode()
    assert str(silent.pk)[:8] in html
    assert ref_of(silent)[-4:] not in html


def test_a_submission_that_reaches_nobody_is_refused_with_the_reasons(dispatcher):
    make_investors(2, consents=[])
    notice = make_notice()
    page = dispatcher.post(reverse("notice-submit", args=[notice.pk]))
    assert page.status_code == 422
    assert "would reach nobody" in page.content.decode()
    make_investors(1)
    assert dispatcher.post(reverse("notice-submit", args=[notice.pk])).status_code == 302
    notice.refresh_from_db()
    assert notice.state == "ready"
    assert last_record("notice.submitted").notice == notice.pk


def test_the_mail_sample_is_inert(dispatcher):
    notice = make_notice(channels={"parallel": ["email"]})
    answer = dispatcher.get(reverse("notice-sample", args=[notice.pk, "en"]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert dispatcher.get(reverse("notice-sample", args=[notice.pk, "xx"])).status_code == 404
