"""Push, chat and the hotline script: derived, checked, shown, carried in files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt import check_line, lint, selectors
from templates_mgmt.files.document import Document, dump, load
from templates_mgmt.lint.channels import CHAT_BYTES, PUSH_BODY, PUSH_BYTES, PUSH_TITLE
from templates_mgmt.rules import Content, Language, VariantText, content_hash
from templates_mgmt.writing import script
from templates_mgmt.writing.derive import derive
from tests.templates_mgmt.builders import FACTS, content

NEW = ("push", "chat", "hotline")


def made() -> Content:
    """Every text derived from the facts."""
    return content(variants=tuple(derive(content(variants=()))))


def text(channel: str, language: str = "en") -> VariantText:
    return next(v for v in made().variants if (v.channel, v.language) == (channel, language))


def checked(variant: VariantText) -> dict[str, str]:
    """Code and severity of the findings about one text in its place."""
    rest = [v for v in made().variants if (v.channel, v.language) != (
        variant.channel, variant.language)]  # fmt: skip
    found = lint.lint(replace(made(), variants=(*rest, variant)))
    here = f"{variant.channel}/{variant.language}"
    return {f.code: f.severity.value for f in found if f.place.ref.startswith(here)}


def test_hashes_of_contents_without_the_new_channels_are_what_they_were():
    assert content_hash(content()) == (
        "88694ef5819ac68c80e1274484f93c973a19c6b76fb351b9d8e719a6ab1994d1"
    )


def test_each_text_has_the_form_of_its_channel():
    push, chat, hotline = (text(channel) for channel in NEW)
    assert push.subject == "{{ title }}" and "{{ risk }}" in push.body
    assert not chat.subject and chat.body.startswith("{{ title }}")
    assert text("chat", "zh-hans").body.startswith("【{{ title }}】")
    assert not hotline.subject and "Am I speaking to {{ name }}?" in hotline.body
    assert "证券公司" in text("hotline", "zh-hans").body


@pytest.mark.parametrize("language", list(Language))
def test_a_derived_script_has_all_its_parts_and_tells_the_facts_only_after_the_check(language):
    whole = derive(content(facts={language.value: FACTS["en"]}, variants=(), placeholders=()))
    body = next(v.body for v in whole if v.channel == "hotline")
    parts = script.sections(body, language)
    assert [part.heading for part in parts] == list(script.HEADINGS[language].values())
    assert [part.spoken for part in parts] == [True, False, True, False]
    assert [part.never for part in parts] == [False, False, False, True]
    assert "{{ title }}" in parts[2].text and "{{ title }}" not in parts[0].text


def test_a_script_without_a_part_names_it():
    hotline = text("hotline")
    bare = replace(hotline, body=hotline.body.replace("[Identity check]", "Identity check"))
    assert checked(bare)["script_part_missing"] == "error"
    empty = replace(hotline, body=hotline.body.split("[Do not say]")[0] + "[Do not say]\n")
    assert script.missing_parts(empty.body, "en") == ["Do not say"]
    assert "script_part_missing" not in checked(hotline)


def test_only_what_is_said_counts_as_reading_time():
    hotline = text("hotline")
    long = "All the details follow here one after another. " * 60
    silent = replace(hotline, body=hotline.body + "\n" + long)  # below “Do not say”
    assert "script_length" not in checked(silent)
    spoken = replace(hotline, body=hotline.body.replace("[Do not say]", long + "\n[Do not say]"))
    assert checked(spoken)["script_length"] == "warning"


@given(st.text("您好abc, 一二。\n", max_size=300))
def test_more_words_never_take_less_time(words):
    assert script.seconds(words) <= script.seconds(words + "好 word")
    joined = "".join(part.heading + part.text for part in script.sections(words, "en"))
    assert "".join(joined.split()) == "".join(words.split())


@pytest.mark.parametrize(
    ("field", "length", "limit"),
    [("subject", PUSH_TITLE, PUSH_TITLE), ("body", PUSH_BODY, PUSH_BODY)],
)
def test_a_card_that_is_cut_warns_from_the_first_character_beyond(field, length, limit):
    line = len("\nCheck code " + check_line.EXAMPLE) if field == "body" else 0
    push = text("push")
    fixed = {"subject": "", "body": "{{ action }}"}[field]
    whole = len(fixed.replace("{{ action }}", FACTS["en"]["action"]))
    fits = replace(push, **{field: fixed + "x" * (length - line - whole)})
    over = replace(fits, **{field: getattr(fits, field) + "x"})
    assert "push_length" not in checked(fits)
    assert checked(over)["push_length"] == "warning"


def test_a_push_that_no_service_takes_is_an_error():
    push = replace(text("push", "zh-hans"), body=text("push", "zh-hans").body + "长" * PUSH_BYTES)
    assert checked(push)["push_too_big"] == "error"


def test_personal_data_on_a_card_is_pointed_out():
    push = replace(text("push"), body="{{ name }}: " + text("push").body)
    assert checked(push)["personal_push"] == "warning"
    push = replace(text("push"), subject="{{ name }}: {{ title }}")
    assert checked(push)["personal_subject"] == "warning"


def test_chat_is_counted_in_bytes_with_the_check_line():
    chat = text("chat", "zh-hans")
    filled = next(p.text for p in selectors.previews(made())
                  if (p.channel, p.language) == ("chat", "zh-hans"))  # fmt: skip
    room = CHAT_BYTES - len(filled.encode())
    many = replace(chat, body=chat.body + "长" * (room // 3 + 20))
    few = replace(chat, body=chat.body + "长" * (room // 3 - 40))
    assert checked(many)["chat_length"] == "error"
    assert "chat_length" not in checked(few)


@pytest.mark.parametrize("channel", ["sms", "push", "chat", "hotline"])
@pytest.mark.parametrize(
    "marks", ["**now**", "# Heading", "[here](https://x)", "`code`", "> quoted", "__now__"]
)
def test_marks_that_a_plain_channel_would_show(channel, marks):
    variant = replace(text(channel), body=text(channel).body + "\n" + marks)
    assert checked(variant)["markup_shown"] == "error"


@given(st.text("abc 123.,;:!?()'好。，*#_>-", max_size=80))
def test_words_without_a_closed_mark_are_no_markup(words):
    from templates_mgmt.lint.channels import _MARKUP

    if not any(mark in words for mark in ("**", "__", "# ", "> ")):
        assert not _MARKUP.search(words)


def test_marks_in_mail_are_the_business_of_mail():
    mail = replace(text("email"), body=text("email").body + "\n**now**")
    assert "markup_shown" not in checked(mail)


@pytest.mark.parametrize("channel", NEW)
def test_a_fact_that_the_new_channels_drop_is_found(channel):
    facts = {
        "zh-hans": {**FACTS["zh-hans"], "deadline": "11月24日15:00前"},
        "en": {**FACTS["en"], "deadline": "by 15:00 on 24 Nov"},
    }
    whole = content(facts=facts, variants=())
    texts = tuple(derive(whole))
    assert not lint.errors(lint.lint(replace(whole, variants=texts)))
    dropped = tuple(
        replace(v, body=v.body.replace("{{ deadline }}", "")) if v.channel == channel else v
        for v in texts
    )
    found = [f for f in lint.lint(replace(whole, variants=dropped)) if f.code == "fact_dropped"]
    assert {f.place.channel for f in found} == {channel} and len(found) == 4


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("channel", NEW)
def test_the_check_code_stands_once_in_each(channel, language):
    plain = VariantText(channel, language.value, "", "x")
    body = check_line.with_check_line(plain, frozenset()).body
    assert body.count("{{ check_code }}") == 1
    assert ("{{ check_url }}" in body) == (channel != "push")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_check_code_of_a_script_does_not_stand_among_what_is_not_said(language):
    script_text = check_line.with_check_line(text("hotline", language), frozenset()).body
    *_others, never, last = script.sections(script_text, language)
    assert never.never and "{{ check_code }}" not in never.text
    assert not last.never and "{{ check_code }}" in last.text


def test_previews_are_plain_text():
    shown = {p.channel: p for p in selectors.previews(made()) if p.language == "en"}
    assert not any(shown[channel].html for channel in NEW)
    assert not any(shown[channel].error for channel in NEW)
    assert shown["push"].subject == FACTS["en"]["title"]


def test_a_file_carries_them_both_ways():
    whole = made()
    written = dump(Document(content=whole, name="Outage"))
    assert load(written.encode()).content_hash == content_hash(whole)
    assert "  hotline:\n" in written


def test_differences_name_channel_and_language():
    texts = (
        replace(v, body=v.body + " now") if v.channel == "chat" else v for v in made().variants
    )
    found = selectors.diff_contents(made(), replace(made(), variants=tuple(texts)))
    assert {(d.channel, d.field) for d in found} == {("chat", "body")} and len(found) == 2
