"""Reads: what may be sent, what a preview shows, what changed."""

from __future__ import annotations

import pytest

from core import clock
from core.errors import Conflict, Forbidden, NotFound
from core.roles import Role
from templates_mgmt import selectors, services
from templates_mgmt.rules import VariantText
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import (
    FACTS,
    author,
    content,
    make_approved,
    make_draft,
    make_submitted,
    reviewer,
    save,
)


def plain(previews) -> dict[tuple[str, str], str]:
    return {(item.channel, item.language): item.text for item in previews}


def test_previews_are_filled_with_examples_in_channel_and_language_order():
    shown = selectors.previews(content())
    assert [(p.channel, p.language) for p in shown] == [
        ("sms", "zh-hans"), ("sms", "en"), ("email", "zh-hans"), ("email", "en"),
    ]  # fmt: skip
    assert plain(shown)["sms", "zh-hans"].startswith("张三您好，网上交易自09:30起暂停。")
    assert shown[0].sms is not None and shown[0].sms.encoding == "UCS-2"
    assert shown[2].subject == "交易系统中断"
    assert "<li>网上交易暂停</li>" in shown[2].html and "<body" not in shown[2].html


def test_values_take_the_place_of_examples():
    shown = selectors.previews(content(), {"since": "10:15"})
    assert "10:15" in plain(shown)["sms", "en"]


def test_a_broken_text_is_still_shown_with_the_reason():
    broken = content(variants=(VariantText("sms", "en", "", "{{ name }} {{ oops.x }}"),))
    (shown,) = selectors.previews(broken)
    assert shown.text.startswith("张三 {{ oops.x }}\n")
    assert "not a placeholder" in shown.error


@pytest.mark.django_db
def test_an_approved_version_is_ready_to_render():
    version = selectors.approved_version(make_approved().pk)
    compiled = version.compiled()
    assert set(compiled) == set(version.variants)
    message = compiled["sms", "en"].render({"name": "Zhang", "since": "09:30"})
    assert message.text.startswith("Zhang: online trading is down since 09:30.")
    assert FACTS["en"]["risk"] in message.text


@pytest.mark.django_db
@pytest.mark.parametrize("make", [make_draft, make_submitted])
def test_nothing_else_is_ready_to_send(make):
    version = make()
    with pytest.raises(Conflict) as refusal:
        selectors.approved_version(version.pk)
    assert refusal.value.code == "unapproved_content"


@pytest.mark.django_db
def test_an_approved_version_costs_two_queries(django_assert_num_queries):
    version = make_approved()
    with django_assert_num_queries(2):
        selectors.approved_version(version.pk).compiled()


@pytest.mark.django_db
def test_differences_name_channel_language_and_field():
    first = make_approved()
    actor = author()
    second = services.new_version(based_on=first.pk, actor=actor, now=clock.now())
    facts = {**FACTS, "en": {**FACTS["en"], "action": "Please order at the counter"}}
    second = save(second, actor, facts=facts)
    (found,) = selectors.diff_versions(first, second)
    assert (found.channel, found.language, found.field) == ("", "en", "action")
    assert {span.text for span in found.spans if span.kind == "delete"} == {"place orders by phone"}
    assert selectors.diff_versions(first, first) == []
    assert selectors.last_approved_before(second) == first
    assert selectors.last_approved_before(first) is None


@pytest.mark.django_db
def test_everyone_sees_their_own_business_lines():
    version = make_draft()
    insider, auditor = author(), actor_of(make_user(Role.AUDITOR))
    outsider = actor_of(make_user(Role.AUTHOR, lines=[make_line("wealth", "Wealth")]))
    nobody = actor_of(make_user(Role.ADMINISTRATOR, lines=[make_line()]))
    assert [t.pk for t in selectors.templates_visible_to(insider)] == [version.template_id]
    assert selectors.templates_visible_to(auditor).count() == 1
    assert selectors.templates_visible_to(outsider).count() == 0
    assert selectors.version_for(insider, version.pk) == version
    with pytest.raises(NotFound):
        selectors.version_for(outsider, version.pk)
    with pytest.raises(Forbidden):
        selectors.templates_visible_to(nobody)


@pytest.mark.django_db
def test_approved_versions_are_what_a_notice_may_use():
    approved = make_approved()
    make_draft(code="other")
    actor = actor_of(make_user(Role.DISPATCHER, lines=[make_line()]))
    assert list(selectors.approved_versions_visible_to(actor)) == [approved]
    outsider = actor_of(make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")]))
    assert list(selectors.approved_versions_visible_to(outsider)) == []


@pytest.mark.django_db
def test_open_decisions_say_who_must_do_it():
    both = actor_of(make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]))
    version = make_submitted(both)
    own = {item.verb: item.barred for item in selectors.open_decisions(version, both)}
    assert "another person" in own["approve"] and own["withdraw"] == ""
    other = {item.verb: item.barred for item in selectors.open_decisions(version, reviewer())}
    assert other["approve"] == "" and other["withdraw"]
