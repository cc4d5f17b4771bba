"""No code of ours is shown to a reader as it is kept."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.utils import translation

import comms
from comms import rules
from comms.planning import Reason
from comms.services import recovery, sending
from comms.wording import detail_words, error_words

ROOT = Path(inspect.getfile(comms)).parent


def codes_of_senders() -> set[str]:
    """The codes that our own source gives to a SendError or writes as a delivery's last error."""
    found = set()
    for path in [*ROOT.glob("channels/*.py"), *ROOT.glob("services/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SendError":
                words = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "code")]
                found |= {w.value for w in words if isinstance(w, ast.Constant)}
    return found | set(re.findall(r'"(lease_expired|no_answer)"', inspect.getsource(recovery)))


@pytest.mark.parametrize("code", sorted(codes_of_senders() | {reason.value for reason in Reason}))
def test_every_code_of_ours_has_words(code):
    words = error_words(code)
    assert words not in ("", code)
    assert not words.startswith("The provider's code")


def test_codes_of_providers_are_called_so():
    assert error_words("LIMIT_77") == "The provider's code: LIMIT_77"
    assert error_words("http_503") == "The provider answered with HTTP status 503"
    assert error_words("bounced 5.1.1") == "Bounced (5.1.1)"
    assert error_words("5.7.1") == "Status 5.7.1 of the receiving server"
    assert error_words("missing_value:name") == "A value for the text is missing: name"
    assert error_words("") == ""


def test_details_are_told_in_words():
    told = detail_words({"reason": "no_consent", "scope": "topic", "recovered": True})
    assert told == [
        ("Reason", "No consent to this channel"),
        ("What was left", "this topic"),
        ("Learnt after an interruption", "yes"),
    ]


@pytest.mark.parametrize(
    ("members", "labels"),
    [
        (rules.NoticeState, rules.NOTICE_STATE_LABELS),
        (rules.DeliveryState, rules.DELIVERY_STATE_LABELS),
        (rules.EventKind, rules.EVENT_LABELS),
        (rules.Evidence, rules.EVIDENCE_LABELS),
        (rules.Criticality, rules.CRITICALITY_LABELS),
        (rules.Channel, rules.CHANNEL_LABELS),
    ],
)
def test_every_member_has_a_label(members, labels):
    assert set(labels) == set(members)
    with translation.override("en"):
        assert all(str(label).strip() for label in labels.values())


def test_the_codes_of_sending_itself_are_known():
    assert {sending.STOPPED.code, sending.LEASE_OVER.code} <= codes_of_senders()
