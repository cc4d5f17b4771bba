"""SMS parts and word differences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.diff import Span, changed, word_diff
from templates_mgmt.sms import sms_length


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("中" * 70, "UCS-2", 70, 1),
        ("中" * 71, "UCS-2", 71, 2),
        ("中" * 134, "UCS-2", 134, 2),
        ("中" * 135, "UCS-2", 135, 3),
        ("a" * 69 + "’", "UCS-2", 70, 1),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 67, "UCS-2", 134, 3),
        ("`", "UCS-2", 1, 1),
    ],
)
def test_parts_of_a_short_message(text, encoding, units, segments):
    length = sms_length(text)
    assert (length.encoding, length.units, length.segments) == (encoding, units, segments)


@given(st.text(min_size=1))
def test_a_longer_text_never_takes_fewer_parts(text):
    whole = sms_length(text)
    assert whole.segments >= sms_length(text[:-1]).segments
    assert whole.left >= 0


def show(old: str, new: str) -> str:
    marks = {"equal": "{}", "delete": "[-{}-]", "insert": "[+{}+]"}
    return "".join(marks[span.kind].format(span.text) for span in word_diff(old, new))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("same", "same", "same"),
        ("pay by phone", "pay by e-mail", "pay by [-phone-][+e-mail+]"),
        ("请改用电话委托", "请改用柜台委托", "请改用[-电话-][+柜台+]委托"),
        ("自{{ since }}起", "自{{ start }}起", "自[-{{ since }}-][+{{ start }}+]起"),
        ("", "新增", "[+新增+]"),
        ("a\nb\nc\n", "a\nB\nc\n", "a\n[-b-][+B+]\nc\n"),
        ("1,000.50元", "1,000.60元", "[-1,000.50-][+1,000.60+]元"),
        ("甲乙丙丁", "戊乙己丁", "[-甲乙丙-][+戊乙己+]丁"),
    ],
)
def test_differences_are_words_and_chinese_characters(old, new, shown):
    assert show(old, new) == shown


@given(st.text(), st.text())
def test_both_texts_can_be_read_from_the_difference(old, new):
    spans = word_diff(old, new)
    assert "".join(s.text for s in spans if s.kind != "insert") == old
    assert "".join(s.text for s in spans if s.kind != "delete") == new
    assert changed(spans) == (old != new)


def test_a_text_equals_itself():
    assert word_diff("一\n二", "一\n二") == [Span("equal", "一\n二")]
