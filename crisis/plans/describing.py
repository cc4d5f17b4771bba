"""A crisis plan in words, line by line, for comparing two versions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _text

from crisis.plans import rules

Names = Mapping[str, Any]  # people by id


def text_of(plan: Mapping[str, Any], people: Names) -> str:
    """The plan in the language of the reader. `people` are shown by name."""
    parts = [
        _text("Levels"),
        *(_level(plan, each) for each in rules.levels(plan)),
        _text("Rule of tiers"),
        *(
            _text("%(row)s → %(level)s")
            % {"row": rules.row_words(row), "level": rules.level_name(plan, row["level"])}
            for row in plan["tier_rule"]
        ),
        _text("Roles"),
        *(_post(each, people) for each in rules.posts(plan)),
        _text("Calls"),
        *_calls(plan, people),
    ]
    return "\n".join(parts)


def _level(plan: Mapping[str, Any], level: rules.Level) -> str:
    return _text(
        "%(rank)s. %(name)s (%(code)s): %(roles)s; %(minutes)s min to acknowledge; "
        "restored within %(hours)s h; major: %(major)s"
    ) % {
        "rank": level.rank, "name": level.label, "code": level.code,
        "roles": _joined(rules.role_name(plan, role) for role in level.roles),
        "minutes": level.minutes, "hours": level.restore_hours or "–",
        "major": _text("yes") if level.major else _text("no"),
    }  # fmt: skip


def _post(post: rules.Post, people: Names) -> str:
    who = _joined(name_of(person, people) for person in post.people) or _text("nobody")
    return f"{post.label} ({post.code}): {who}. {post.duty_label}"


def _calls(plan: Mapping[str, Any], people: Names) -> list[str]:
    escalation = plan["escalation"]
    named = _joined(name_of(person, people) for person in plan["activators"])
    return [
        _text("First: %(roles)s, %(minutes)s min") % {
            "roles": _joined(rules.role_name(plan, role) for role in escalation["first_roles"]),
            "minutes": escalation["first_minutes"],
        },
        _text("Rounds: %(rounds)s") % {"rounds": escalation["rounds"]},
        _text("When nobody answers: %(roles)s") % {
            "roles": _joined(rules.role_name(plan, role) for role in escalation["fallback_roles"])
            or "–",
        },
        _text("Activators: %(people)s")
        % {"people": named or _text("everybody whose role allows it")},
    ]  # fmt: skip


def name_of(person: str, people: Names) -> str:
    """The name of a person by id."""
    return str(people.get(person) or _text("unknown person"))


def _joined(words: Any) -> str:
    return _text(", ").join(words)
