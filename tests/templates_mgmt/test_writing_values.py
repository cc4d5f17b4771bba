"""The values that a text holds, however they are spelled."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.writing.values import Kind, chinese_number, same, values


def one(text: str):
    (found,) = values(text)
    return found


SPELLED = [
    [
        "2026年11月24日",
        "2026-11-24",
        "24 Nov 2026",
        "November 24, 2026",
        "二〇二六年十一月二十四日",
    ],
    ["11月24日", "24 Nov", "24th of November", "１１月２４日", "十一月二十四号"],
    ["14:30", "下午2点半", "2:30 p.m.", "2:30pm", "14时30分", "下午二時三十分", "１４：３０"],
    ["100万元", "CNY 1 million", "RMB 1,000,000", "一百万元", "¥1,000,000.00", "1 million yuan"],
    ["1.5亿元", "一亿五千万元", "CNY 150 million"],
    ["5%", "百分之五", "5 percent", "５％"],
    ["三个工作日", "3 business days", "three working days", "3個工作日"],
    ["400-000-0000", "4000000000"],
    ["30万美元", "USD 300,000"],
]


@pytest.mark.parametrize("spellings", SPELLED, ids=lambda spellings: spellings[0])
def test_spellings_of_one_value_are_the_same(spellings):
    first = one(spellings[0])
    for spelling in spellings[1:]:
        assert same(first, one(spelling)), spelling


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("11月24日", "11月25日"),
        ("2026年11月24日", "2025年11月24日"),
        ("下午2点", "上午2点"),
        ("100万元", "100万美元"),
        ("100万元", "100亿元"),
        ("5%", "-5%"),
        ("3天", "3小时"),
        ("3 days", "3 working days"),
    ],
)
def test_other_values_are_not_the_same(first, other):
    assert not same(one(first), one(other))


def test_a_date_without_a_year_fits_one_with_a_year():
    assert same(one("24 Nov"), one("2026-11-24"))


@pytest.mark.parametrize(
    "text", ["一年一度", "十分重要", "有一点不同", "第一天", "同时", "A1B2C3", "{{ due_2026 }}"]
)
def test_what_only_looks_like_a_value_is_none(text):
    assert values(text) == []


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)))
def test_every_date_reads_the_same_in_all_its_forms(day):
    forms = [
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
    ]
    read = [one(form) for form in forms]
    assert all(value.kind == Kind.DATE and same(value, read[0]) for value in read)


@given(st.times())
def test_every_time_reads_the_same_in_all_its_forms(at):
    forms = [f"{at:%H:%M}", f"{at.hour}时{at.minute}分", f"{at:%I:%M} {at:%p}"]
    read = [one(form) for form in forms]
    assert {value.key for value in read} == {(f"{at:%H:%M}",)}


@given(st.integers(1, 10**9))
def test_an_amount_reads_the_same_with_and_without_separators(number):
    assert same(one(f"CNY {number:,}"), one(f"{number}元"))


@given(
    st.text(
        alphabet="零一二两三四五六七八九十百千万亿0123456789:-年月日点时分 元%.,x{}", max_size=40
    )
)
def test_places_are_true_and_never_overlap(text):
    found = values(text)
    assert all(text[value.start : value.end] == value.text for value in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("三十五", 35),
        ("一百零二", 102),
        ("两万", 20_000),
        ("二〇二六", 2026),
        ("十", 10),
        ("好", None),
    ],
)
def test_chinese_numerals(text, number):
    assert chinese_number(text) == number
