"""Candidates for tests of pure rules."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st

from comms.planning import Policy, read_channel_plan
from comms.rules import SENT, Criticality
from investors.rules.audience import Candidate

NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)  # 12:00 in Shanghai


def candidate(**changes: Any) -> Candidate:
    """An active investor, reachable on every channel, without quiet hours."""
    whole: dict[str, Any] = {
        "investor_id": uuid4(),
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
        "quiet_from": None,
        "quiet_to": None,
        "risk_level": "R3",
        "preferred_channels": (),
        "phone_id": uuid4(),
        "phone_state": "verified",
        "email_id": uuid4(),
        "email_state": "unverified",
        **dict.fromkeys(f"{c}_{w}" for c in _CHANNELS for w in ("consent", "wanted")),
        "active": True,
    }
    whole |= {f"{c}_{w}": True for c in _CHANNELS for w in ("consent", "wanted")}
    return Candidate(**{**whole, **changes})


_CHANNELS = ("sms", "email", "push", "inbox")


def policy(
    criticality: Criticality = Criticality.IMPORTANT,
    *,
    names: frozenset[str] = frozenset(),
    languages: tuple[str, ...] = ("zh-hans", "en"),
    **plan: Any,
) -> Policy:
    """A policy for `plan` (parallel, fallback …), every channel worded in `languages`."""
    plan.setdefault("parallel", ["sms"])
    return Policy(
        read_channel_plan(plan, criticality),
        criticality,
        {channel: dict.fromkeys(languages, names) for channel in SENT},
    )


_state = st.sampled_from(["", "unverified", "verified", "suppressed"])
_time = st.none() | st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 30]))
candidates = st.builds(
    Candidate,
    investor_id=st.uuids(),
    language=st.sampled_from(["zh-hans", "en", "zh-hant"]),
    time_zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC"]),
    quiet_from=_time,
    quiet_to=_time,
    risk_level=st.just("R1"),
    preferred_channels=st.lists(st.sampled_from(["sms", "email", "inbox"]), max_size=3).map(tuple),
    phone_id=st.uuids(),
    phone_state=_state,
    email_id=st.uuids(),
    email_state=_state,
    **{f"{c}_{w}": st.booleans() for c in _CHANNELS for w in ("consent", "wanted")},
    active=st.sampled_from([True, True, True, False]),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any plan over any of the channels, some of them without wording."""
    order = draw(st.permutations(list(SENT)))
    cut = draw(st.integers(1, 3))
    parallel = order[: draw(st.integers(1, cut))]
    chosen = order[:cut]
    criticality = draw(st.sampled_from(list(Criticality)))
    plan = read_channel_plan(
        {
            "parallel": [channel.value for channel in parallel],
            "fallback": [channel.value for channel in chosen if channel not in parallel],
            "needed": draw(st.integers(1, cut)),
        },
        criticality,
    )
    names = st.frozensets(st.sampled_from(["name", "ref"]))
    wordings = {
        channel: draw(st.dictionaries(st.sampled_from(["zh-hans", "en"]), names))
        for channel in chosen
    }
    return Policy(plan, criticality, wordings)
