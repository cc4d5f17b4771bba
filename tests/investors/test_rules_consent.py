"""Consent precedence, truncated addresses, audiences."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from investors import rules
from investors.rules import Audience, Standing, act_of_file

STANDING = st.none() | st.builds(Standing, st.booleans(), st.sampled_from(sorted(rules.METHODS)))


@pytest.mark.parametrize(
    ("current", "stated", "act"),
    [
        (None, True, "given"),
        (None, False, "refused"),
        (None, None, None),
        (Standing(True, "import"), False, "withdrawn"),
        (Standing(True, "portal"), False, "withdrawn"),
        (Standing(True, "portal"), True, None),
        (Standing(False, "import"), True, "given"),
        (Standing(False, "portal"), True, None),
        (Standing(False, "unsubscribe"), True, None),
    ],
)
def test_a_files_yes_never_overturns_the_investors_own_no(
    current: Standing | None, stated: bool | None, act: str | None
) -> None:
    assert act_of_file(current, stated) == act


@given(STANDING)
def test_a_blank_says_nothing_and_a_no_always_protects(current: Standing | None) -> None:
    assert act_of_file(current, None) is None
    if current is None or current.granted:
        assert act_of_file(current, False) in {"refused", "withdrawn"}


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::5", "2001:db8:1::/48"),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_an_address_is_kept_as_its_network_only(address: str | None, place: str) -> None:
    assert rules.truncated_ip(address) == place


def test_reach_counts_channels_with_contact_and_consent() -> None:
    assert rules.reach({"phone", "email"}, {rules.SMS, rules.EMAIL}) == 2
    assert rules.reach({"phone"}, {rules.SMS, rules.EMAIL}) == 1
    assert rules.reach({"phone", "email"}, set()) == 0


def test_an_audience_survives_its_json() -> None:
    audience = Audience(line="retail", languages=("en",), risk_levels=("R4", "R5"), ids=(uuid4(),))
    assert Audience.from_json(audience.to_json()) == audience
    assert Audience.from_json({"everyone": True}) == Audience(everyone=True)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "audience"),
        ({"everyone": "yes"}, "audience"),
        ({"languages": ["fr"]}, "audience.languages"),
        ({"languages": "en"}, "audience.languages"),
        ({"risk_levels": ["R9"]}, "audience.risk_levels"),
        ({"ids": ["x"]}, "audience.ids[0]"),
        ({"line": 3}, "audience.line"),
        ({"colour": "red"}, "audience.colour"),
    ],
)
def test_an_audience_that_cannot_be_meant_names_the_field(
    data: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        Audience.from_json(data)
    assert refused.value.field == field
