"""A text keeps the facts, or submission is refused (T6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import clock
from core.errors import InvalidInput
from templates_mgmt import services
from templates_mgmt.lint import lint
from templates_mgmt.rules import Placeholder
from templates_mgmt.writing import facts
from tests.templates_mgmt.builders import FACTS, VARIANTS, author, content, make_draft


def facts_with(**changes):
    return {
        "zh-hans": {**FACTS["zh-hans"], **changes.get("zh", {})},
        "en": {**FACTS["en"], **changes.get("en", {})},
    }


def with_sms(whole, language, body):
    return replace(
        whole,
        variants=tuple(
            replace(item, body=body) if (item.channel, item.language) == ("sms", language) else item
            for item in whole.variants
        ),
    )


def found(whole, language="en"):
    return {
        (item.code, item.excerpt)
        for item in lint(whole)
        if item.place.channel == "sms" and item.place.language == language
    }


DEADLINE = {
    "zh": {"deadline": "请于11月24日前补足5万元"},
    "en": {"deadline": "Add CNY 50,000 by 24 Nov"},
}
SMS = "{{ name }} {{ since }} {{ action }} {{ risk }} "


def whole():
    checked = content(facts=facts_with(**DEADLINE))
    return replace(
        checked,
        variants=tuple(replace(v, body=v.body + " {{ deadline }}") for v in checked.variants),
    )


def test_texts_that_keep_the_facts_have_no_findings():
    assert lint(whole()) == []
    assert not found(with_sms(whole(), "en", SMS + "November 24: RMB 50,000"))
    assert not found(with_sms(whole(), "zh-hans", SMS + "十一月二十四日前：五万元"), "zh-hans")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SMS, {"fact_dropped"}),
        (SMS + "CNY 50,000 by 25 Nov", {"fact_contradicted", "fact_dropped"}),
        (SMS + "CNY 5,000 by 24 Nov", {"fact_contradicted", "fact_dropped"}),
        (SMS + "CNY 50,000 by 24 Nov, not 20 Nov", {"not_in_facts"}),
        (SMS + "{{ deadline }} Call 400-111-1111", {"not_in_facts"}),
        ("{{ name }} {{ since }} {{ deadline }} {{ risk }}", {"action_dropped"}),
    ],
)
def test_what_a_text_drops_or_contradicts_is_found(body, expected):
    assert {code for code, _excerpt in found(with_sms(whole(), "en", body))} == expected


def test_the_place_of_a_contradiction_is_the_value():
    body = SMS + "CNY 50,000 by 25 Nov"
    (finding,) = [
        item for item in lint(with_sms(whole(), "en", body)) if item.code == "fact_contradicted"
    ]
    assert body[finding.place.start : finding.place.end] == "25 Nov" == finding.excerpt
    assert "24 Nov" in str(finding.why)


@pytest.mark.parametrize(
    ("language", "body", "phrase"),
    [
        ("zh-hans", SMS + "持仓受影响", "持仓受影"),
        ("en", SMS + "Your positions are affected", "be affected"),
    ],
)
def test_a_not_turned_round_is_an_error(language, body, phrase):
    assert ("negation_flipped", phrase) in found(with_sms(whole(), language, body), language)


@pytest.mark.parametrize(
    ("language", "fact", "body"),
    [
        ("en", "Please repeat orders by phone", "Please do not repeat orders by phone"),
        ("en", "Trading is suspended", "Trading is not suspended"),
        ("zh-hans", "请尽快更新证件信息", "请勿尽快更新证件信息"),
    ],
)
def test_a_not_added_is_an_error(language, fact, body):
    changes = {"zh" if language == "zh-hans" else "en": {"key_points": [fact]}}
    checked = with_sms(content(facts=facts_with(**changes)), language, SMS + body)
    assert "negation_flipped" in {code for code, _ in found(checked, language)}


def test_languages_that_say_other_values_contradict_each_other():
    changed = {**DEADLINE, "en": {"deadline": "Add CNY 50,000 by 25 Nov"}}
    checked = lint(replace(whole(), facts=facts_with(**changed)))
    assert {(f.place.language, f.excerpt) for f in checked if f.code == "languages_contradict"} == {
        ("zh-hans", "11月24日"),
        ("en", "25 Nov"),
    }


def test_a_placeholder_in_the_deadline_is_a_value_too():
    checked = replace(
        whole(),
        facts=facts_with(zh={"deadline": "{{ due }}前"}, en={"deadline": "By {{ due }}"}),
        placeholders=(*content().placeholders, Placeholder("due", "date", "2026-12-31")),
    )
    assert lint(checked) == []
    assert {c for c, _ in found(with_sms(checked, "en", SMS + "by 24 Nov"))} == {
        "fact_dropped",
        "fact_contradicted",
    }


def test_the_table_shows_each_value_once_and_who_says_it():
    rows = facts.table(with_sms(whole(), "en", SMS + "24 Nov"))
    assert [(row.kind, row.mandatory) for row in rows] == [("date", True), ("amount", True)]
    assert dict(rows[0].written) == {"zh-hans": "11月24日", "en": "24 Nov"}
    unsaid = [(c.channel, c.language) for row in rows for c in row.cells if not c.said]
    assert unsaid == [("sms", "en")]


@pytest.mark.django_db
def test_submission_is_refused_and_says_where():
    writer = author()
    texts = [{**text, "body": text["body"] + " 25 Nov"} for text in VARIANTS]
    version = make_draft(writer, facts=facts_with(**DEADLINE), variants=texts)
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=version.pk, actor=writer, now=clock.now())
    codes = {(item["code"], item["place"]) for item in refused.value.details["findings"]}
    assert ("fact_contradicted", "sms/en/body") in codes
    version.refresh_from_db()
    assert version.state == "draft"
