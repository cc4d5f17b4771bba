"""Terms are found however they are dressed, and words that only look alike are not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.lexicon.matching import Matcher, Term

TERMS = ["保本", "稳赚不赔", "零风险", "稳赚", "guaranteed", "risk-free", "no risk", "sure win"]
EXCEPTIONS = {"promise": ["不", "并非", "not", "never"]}
MATCHER = Matcher((Term(text, "promise") for text in TERMS), EXCEPTIONS)


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.term.text, text[hit.start : hit.end]) for hit in MATCHER.find(text)]


@pytest.mark.parametrize(
    ("text", "term", "part"),
    [
        ("本产品保本", "保本", "保本"),
        ("保 本", "保本", "保 本"),
        ("保-本", "保本", "保-本"),
        ("保\u200b本", "保本", "保\u200b本"),
        ("保【】本", "保本", "保【】本"),
        ("穩賺不賠", "稳赚不赔", "穩賺不賠"),
        ("零風險", "零风险", "零風險"),
        ("ＧＵＡＲＡＮＴＥＥＤ", "guaranteed", "ＧＵＡＲＡＮＴＥＥＤ"),
        ("g u a r a n t e e d", "guaranteed", "g u a r a n t e e d"),
        ("g.u.a.r.a.n.t.e.e.d", "guaranteed", "g.u.a.r.a.n.t.e.e.d"),
        ("guar\u00adan\u200bteed", "guaranteed", "guar\u00adan\u200bteed"),
        ("Risk free", "risk-free", "Risk free"),
        ("riskfree", "risk-free", "riskfree"),
        ("no\nrisk", "no risk", "no\nrisk"),
        ("收益guaranteed收益", "guaranteed", "guaranteed"),
    ],
)
def test_a_hidden_term_is_found_in_its_place(text, term, part):
    assert found(text) == [(term, part)]


@pytest.mark.parametrize(
    "text",
    [
        "不保本",
        "不 保本",
        "并非零风险",
        "not guaranteed",
        "never guaranteed",
        "piano riskier",
        "guaranteedly",
        "No. Risk statement: you may lose money",
        "Say no! Risk is real",
        "gua ranteed",
        "保养 书本",
        "",
    ],
)
def test_what_only_looks_alike_is_left_alone(text):
    assert found(text) == []


def test_the_longest_of_overlapping_terms_wins():
    assert found("稳赚不赔，稳赚") == [("稳赚不赔", "稳赚不赔"), ("稳赚", "稳赚")]


def test_an_exception_counts_only_for_its_own_list():
    matcher = Matcher([Term("保本", "promise"), Term("保本", "other")], EXCEPTIONS)
    assert [hit.term.list_code for hit in matcher.find("不保本")] == ["other"]


NOISE = st.text(st.sampled_from(" .-_*·\u200b\u200d\u00ad【】，、|"), max_size=3)


@given(st.sampled_from(["保本", "稳赚不赔", "零风险"]), st.data())
def test_no_separator_hides_a_chinese_term(term, data):
    text = "".join(char + data.draw(NOISE) for char in term)
    assert [name for name, _part in found("甲" + text + "乙")] == [term]


@given(st.text(max_size=200))
def test_every_hit_lies_in_the_text_and_none_overlap(text):
    hits = MATCHER.find(text)
    assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)
    assert all(left.end <= right.start for left, right in pairwise(hits))
