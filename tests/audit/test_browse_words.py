"""Words for the search: what Python takes for words is what the database indexed."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.browsing import rules
from audit.browsing.rules import RecordFilter, bounded, from_narrow

TEXT = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
        st.sampled_from('风险提示通知，。 "\\/:{}[]abcXYZ012_-éÄß㐀鿿豈İ'),
    ),
    max_size=60,
)


def indexed(payload: object) -> set[str]:
    """The words that the database keeps of a payload."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(tsvector_to_array(audit_words(%s::json)))",
            [json.dumps(payload, ensure_ascii=False)],
        )
        return {word for (word,) in cursor.fetchall()}


def found(payload: object, text: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_words(%s::json) @@ %s::tsquery",
            [json.dumps(payload, ensure_ascii=False), rules.tsquery(text)],
        )
        return bool(cursor.fetchone()[0])


def test_words_of_both_scripts():
    assert rules.words("T-2026: 风险提示 Trading halt!") == {
        "t", "2026", "风险", "险提", "提示", "示", "trading", "halt",
    }  # fmt: skip
    assert rules.words("，。 !") == set()


@pytest.mark.django_db
def test_keys_are_not_words_but_values_are():
    assert indexed({"title": "Halt", "nested": {"why": ["停牌"]}}) == {"halt", "停牌", "牌"}


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plain=st.text(alphabet="风险提示通知，。 abcXYZ012-éÄ㐀鿿豈", max_size=40))
def test_the_database_and_python_see_the_same_words(plain):
    assert indexed({"k": plain}) == rules.words(plain)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXT)
def test_no_payload_breaks_the_index_and_no_search_breaks_the_query(text):
    assert isinstance(indexed({text: text, "n": [1, None, text]}), set)
    if rules.tsquery(text):
        assert isinstance(found({"k": text}, text), bool)


@pytest.mark.django_db
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), plain=st.text(alphabet="风险提示通知停牌", min_size=1, max_size=20))
def test_every_stretch_of_han_is_found(data, plain):
    start = data.draw(st.integers(0, len(plain) - 1))
    end = data.draw(st.integers(start + 1, len(plain)))
    assert found({"k": f"关于{plain}的说明"}, plain[start:end])


@pytest.mark.django_db
def test_latin_words_are_found_by_their_beginning_only():
    assert found({"k": "Trading halted"}, "trad HALT")
    assert not found({"k": "Trading halted"}, "ading")
    assert not found({"k": "Trading halted"}, "trading resumed")


def test_counts_are_bounded():
    assert [bounded(n, 1000) for n in (0, 1000, 1001)] == ["0", "1,000", "1,000+"]


@given(
    st.builds(
        RecordFilter,
        action=st.sampled_from(["", "notice.created"]),
        notice=st.none() | st.uuids(),
        staff=st.none() | st.uuids(),
        since=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        as_of=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        text=st.text(max_size=10),
    )
)
def test_a_filter_survives_being_stored(filters):
    stored = json.loads(json.dumps(filters.narrow()))
    assert from_narrow(stored, text=filters.text) == filters
