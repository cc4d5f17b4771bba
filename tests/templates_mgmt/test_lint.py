"""What is wrong with the words, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.lexicon.shipped import SHIPPED
from templates_mgmt.lint import Severity, lint
from templates_mgmt.rules import Placeholder, VariantText
from tests.templates_mgmt.builders import FACTS, content


def codes(checked) -> set[str]:
    return {finding.code for finding in lint(checked)}


def with_variant(variant: VariantText):
    whole = content()
    rest = [v for v in whole.variants if (v.channel, v.language) != ("sms", "en")]
    return replace(whole, variants=(*rest, variant))


def sms(body: str):
    return with_variant(VariantText("sms", "en", "", body + " {{ risk }} {{ name }}{{ since }}"))


def without(fact: str, language: str = "en"):
    return content(facts={**FACTS, language: {**FACTS[language], fact: ""}})


def test_good_words_have_no_findings():
    assert lint(content()) == []


@pytest.mark.parametrize(
    ("checked", "code", "place"),
    [
        (without("title"), "missing_title", "en/title"),
        (without("key_points"), "missing_key_points", "en/key_points"),
        (without("risk", "zh-hans"), "missing_risk", "zh-hans/risk"),
        (content(facts={"en": FACTS["en"]}), "missing_language", "zh-hans/facts"),
        (content(variants=()), "no_variant", ""),
        (content(variants=content().variants[:-1]), "missing_variant", "email/en"),
        (with_variant(VariantText("sms", "zh-hant", "", "x")), "missing_facts", "sms/zh-hant"),
        (with_variant(VariantText("email", "en", "", "x")), "missing_subject", "email/en/subject"),
        (with_variant(VariantText("sms", "en", "", "")), "missing_body", "sms/en/body"),
        (sms("{{ nmae }}"), "undeclared_placeholder", "sms/en/body"),
        (sms("{{ deadline }}"), "blank_fact", "sms/en/body"),
        (sms("{{ name.x }}"), "bad_placeholder", "sms/en/body"),
        (sms("{% if %}"), "bad_placeholder", "sms/en/body"),
        (sms("x" * 2000), "sms_length", "sms/en/body"),
        (with_variant(VariantText("sms", "en", "", "{{ name }} x")), "risk_dropped", "sms/en/body"),
    ],
)
def test_an_error_has_its_place_a_reason_and_a_cure(checked, code, place):
    found = [finding for finding in lint(checked) if finding.code == code]
    assert found, codes(checked)
    assert place in {finding.place.ref for finding in found}
    for finding in found:
        assert finding.severity == Severity.ERROR
        assert str(finding.why) and str(finding.fix)


def test_errors_come_before_warnings():
    checked = replace(sms("{{ nmae }}"), placeholders=(*content().placeholders, Placeholder("z")))
    found = lint(checked)
    assert {finding.severity for finding in found} == {Severity.ERROR, Severity.WARNING}
    assert [f.severity for f in found] == sorted(f.severity for f in found)


def test_the_place_points_at_the_very_characters():
    checked = sms("Dear {{ nmae }}")
    (found,) = [f for f in lint(checked) if f.code == "undeclared_placeholder"]
    body = next(v.body for v in checked.variants if v.channel == "sms" and v.language == "en")
    assert body[found.place.start : found.place.end] == "{{ nmae }}" == found.excerpt


def test_personal_data_in_a_subject_is_a_warning():
    checked = with_variant(VariantText("email", "en", "For {{ name }}", "x {{ risk }}"))
    (found,) = [f for f in lint(checked) if f.code == "personal_subject"]
    assert found.severity == Severity.WARNING


def test_unused_names_and_names_without_example_are_warnings():
    checked = content(placeholders=(*content().placeholders, Placeholder("spare")))
    found = {f.code: f.severity for f in lint(checked)}
    assert found == {"unused_placeholder": "warning", "missing_example": "warning"}


def test_the_risk_statement_may_be_written_out():
    literal = f"{{{{ name }}}}, {{{{ since }}}}: {FACTS['en']['risk']}"
    assert "risk_dropped" not in codes(with_variant(VariantText("sms", "en", "", literal)))


def test_categories_without_a_mandatory_risk_statement_may_leave_it_out():
    checked = replace(without("risk"), category="account")
    assert "missing_risk" not in codes(checked)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("本产品保本", ["保本"]),
        ("本产品保 本", ["保 本"]),
        ("保·本·稳-赚", ["保·本", "稳-赚"]),
        ("稳赚不赔", ["稳赚不赔"]),
        ("不保本", []),
        ("并非无风险", []),
        ("ＧＵＡＲＡＮＴＥＥＤ returns", ["ＧＵＡＲＡＮＴＥＥＤ"]),
        ("Guaranteed", ["Guaranteed"]),
        ("risk-free and risk free", ["risk-free", "risk free"]),
        ("returns are not guaranteed", []),
        ("non-guaranteed", []),
        ("guaranteeing nothing", []),
        ("asterisk-free", []),
        ("零风险", ["零风险"]),
    ],
)
def test_forbidden_words_are_found_in_disguise_and_not_where_they_are_denied(text, found):
    assert [text[hit.start : hit.end] for hit in SHIPPED.find(text)] == found


def test_forbidden_words_are_found_in_facts_and_variants():
    facts = {**FACTS, "en": {**FACTS["en"], "action": "A guaranteed gain"}}
    found = [f for f in lint(content(facts=facts)) if f.code == "forbidden_word"]
    assert [f.place.ref for f in found] == ["en/action"]
    assert "forbidden_word" in codes(sms("risk-free"))


@given(st.text(max_size=60), st.text(max_size=60))
def test_lint_takes_any_text(body, html):
    lint(with_variant(VariantText("email", "en", body, body, html)))
