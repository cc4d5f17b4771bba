from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    CanonicalError,
    canonical_bytes,
    canonical_text,
)

text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
keys = st.text(st.characters(min_codepoint=1, max_codepoint=127))
scalars = (
    text | st.none() | st.booleans() | st.integers(min_value=-MAX_INTEGER, max_value=MAX_INTEGER)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=25
)


def nested(depth):
    value = "core"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": 2, "B": 3, "": 4}, '{"":4,"B":3,"a":2,"b":1}'),
        ({"aa": [], "a": {}}, '{"a":{},"aa":[]}'),
        ([True, False, None, 0, -1], "[true,false,null,0,-1]"),
        ("通知\u20ac\U0001f600/", '"通知€😀/"'),
        ('"\\\b\t\n\f\r\x01\x1f\x7f', '"\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\x7f"'),
        ("\\u0000", '"\\\\u0000"'),
        (MAX_INTEGER, "9007199254740991"),
        ({}, "{}"),
    ],
)
def test_canonical_form(value, expected):
    assert canonical_text(value) == expected
    assert canonical_bytes(value) == expected.encode()


@given(values)
def test_agrees_with_an_independent_implementation(value):
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(st.dictionaries(keys, scalars))
def test_order_of_insertion_does_not_matter(members):
    backwards = dict(reversed(members.items()))
    assert canonical_bytes(members) == canonical_bytes(backwards)


class Status(StrEnum):
    RELEASED = "released"


class Severity(IntEnum):
    HIGH = 3


def test_an_enumeration_member_counts_as_its_value():
    value = {"status": Status.RELEASED, "severity": Severity.HIGH}
    assert canonical_text(value) == '{"severity":3,"status":"released"}'


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"payload": {"items": [0, 1, 2, {"name": 1.5}]}}, "payload.items[3].name", "float"),
        ({"payload": {"items": [0, 1, 2, {"name": "\0"}]}}, "payload.items[3].name", "U+0000"),
        ({"a": [["ok", "\ud800"]]}, "a[0][1]", "lone surrogate at character 0"),
        ({"a": b"x"}, "a", "base64"),
        ({"a": (1, 2)}, "a", "list"),
        ({"a": {1, 2}}, "a", "sorted list"),
        ({"a": Decimal("1.0")}, "a", "Decimal"),
        ({"a": datetime(2025, 1, 1, tzinfo=UTC)}, "a", "RFC 3339"),
        ({"a": object()}, "a", "object is not allowed"),
        ([MAX_INTEGER + 1], "[0]", "integer beyond"),
        ([-MAX_INTEGER - 1], "[0]", "integer beyond"),
        ({"a": {"名": 1}}, "a", "not ASCII"),
        ({"a": {1: 1}}, "a", "key is of type int"),
        ({"a": {None: 1}}, "a", "key is of type NoneType"),
        ({"a\0b": 1}, "a\0b", "U+0000"),
        (1.0, "", "float"),
        (float("nan"), "", "float"),
        ("\0", "", "U+0000"),
        (2**53, "", "integer beyond"),
    ],
)
def test_what_is_outside_the_domain_is_named(value, path, reason):
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes(value)
    assert caught.value.path == path
    assert reason in caught.value.reason
    assert str(caught.value).startswith(path or "(the whole value)")


def test_an_error_does_not_repeat_the_text_it_refuses():
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes({"phone": "13800000000\0"})
    assert "13800000000" not in str(caught.value)


def test_a_literal_escape_beside_a_real_nul_is_no_excuse():
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes({"a": "\\u0000", "b": "\0"})
    assert caught.value.path == "b"


def test_nesting_is_bounded_and_a_cycle_is_refused():
    cycle = []
    cycle.append(cycle)
    assert canonical_text(nested(MAX_DEPTH)).count("[") == MAX_DEPTH
    for value in (nested(MAX_DEPTH + 1), cycle, {"a": cycle}):
        with pytest.raises(CanonicalError, match="nested more than"):
            canonical_bytes(value)


@given(values, st.sampled_from([1.5, b"", "\0", "\udfff", 2**53, {"é": 1}, {2: 1}, (), object()]))
def test_one_bad_value_anywhere_is_found(value, bad):
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes({"good": value, "list": [value, bad]})
    assert caught.value.path == "list[1]"
