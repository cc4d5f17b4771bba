"""State machines as data."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IllegalTransition, InvalidInput
from core.transitions import Machine, Move

DOOR = Machine(
    name="door",
    moves={
        ("open", "closed"): Move("close"),
        ("closed", "open"): Move("open"),
        ("closed", "locked"): Move("lock", reason=True),
    },
)
STATES = ["open", "closed", "locked"]


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_exactly_the_listed_moves_are_legal(old, new):
    if (old, new) in DOOR.moves:
        assert DOOR.check(old=old, new=new, reason="because") is DOOR.moves[old, new]
    else:
        with pytest.raises(IllegalTransition) as refused:
            DOOR.check(old=old, new=new, reason="because")
        assert refused.value.details == {"from": old, "to": new}


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_mandatory_reason_must_say_something(reason):
    with pytest.raises(InvalidInput) as refused:
        DOOR.check(old="closed", new="locked", reason=reason)
    assert refused.value.field == "reason"
    assert DOOR.check(old="closed", new="locked", reason="night").name == "lock"


def test_next_states_follow_the_table():
    assert DOOR.next_states("closed") == ("open", "locked")
    assert DOOR.next_states("locked") == ()


@pytest.mark.django_db
def test_sql_agrees_with_python():
    condition = DOOR.sql_condition().replace("OLD.state", "o.s").replace("NEW.state", "n.s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT o.s, n.s, {condition} FROM unnest(%s::text[]) o(s), unnest(%s::text[]) n(s)",
            [STATES, STATES],
        )
        rows = cursor.fetchall()
    assert len(rows) == 9
    for old, new, legal in rows:
        assert legal == (old == new or (old, new) in DOOR.moves)
