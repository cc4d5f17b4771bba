"""States, canonical content and accepted input."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from itertools import pairwise, permutations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IllegalTransition, InvalidInput
from templates_mgmt import rules
from templates_mgmt.rules import VERSIONS, Placeholder, State, VariantText
from tests.templates_mgmt.builders import FACTS, content

states = st.sampled_from(list(State))
walks = st.lists(states, min_size=1, max_size=12)


@given(states, states, st.sampled_from(["", "  ", "because"]))
def test_a_move_is_legal_only_by_the_table(old, new, reason):
    move = VERSIONS.moves.get((old, new))
    if move is None:
        with pytest.raises(IllegalTransition):
            VERSIONS.check(old=old, new=new, reason=reason)
    elif move.reason and not reason.strip():
        with pytest.raises(InvalidInput):
            VERSIONS.check(old=old, new=new, reason=reason)
    else:
        assert VERSIONS.check(old=old, new=new, reason=reason) is move


def legal(walk: list[State]) -> bool:
    return all(step in VERSIONS.moves for step in pairwise([State.DRAFT, *walk]))


@given(walks)
def test_approval_always_comes_straight_from_review(walk):
    path = [State.DRAFT, *walk]
    if legal(walk) and State.APPROVED in path:
        assert path[path.index(State.APPROVED) - 1] == State.IN_REVIEW


def test_nothing_leaves_recalled_and_nothing_returns_to_draft():
    assert VERSIONS.next_states(State.RECALLED) == ()
    assert all(new != State.DRAFT for _, new in VERSIONS.moves)


def test_every_refusal_and_every_end_asks_for_a_reason():
    asking = {new for (_, new), move in VERSIONS.moves.items() if move.reason}
    assert asking == {State.RETURNED, State.REJECTED, State.RETIRED, State.RECALLED}


def test_every_decision_is_a_legal_move_somewhere():
    targets = {new for _, new in VERSIONS.moves}
    assert set(rules.VERB_STATES.values()) <= targets
    assert set(rules.VERB_STATES) == set(rules.VERB_ACTIONS) == set(rules.Verb)


def test_the_hash_does_not_depend_on_the_order_of_input():
    whole = content()
    expected = rules.content_hash(whole)
    for order in permutations(whole.variants):
        assert rules.content_hash(replace(whole, variants=order)) == expected
    assert rules.content_hash(replace(whole, placeholders=whole.placeholders[::-1])) == expected
    assert rules.content_hash(replace(whole, facts=dict(reversed(FACTS.items())))) == expected


def test_the_hash_is_pinned():
    """A change of the canonical form would un-approve every version: it needs a new `v`."""
    small = rules.Content(
        "c", "risk", "t", {"en": {"title": "T", "key_points": ["p"]}},
        (Placeholder("a"),), (VariantText("sms", "en", "", "b"),),
    )  # fmt: skip
    expected = "63500e67bb0217df389e4d18999178f9a7fe311ba0c6128da54b42e311f63d7c"
    assert rules.content_hash(small) == expected
    assert hashlib.sha256(rfc8785.dumps(rules.canonical_content(small))).hexdigest() == expected


@given(st.data())
def test_any_edit_changes_the_hash(data):
    whole = content()
    index = data.draw(st.integers(0, len(whole.variants) - 1))
    field = data.draw(st.sampled_from(["subject", "body", "body_html"]))
    tail = data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5))
    if "\0" in tail:
        return
    variants = list(whole.variants)
    variants[index] = replace(variants[index], **{field: asdict(variants[index])[field] + tail})
    assert rules.content_hash(replace(whole, variants=tuple(variants))) != rules.content_hash(whole)


@pytest.mark.parametrize("change", [{"code": "x"}, {"category": "drill"}, {"topic": "x"}])
def test_category_and_topic_are_part_of_the_approval(change):
    assert rules.content_hash(content(**change)) != rules.content_hash(content())


def test_line_ends_and_outer_blanks_do_not_count():
    assert rules.clean_text(" a\r\nb\rc \n", field="x", limit=9) == "a\nb\nc"


@pytest.mark.parametrize("bad", ["a\0b", "a\x1bb", "\x7f"])
def test_control_characters_are_refused_with_their_place(bad):
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_text(bad, field="body", limit=9)
    assert refusal.value.code == "control_character" and refusal.value.field == "body"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"name": "Name"}, "bad_name"),
        ({"name": "a.b"}, "bad_name"),
        ({"name": "__class__"}, "bad_name"),
        ({"name": "姓名"}, "bad_name"),
        ({"name": "risk"}, "reserved_name"),
        ({"name": "a", "type": "html"}, "unknown_value"),
        ({"name": "a", "source": "investor.phone"}, "unknown_value"),
    ],
)
def test_bad_placeholders_are_refused(item, code):
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_placeholders([item])
    assert refusal.value.code == code


def test_a_placeholder_is_declared_once():
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_placeholders([{"name": "a"}, {"name": "a"}])
    assert refusal.value.field == "placeholders.a"


def test_what_comes_from_the_investor_is_personal_whatever_was_said():
    assert rules.clean_placeholders([{"name": "a", "source": "investor.ref", "personal": False}])[
        0
    ]["personal"]


def test_blank_variants_and_languages_are_dropped():
    assert rules.clean_variants([{"channel": "sms", "language": "en", "body": " "}]) == []
    assert rules.clean_facts({"en": {"title": " ", "key_points": [""]}}) == {}


def test_subjects_are_one_line_and_sms_has_none():
    email, sms = rules.clean_variants(
        [
            {"channel": "email", "language": "en", "subject": "a\r\nBcc: b", "body": "x"},
            {"channel": "sms", "language": "en", "subject": "a", "body": "x", "body_html": "<p>"},
        ]
    )
    assert email.subject == "a Bcc: b"
    assert (sms.subject, sms.body_html) == ("", "")


def test_html_is_sanitised_when_it_is_saved():
    dirty = (
        '<p onclick="x()">Hi<script>alert(1)</script><a href="javascript:x">l</a>'
        '<img src=x onerror=y><a href="https://example.com/">ok</a></p><style>p{}</style>'
    )
    (variant,) = rules.clean_variants(
        [{"channel": "email", "language": "en", "body": "x", "body_html": dirty}]
    )
    assert variant.body_html == (
        '<p>Hi<a rel="noopener noreferrer">l</a>'
        '<a href="https://example.com/" rel="noopener noreferrer">ok</a></p>'
    )


def test_a_variant_is_given_once_and_for_a_known_channel():
    one = {"channel": "sms", "language": "en", "body": "x"}
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_variants([one, one])
    assert refusal.value.field == "variants.sms.en"
    with pytest.raises(InvalidInput):
        rules.clean_variants([{**one, "channel": "pigeon"}])
