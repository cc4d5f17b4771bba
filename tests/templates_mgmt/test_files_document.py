"""Template files: exact both ways, and refused with line and column."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from templates_mgmt import rules
from templates_mgmt.files.document import MAX_BYTES, BadDocument, Document, Exported, dump, load
from templates_mgmt.library import read_example, slugs
from tests.templates_mgmt.builders import FACTS, PLACEHOLDERS, VARIANTS

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=60
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{1,12}", fullmatch=True).filter(
    lambda name: name not in {"title", "key_points", "action", "deadline", "risk"}
)
LANGUAGES = st.sampled_from([language.value for language in rules.Language])


@st.composite
def contents(draw: st.DrawFn) -> rules.Content:
    declared = [
        {"name": name, "example": draw(WORDS), "personal": draw(st.booleans())}
        for name in draw(st.lists(NAMES, max_size=4, unique=True))
    ]
    facts = draw(
        st.dictionaries(
            LANGUAGES,
            st.fixed_dictionaries(
                {
                    "title": WORDS, "action": WORDS, "deadline": WORDS, "risk": WORDS,
                    "key_points": st.lists(WORDS, max_size=3),
                }
            ),
        )
    )  # fmt: skip
    pairs = draw(st.lists(st.tuples(st.sampled_from(rules.Channel), LANGUAGES), unique=True))
    texts = [
        {
            "channel": channel.value,
            "language": language,
            "subject": draw(WORDS),
            "body": draw(WORDS),
            "body_html": draw(WORDS),
        }
        for channel, language in pairs
    ]
    return rules.Content(
        code=draw(NAMES),
        category=draw(st.sampled_from(rules.Category)).value,
        topic=draw(NAMES),
        facts=rules.clean_facts(facts),
        placeholders=tuple(
            rules.Placeholder(**item) for item in rules.clean_placeholders(declared)
        ),
        variants=tuple(rules.clean_variants(texts)),
    )


@given(contents(), WORDS.map(str.strip).filter(bool))
def test_what_is_written_is_read_back_exactly(content, name):
    document = Document(content, rules.clean_text(name, field="name", limit=120), note="a\nb")
    read = load(dump(document).encode())
    assert rules.canonical_content(read.content) == rules.canonical_content(content)
    assert (read.name, read.note, read.exported) == (document.name, "a\nb", Exported())


@pytest.mark.parametrize("slug", slugs())
def test_the_library_is_written_as_it_would_be_exported(slug):
    document = read_example(slug)
    assert load(dump(document).encode()) == document


def document() -> Document:
    return Document(
        rules.Content(
            code="outage",
            category="trading",
            topic="trading_system",
            facts=rules.clean_facts(FACTS),
            placeholders=tuple(
                rules.Placeholder(**item) for item in rules.clean_placeholders(PLACEHOLDERS)
            ),
            variants=tuple(rules.clean_variants(VARIANTS)),
        ),
        name="Outage 中断",
    )


def test_a_text_of_several_lines_can_be_read_by_people():
    written = dump(document())
    assert "      body: |-\n        {{ name }}您好：\n\n        {{ key_points }}\n" in written
    assert "\\u" not in written


def test_an_edited_file_is_told_from_an_exported_one():
    content = document().content
    exported = Exported(version="2", state="approved", content_hash=rules.content_hash(content))
    same = load(dump(Document(content, "Outage", exported=exported)).encode())
    assert not same.edited
    other = load(dump(same).replace("Your positions", "Most positions").encode())
    assert other.edited


@pytest.mark.parametrize(
    ("broken", "line", "column", "field"),
    [
        ("a: [1", 1, 6, "file"),
        ("code: a\ncode: b", 2, 1, "code"),
        ("code: a\ncolour: b", 2, 1, "colour"),
        ("code: &x a\nname: *x", 1, 7, "file"),
        ("code: !!python/name:os.system a", 1, 7, "file"),
        ("vouchsafe_template: '2'", 1, 21, "vouchsafe_template"),
        ("vouchsafe_template: 1\ncode:\n- a", 3, 1, "code"),
        ("vouchsafe_template: 1\ncode: ab\nname: N\ncategory: risk\ntopic: t_t\nfacts: [a]", 6, 8,
         "facts"),
        ("- a", 1, 1, "file"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_line_and_column(broken, line, column, field):
    with pytest.raises(BadDocument) as refused:
        load(broken.encode())
    assert (refused.value.details, refused.value.field) == ({"line": line, "column": column}, field)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"code: \xff", "byte 7 is 0xFF"),
        (b"x" * (MAX_BYTES + 1), str(MAX_BYTES)),
        (b"code: \x07", "U+0007"),
        (b"[" * 50 + b"]" * 50, "nested too deep"),
    ],
)
def test_a_file_that_is_no_document_is_refused(data, words):
    with pytest.raises(BadDocument, match=re.escape(words)):
        load(data)


def test_content_that_no_template_may_have_is_refused_by_field():
    text = dump(document()).replace("type: time", "type: colour")
    with pytest.raises(InvalidInput) as refused:
        load(text.encode())
    assert refused.value.field == "placeholders.since"
