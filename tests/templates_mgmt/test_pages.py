"""Templates through HTTP: drafting, review and decisions in the browser's terms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.models import User
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.models import Decision, Template, TemplateVersion
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import (
    FACTS,
    PLACEHOLDERS,
    VARIANTS,
    make_approved,
    make_draft,
    make_submitted,
    save,
)

pytestmark = pytest.mark.django_db


def person(*roles: Role) -> User:
    return make_user(*roles, lines=[make_line()])


def browser(user: User, *, stepped_up: bool = False) -> Client:
    return sign_in(Client(), user, stepped_up=stepped_up)


def url(name: str, version: TemplateVersion) -> str:
    return reverse(name, args=[version.pk])


def typed(version: TemplateVersion, **changes: str) -> dict[str, str]:
    """The editor's fields filled with the standard words."""
    data: dict[str, Any] = {"revision": version.revision, "rows": "3", "note-note": ""}
    for language, facts in FACTS.items():
        for name, value in facts.items():
            text = "\n".join(value) if isinstance(value, list) else value
            data[f"facts-{language}-{name}"] = text
    for row, item in enumerate(PLACEHOLDERS):
        data |= {f"placeholder-{row}-{name}": value for name, value in item.items()}
    for item in VARIANTS:
        prefix = f"text-{item['channel']}-{item['language']}"
        data |= {f"{prefix}-{name}": item.get(name, "") for name in ("subject", "body")}
    return {**data, **changes}


def decide(client: Client, version: TemplateVersion, verb: str, **changes: str):
    data = {"verb": verb, "shown_hash": version.content_hash, "reason": "", **changes}
    return client.post(url("version-decide", version), data)


def test_from_an_example_to_approval_in_the_browser():
    author = browser(person(Role.AUTHOR))
    form = {"example-example": "system-outage", "example-line": str(make_line().pk)}
    answer = author.post(reverse("template-from-example"), form)
    version = TemplateVersion.objects.get()
    assert answer.url == url("version-review", version)
    answer = author.post(url("version-submit", version), follow=True)
    assert "In review" in answer.content.decode()
    version.refresh_from_db()
    reviewer = browser(person(Role.REVIEWER), stepped_up=True)
    page = reviewer.get(url("version-review", version)).content.decode()
    assert version.content_hash in page and 'value="approve"' in page
    answer = decide(reviewer, version, "approve")
    assert answer.status_code == 302
    version.refresh_from_db()
    assert version.state == "approved"


def test_a_new_template_is_made_or_the_field_is_named():
    author = browser(person(Role.AUTHOR))
    form = {"name": "Margin", "code": "margin", "category": "risk", "topic_code": "risk_alert",
            "line": str(make_line().pk)}  # fmt: skip
    assert author.post(reverse("template-new"), form).status_code == 302
    answer = author.post(reverse("template-new"), form)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert Template.objects.count() == 1


def test_the_editor_saves_every_word_and_shows_them_again():
    user = person(Role.AUTHOR)
    client = browser(user)
    version = services.create_template(
        code="x1", name="X", category="risk", topic_code="risk_alert", line_id=make_line().pk,
        actor=actor_of(user), now=clock.now(),
    )  # fmt: skip
    answer = client.post(url("version-edit", version), typed(version))
    assert answer.status_code == 302
    version.refresh_from_db()
    assert version.facts["zh-hans"]["key_points"] == FACTS["zh-hans"]["key_points"]
    assert version.variants.count() == len(VARIANTS)
    page = client.get(url("version-edit", version)).content.decode()
    assert all(facts["title"] in page for facts in FACTS.values())
    assert "No findings" in page


def test_a_refused_save_loses_no_word_and_points_at_the_field():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    data = typed(
        version,
        **{"placeholder-0-name": "Bad Name", "text-sms-en-body": "precious words"},
    )
    answer = browser(user).post(url("version-edit", version), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "precious words" in page and "Bad Name" in page
    data = typed(version, **{"facts-en-title": "nul \0 here", "text-sms-en-body": "precious"})
    answer = browser(user).post(url("version-edit", version), data)
    assert answer.status_code == 422
    assert "precious" in answer.content.decode()
    assert "id_facts-en-title" in answer.content.decode()


def test_a_stale_save_shows_both_wordings_and_writes_nothing():
    user, colleague = person(Role.AUTHOR), person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    theirs = {**FACTS, "en": {**FACTS["en"], "action": "Call the hotline"}}
    save(version, actor_of(colleague), facts=theirs)
    data = typed(version, **{"facts-en-action": "Visit a branch"})
    answer = browser(user).post(url("version-edit", version), data)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Visit a branch" in page and "hotline" in page
    version.refresh_from_db()
    assert version.facts["en"]["action"] == "Call the hotline"
    data["revision"] = str(version.revision)
    assert browser(user).post(url("version-edit", version), data).status_code == 302


def test_words_typed_after_submission_are_shown_not_lost():
    user = person(Role.AUTHOR)
    version = make_submitted(actor_of(user))
    answer = browser(user).post(
        url("version-edit", version), typed(version, **{"text-sms-en-body": "late words"})
    )
    assert answer.status_code == 409
    assert "late words" in answer.content.decode()
    assert browser(user).get(url("version-edit", version)).status_code == 302


def test_saving_and_submitting_with_errors_keeps_the_draft_and_lists_them():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    data = typed(version, **{"facts-en-risk": "", "then": "submit"})
    answer = browser(user).post(url("version-edit", version), data, follow=True)
    page = answer.content.decode()
    assert "Saved, but not submitted" in page
    assert "This category needs a risk statement." in page
    version.refresh_from_db()
    assert version.state == "draft"
    good = typed(version, then="submit")
    browser(user).post(url("version-edit", version), good)
    version.refresh_from_db()
    assert version.state == "in_review"


def test_html_that_is_taken_out_is_named():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    bad = "<p>{{ risk }}</p><script>x</script>"
    data = typed(version, **{"text-email-en-body_html": bad})
    page = browser(user).post(url("version-edit", version), data, follow=True).content.decode()
    assert "HTML that may not be used was taken out" in page
    version.refresh_from_db()
    data = typed(version, **{"text-email-en-body_html": "<p>a & b {{ risk }}</p>"})
    page = browser(user).post(url("version-edit", version), data, follow=True).content.decode()
    assert "was taken out" not in page


def test_the_preview_shows_unsaved_words_and_saves_none():
    user = person(Role.AUTHOR)
    version = make_draft(actor_of(user))
    data = typed(version, **{"text-sms-en-body": "{{ name }} <b>unsaved</b> 保本 {{ risk }}"})
    page = browser(user).post(url("version-preview", version), data).content.decode()
    assert "张三 &lt;b&gt;unsaved&lt;/b&gt;" in page
    assert "It promises a gain" in page
    assert "UCS-2" in page and "<html" not in page
    assert "unsaved" not in version.variants.get(channel="sms", language="en").body


def test_the_review_screen_shows_everything_at_once():
    approved = make_approved()
    user = person(Role.AUTHOR)
    second = services.new_version(based_on=approved.pk, actor=actor_of(user), now=clock.now())
    facts = {**FACTS, "en": {**FACTS["en"], "action": "Please order at the counter"}}
    second = save(second, actor_of(user), facts=facts, note="Counter instead of phone")
    second = services.submit(version_id=second.pk, actor=actor_of(user), now=clock.now())
    page = browser(person(Role.REVIEWER)).get(url("version-review", second)).content.decode()
    assert "frame-phone" in page and "frame-mail" in page
    assert "张三您好" in page and "张三: online trading is down since 09:30" in page
    assert "<ins>" in page and "<del>" in page
    assert "Counter instead of phone" in page
    assert "No findings" in page
    for verb in ("approve", "return", "reject"):
        assert f'value="{verb}"' in page


def test_who_took_part_is_told_so_and_refused():
    both = person(Role.AUTHOR, Role.REVIEWER)
    version = make_submitted(actor_of(both))
    client = browser(both, stepped_up=True)
    page = client.get(url("version-review", version)).content.decode()
    assert "another person must decide" in page and 'value="approve"' not in page
    answer = decide(client, version, "approve")
    assert answer.status_code == 403
    assert not Decision.objects.exists()
    assert decide(browser(person(Role.REVIEWER), stepped_up=True), version, "approve").url


@pytest.mark.parametrize("verb", ["return", "reject"])
def test_a_refusal_needs_a_reason(verb):
    version, client = make_submitted(), browser(person(Role.REVIEWER))
    answer = decide(client, version, verb)
    assert answer.status_code == 422
    assert "A reason is required." in answer.content.decode()
    assert decide(client, version, verb, reason="Too long").status_code == 302
    version.refresh_from_db()
    assert version.reason == "Too long"


def test_a_stale_screen_cannot_approve_and_keeps_the_remark():
    version, client = make_submitted(), browser(person(Role.REVIEWER), stepped_up=True)
    answer = decide(client, version, "approve", shown_hash="0" * 64, reason="my remark")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "my remark" in page and version.content_hash in page
    version.refresh_from_db()
    assert version.state == "in_review"
    assert decide(client, version, "approve").status_code == 302


def test_approval_without_a_fresh_second_factor_goes_to_step_up():
    version, client = make_submitted(), browser(person(Role.REVIEWER))
    answer = decide(client, version, "approve", reason="my remark")
    assert urlsplit(answer.url).path == reverse("step-up")
    assert client.session["held_form"]["path"] == url("version-decide", version)
    version.refresh_from_db()
    assert version.state == "in_review"


def test_a_second_tab_is_told_that_it_was_decided():
    version, client = make_submitted(), browser(person(Role.REVIEWER), stepped_up=True)
    decide(client, version, "approve")
    answer = decide(client, version, "reject", reason="No")
    assert answer.status_code == 409
    assert Decision.objects.count() == 1


def test_state_changes_by_post_only():
    version = make_submitted()
    client = browser(person(Role.REVIEWER, Role.AUTHOR), stepped_up=True)
    for name in ("version-decide", "version-submit", "version-preview"):
        assert client.get(url(name, version)).status_code == 405
    assert client.get(reverse("version-new", args=[version.template_id])).status_code == 405


@pytest.mark.parametrize("name", ["version-review", "version-edit"])
def test_a_foreign_version_is_not_there(name):
    version = make_draft()
    roles = (Role.AUTHOR, Role.REVIEWER)
    wealth = make_line("wealth", "Wealth")
    outsider = browser(make_user(*roles, lines=[wealth]))
    assert outsider.get(url(name, version)).status_code == 404
    assert browser(person(*roles)).get(url(name, version)).status_code == 200


def test_pages_are_for_those_with_the_right():
    version = make_draft()
    assert urlsplit(Client().get(reverse("template-list")).url).path == reverse("sign-in")
    supervisor = browser(person(Role.SUPERVISOR))
    assert supervisor.get(reverse("template-list")).status_code == 403
    assert browser(person(Role.REVIEWER)).get(url("version-edit", version)).status_code == 403
    assert browser(person(Role.AUDITOR)).get(url("version-review", version)).status_code == 200


def test_the_list_is_filtered_by_its_address():
    make_draft(code="alpha", name="Alpha outage")
    make_approved(code="beta", name="Beta halt")
    client = browser(person(Role.AUTHOR))
    both = client.get(reverse("template-list")).content.decode()
    assert "Alpha outage" in both and "Beta halt" in both
    only = client.get(reverse("template-list"), {"state": "approved", "q": "halt"})
    assert "Alpha outage" not in only.content.decode() and "Beta halt" in only.content.decode()
    none = client.get(reverse("template-list"), {"q": "nothing like it"}).content.decode()
    assert "No template fits these filters" in none


def test_the_list_takes_the_same_queries_however_long(django_assert_num_queries):
    client = browser(person(Role.AUTHOR))
    make_draft(code="t0")
    with django_assert_num_queries(13, exact=False) as few:
        client.get(reverse("template-list"))
    for number in range(1, 6):
        make_draft(code=f"t{number}")
    with django_assert_num_queries(len(few.captured_queries)):
        client.get(reverse("template-list"))


def test_two_versions_are_compared_side_by_side():
    version = make_approved()
    user = person(Role.AUTHOR)
    second = services.new_version(based_on=version.pk, actor=actor_of(user), now=clock.now())
    facts = {**FACTS, "zh-hans": {**FACTS["zh-hans"], "action": "请改用柜台委托"}}
    save(second, actor_of(user), facts=facts)
    address = reverse("version-compare", args=[version.template_id])
    page = browser(user).get(address, {"old": "1", "new": "2"}).content.decode()
    assert "<del>电话</del>" in page and "<ins>柜台</ins>" in page
    assert browser(user).get(address, {"old": "x"}).status_code == 200


def test_a_new_version_starts_from_the_page_of_an_old_one():
    version = make_approved()
    author = browser(person(Role.AUTHOR))
    detail = author.get(reverse("template-detail", args=[version.template_id]))
    assert "New version" in detail.content.decode()
    address = reverse("version-new", args=[version.template_id])
    answer = author.post(address, {"based_on": str(version.pk)})
    second = TemplateVersion.objects.get(number=2)
    assert answer.url == url("version-edit", second)
    assert author.post(address, {"based_on": "nonsense"}).status_code == 422
    assert author.post(address).status_code == 409


def test_recall_is_offered_to_reviewers_and_needs_its_reason():
    version = make_approved()
    client = browser(person(Role.REVIEWER))
    assert 'value="recall"' in client.get(url("version-review", version)).content.decode()
    assert decide(client, version, "recall").status_code == 422
    assert decide(client, version, "recall", reason="Wrong number").status_code == 302
    version.refresh_from_db()
    assert version.state == "recalled"
