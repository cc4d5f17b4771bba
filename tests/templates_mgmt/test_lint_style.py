"""How a text reads: the measures themselves, and the findings at their limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.lint import style
from templates_mgmt.rules import VariantText
from tests.templates_mgmt.builders import content

EASY = "We go to the bank. The bank is open. You can call us. We can help you with it now. "
HARD = (
    "Notwithstanding aforementioned considerations, institutional participants' "
    "discretionary authorisations necessitate comprehensive documentation, "
    "irrespective of contemporaneous regulatory interpretations concerning "
    "proportionality, confidentiality, accountability, transferability, and "
    "administrative responsibilities regarding intermediaries' organisational "
    "arrangements, incorporating multinational jurisdictional particularities"
)
COMMON = "系统正在恢复请您稍后再试我们会及时通知"


def found(channel: str, language: str, body: str, subject: str = "") -> dict[str, str]:
    """Code and place of what `style` says about one text."""
    variant = VariantText(channel, language, subject, body)
    whole = replace(content(), variants=(variant,))
    return {finding.code: finding.place.ref for finding in style.findings(whole)}


# English


def test_the_grade_is_that_of_the_formula():
    text = "The cat sat on the mat. " * 6  # 36 words, 6 sentences, 36 syllables
    assert style.grade(text) == pytest.approx(0.39 * 6 + 11.8 * 1 - 15.59)
    assert style.grade(EASY * 2) < 5 < style.GRADE_LIMIT < style.grade(HARD)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("cat", 1), ("table", 2), ("make", 1), ("open", 2), ("security", 4), ("rhythm", 1), ("a", 1)],
)
def test_syllables_are_groups_of_vowels(word, syllables):
    assert style._syllables(word) == syllables


@pytest.mark.parametrize(("words", "graded"), [(29, False), (30, True)])
def test_a_grade_needs_enough_words(words, graded):
    assert (style.grade(" ".join(["word"] * words)) is not None) == graded


@given(st.integers(30, 200), st.integers(1, 12))
def test_shorter_sentences_read_more_easily(words, length):
    text = ["market"] * words
    cut = [w + ("." if (n + 1) % length == 0 else "") for n, w in enumerate(text)]
    assert style.grade(" ".join(cut)) <= style.grade(" ".join(text)) + 1e-9


@given(st.text(max_size=400))
def test_measures_answer_for_any_text(text):
    grade, measured = style.grade(text), style.measures(text)
    assert grade is None or isinstance(grade, float)
    assert measured is None or (measured[0] > 0 and 0 <= measured[1] <= 1)


def test_a_placeholder_counts_as_one_word():
    assert style.grade("{{ a_very_long_name_of_a_value }} " * 30) == style.grade("it " * 30)


def test_hard_english_is_found_and_easy_english_is_not():
    assert found("email", "en", HARD) == {"hard_to_read": "email/en/body"}
    assert found("email", "en", EASY * 3) == {}
    assert found("email", "zh-hans", HARD) == {}  # another language, another measure


# Chinese


def test_characters_per_sentence_and_the_share_of_uncommon_ones():
    text = (COMMON + "。") * 4
    assert style.measures(text) == (len(COMMON), 0.0)
    rare = "龘靐齉" * 4 + COMMON * 4  # 12 of 88 outside level 1 of GB 2312
    length, share = style.measures(rare)
    assert length == len(rare) and share == pytest.approx(12 / len(rare))


@pytest.mark.parametrize(("characters", "measured"), [(59, False), (60, True)])
def test_chinese_needs_enough_characters(characters, measured):
    assert (style.measures("好" * characters) is not None) == measured


def test_level_one_is_meant_and_each_script_has_its_own():
    assert style._is_common("啊", False) and style._is_common("座", False)  # first, last
    assert not style._is_common("亍", False)  # first of level 2
    assert style._is_common("國", True) and not style._is_common("國", False)
    assert style._is_common("国", False) and not style._is_common("国", True)


@given(st.integers(51, 90))
def test_a_long_sentence_is_found_and_a_stop_mends_it(length):
    text = (COMMON * 5)[:length]
    whole = text + "。" + text
    assert "long_sentences" in found("sms", "zh-hans", whole)
    half = length // 2
    mended = "。".join([text[:half], text[half:]] * 2)
    assert "long_sentences" not in found("sms", "zh-hans", mended)


def test_exactly_the_limit_is_not_too_long():
    sentence = (COMMON * 5)[: style.SENTENCE_LIMIT]
    assert "long_sentences" not in found("sms", "zh-hans", "。".join([sentence] * 2))


def test_uncommon_characters_are_found_from_above_the_limit():
    def with_rare(count: int) -> dict[str, str]:
        return found("sms", "zh-hans", "。".join(["龘" * count + (COMMON * 9)[: 100 - count]]))

    assert "rare_characters" not in with_rare(5)
    assert with_rare(6)["rare_characters"] == "sms/zh-hans/body"


# Walls, lengths, subjects


@pytest.mark.parametrize(
    ("language", "unit", "limit"),
    [("en", "word. ", style.WALL_WORDS), ("zh-hans", "好，", style.WALL_CHARS)],
)
def test_a_wall_of_text_is_a_paragraph_above_the_limit(language, unit, limit):
    assert "wall_of_text" not in found("email", language, unit * limit)
    assert found("email", language, unit * (limit + 1))["wall_of_text"] == f"email/{language}/body"
    assert "wall_of_text" not in found("email", language, unit * limit + "\n\n" + unit * limit)
    assert "wall_of_text" not in found("email", language, unit * limit + "\n• " + unit * limit)


def test_only_channels_with_paragraphs_can_have_walls():
    for channel in ("sms", "push", "chat", "hotline"):
        assert "wall_of_text" not in found(channel, "en", "word. " * 200)


@pytest.mark.parametrize("channel", sorted(style.BODY_LIMITS))
def test_a_text_longer_than_its_channel_is_read(channel):
    limit = style.BODY_LIMITS[channel]
    assert "long_text" not in found(channel, "en", "x" * limit)
    assert "long_text" in found(channel, "en", "x" * (limit + 1))


@pytest.mark.parametrize(
    ("language", "limit"), [("en", style.SUBJECT_WORDS_CHARS), ("zh-hans", style.SUBJECT_CHARS)]
)
def test_a_subject_is_measured_with_its_facts_filled_in(language, limit):
    place = f"email/{language}/subject"
    assert "long_subject" not in found("email", language, "x", "s" * limit)
    assert found("email", language, "x", "s" * (limit + 1))["long_subject"] == place
    title = len(content().facts[language]["title"])
    fits = "{{ title }}" + "s" * (limit - title)
    assert "long_subject" not in found("email", language, "x", fits)
    assert "long_subject" in found("email", language, "x", fits + "s")


def test_style_only_warns():
    whole = replace(content(), variants=(VariantText("email", "en", "s" * 99, HARD * 40),))
    severities = {finding.severity.value for finding in style.findings(whole)}
    assert severities == {"warning"}
