"""Every action has a name for people."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from audit.browsing import labels
from audit.browsing.rules import Outcome
from comms.journal import action_of
from comms.rules import EventKind
from templates_mgmt.rules import VERB_ACTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("audit", "core", "investors", "templates_mgmt", "comms", "crisis", "supervision", "portal")
ACTION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
WRITERS = {"record", "draft", "write", "write_record", "line_of", "Happening"}
# Actions made of two parts: what the code that puts them together makes.
MADE = {
    *(action_of(kind) for kind in EventKind),
    *(f"template.{verb}" for verb in VERB_ACTIONS.values()),
    "contact.verified", "contact.unverified", "contact.suppressed",
    "consent.given", "consent.withdrawn",
    "retention.schedule_approved", "retention.schedule_refused",
}  # fmt: skip


def written() -> Iterator[tuple[str, str]]:
    """(action, where) for each constant that names an action where a record is written: the
    value of `action=`, or the first argument of a function whose name speaks of recording."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    for text in constants(node):
                        if ACTION.fullmatch(text):
                            yield text, f"{path.relative_to(ROOT)}:{node.lineno}"


def constants(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    given = [keyword.value for keyword in call.keywords if keyword.arg == "action"]
    if name in WRITERS or re.search(r"record|note|journal|_write|tell", name.lower()):
        given += call.args[:2]
    for value in given:
        for part in ast.walk(value):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def test_the_code_is_read():
    found = {action for action, _where in written()}
    assert {"notice.created", "session.opened", "export.downloaded"} <= found
    assert len(found) > 80


def test_every_action_that_is_written_has_a_label():
    missing = {
        action: where
        for action, where in [*written(), *((action, "made of parts") for action in MADE)]
        if action not in labels.ACTIONS and not action.endswith("_")  # the rest is made
    }
    assert not missing, f"add these to audit/browsing/labels.py: {missing}"


def test_labels_tell_actions_apart():
    with translation.override("en"):
        words = [str(label.words) for label in labels.ACTIONS.values()]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("delivery.failed", Outcome.FAILED),
        ("session.refused", Outcome.REFUSED),
        ("notice.released", Outcome.DONE),
        ("new.build_failed", Outcome.FAILED),
        ("new.plan_rejected", Outcome.REFUSED),
        ("new.thing", Outcome.DONE),
    ],
)
def test_outcomes(action, outcome):
    assert labels.outcome_of(action) is outcome


def test_an_unknown_action_is_shown_as_it_is_written():
    assert labels.label_of("odd.thing") == "odd.thing"


def test_actions_are_found_by_their_names():
    assert labels.called("approv", ["template.approved", "template.returned"]) == [
        "template.approved"
    ]
    returned = labels.called("RETURNED", list(labels.ACTIONS))
    assert "template.returned" in returned
    assert all(action.endswith(".returned") for action in returned)
    assert labels.called("nothing like it", list(labels.ACTIONS)) == []
