"""Values per language: words are given in each language, the rest once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms import content, values
from core.errors import InvalidInput
from templates_mgmt.rules import Placeholder, PlaceholderType
from tests.comms.wording import raw

BOTH = ("zh-hans", "en")
ASKED = (
    Placeholder("cause", PlaceholderType.TEXT.value, "系统故障"),
    Placeholder("since", PlaceholderType.TIME.value, "09:30"),
    Placeholder("name", PlaceholderType.TEXT.value, "张三", True, "investor.name"),
)
GOOD = {"cause": {"zh-hans": "系统故障", "en": "a fault"}, "since": "09:30"}


def test_words_are_kept_per_language_and_the_rest_once():
    assert values.clean(ASKED, BOTH, GOOD) == GOOD
    assert values.missing(ASKED, BOTH, GOOD) == []


def test_one_language_takes_a_plain_text():
    assert values.clean(ASKED, ("en",), {"cause": "a fault", "since": "9"})["cause"] == {
        "en": "a fault"
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"cause": "系统故障"}, "value_per_language", "values.cause"),
        ({"cause": {"zh-hans": "系统故障"}}, "missing_value", "values.cause.en"),
        ({"cause": {"zh-hans": "系统故障", "en": " "}}, "missing_value", "values.cause.en"),
        ({"cause": {"zh-hans": "系" * 2001, "en": "x"}}, "too_long", "values.cause.zh-hans"),
        ({"cause": {"zh-hans": "a", "en": "b", "fr": "c"}}, "unknown_language", "values.cause"),
        ({"cause": ""}, "missing_value", "values.cause.zh-hans"),
        ({"since": {"en": "9"}}, "one_value", "values.since"),
        ({"since": ""}, "missing_value", "values.since"),
        ({"until": "9"}, "unknown_value", "values.until"),
    ],
)
def test_what_is_refused_is_named(changes, code, field):
    with pytest.raises(InvalidInput) as refused:
        values.clean(ASKED, BOTH, GOOD | changes)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_draft_of_before_lacks_every_language():
    stored = {"cause": "系统故障 (a fault)", "since": "09:30"}
    assert values.missing(ASKED, BOTH, stored) == [("cause", "zh-hans"), ("cause", "en")]
    assert values.in_language(stored, "en") == stored  # what was sent is made again as it was


@given(zh=st.text("系统故障暂停", min_size=1), en=st.text("abc xyz", min_size=1))
def test_no_word_of_one_language_lands_in_the_other(zh, en):
    if not en.strip():
        return
    given_values = {"cause": {"zh-hans": zh, "en": en}}
    wordings = content.wordings_of(raw("{{ cause }}"), code="AAAA-AAAA", values=given_values)
    assert wordings.render("sms", "zh-hans", {}).text.startswith(zh)
    assert wordings.render("sms", "en", {}).text.startswith(en)
