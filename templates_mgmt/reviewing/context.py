"""What the review screen shows of the review itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import clock
from core.actor import Actor
from core.roles import Capability
from templates_mgmt import page_selectors
from templates_mgmt.filing import selectors as filing
from templates_mgmt.models import TemplateVersion
from templates_mgmt.page_selectors import ShownDifference, where
from templates_mgmt.reviewing import selectors
from templates_mgmt.reviewing.models import Comment
from templates_mgmt.rules import State
from templates_mgmt.selectors import diff_versions


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the version that this one follows, and what changed since."""

    version: TemplateVersion
    comments: list[Comment]
    differences: list[ShownDifference]


def context_of(version: TemplateVersion, actor: Actor) -> dict[str, Any]:
    """Stages, comments, what was asked before, the filing record, and the token of the screen."""
    in_review = version.state == State.IN_REVIEW
    return {
        "stages": selectors.standing_of(version) if version.state != State.DRAFT else [],
        "record": filing.shown(version, clock.now()),
        "comments": _shown(selectors.comments_of(version)),
        "asked": _asked(version),
        "seen": selectors.screen_token(version) if in_review else "",
        "may_comment": bool(
            {Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_DRAFT} & actor.capabilities
        ),
        "may_settle": in_review and Capability.TEMPLATES_REVIEW in actor.capabilities,
    }


def _asked(version: TemplateVersion) -> Asked | None:
    before = version.based_on
    if before is None or before.state != State.RETURNED:
        return None
    return Asked(
        before,
        _shown(selectors.comments_of(before)),
        page_selectors.differences(diff_versions(before, version)),
    )


def _shown(comments: list[Comment]) -> list[Comment]:
    """The comments with their place in words, as `where`."""
    for comment in comments:
        place = comment.place.split("/") if comment.place else []
        comment.where = where(*place) if len(place) == 3 else ""  # type: ignore[attr-defined]
    return comments
