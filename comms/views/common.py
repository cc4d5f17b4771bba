"""What the pages of notices share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from comms import page_selectors
from comms.models import Delivery, Notice
from comms.planning import ChannelPlan, read_channel_plan, reason_label
from comms.rules import (
    CHANNEL_LABELS,
    DELIVERY_STATE_LABELS,
    EVIDENCE_LABELS,
    NOTICES,
    Channel,
    Criticality,
    DeliveryState,
    NoticeState,
)
from comms.value_fields import words_of
from comms.wording import error_words
from core.actor import Actor
from core.roles import Capability
from investors.models import Topic
from templates_mgmt.rules import LANGUAGE_LABELS, Language


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def audience_words(notice: Notice) -> list[tuple[str, str]]:
    """The frozen query in words: (filter, its values)."""
    if notice.corrects is not None:
        return [(_("Correction"), _("exactly those who got “%s”") % notice.corrects.title)]
    audience = notice.audience
    names = {
        "languages": _("Languages"),
        "risk_levels": _("Risk levels"),
        "account_flags": _("Account flags"),
        "systems": _("Systems"),
        "branches": _("Branches"),
        "products": _("Products"),
        "channels": _("Trading channels"),
    }
    words = [(_("Business line"), str(notice.business_line))]
    if audience.get("everyone"):
        words.append((_("Everyone"), _("every active investor")))
    for name, label in names.items():
        value = audience.get(name)
        if name == "languages" and value:
            value = [str(LANGUAGE_LABELS[Language(item)]) for item in value]
        if value:
            words.append((label, ", ".join(value)))
    if audience.get("hit"):
        words.append((_("Of systems, branches, products, channels"), _("any one is enough")))
    if audience.get("ids"):
        words.append((_("Listed investors"), str(len(audience["ids"]))))
    return words


def plan_of(notice: Notice) -> ChannelPlan:
    """The notice's channel plan."""
    return read_channel_plan(notice.channels, Criticality(notice.criticality))


def about(notice: Notice, actor: Actor) -> dict[str, Any]:
    """The context of the panel that describes a whole notice, and of its tabs."""
    plan = plan_of(notice)
    return tabs_of(notice, actor) | {
        "plan": plan,
        "until": EVIDENCE_LABELS[plan.until],
        "topic": Topic.objects.filter(pk=notice.topic).first() or notice.topic,
        "audience": audience_words(notice),
        "values": words_of(notice.values),
        "corrections": list(notice.corrections.all()[:10]),
    }


STEPS = {
    "submit": Capability.NOTICES_PREPARE,
    "take_back": Capability.NOTICES_PREPARE,
    "release": Capability.NOTICES_RELEASE,
    "pause": Capability.NOTICES_CONTROL,
    "resume": Capability.NOTICES_CONTROL,
    "cancel": Capability.NOTICES_CONTROL,
}
NOT_SUBMITTED = frozenset({NoticeState.DRAFT, NoticeState.READY})
ENDED = frozenset({NoticeState.DONE, NoticeState.CANCELLED})


def controls_of(notice: Notice, actor: Actor) -> set[str]:
    """The steps that this actor may take from the notice's state; services check them again."""
    able, state = actor.capabilities, NoticeState(notice.state)
    moves = {NOTICES.moves[state, NoticeState(new)].name for new in NOTICES.next_states(state)}
    steps = {name for name in moves if name in STEPS and STEPS[name] in able}
    if "cancel" in moves and state in NOT_SUBMITTED:
        steps.discard("cancel")
        steps |= {"cancel"} if Capability.NOTICES_PREPARE in able else set()
    if state in ENDED and notice.released_at and Capability.NOTICES_PREPARE in able:
        steps.add("correct")
    if state == NoticeState.DRAFT and actor.user_id == notice.prepared_by_id and "submit" in steps:
        steps.add("edit")
    return steps


def difference_words(changes: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """The difference of two dry runs (`audience.difference`) as rows of a table."""
    return [
        {
            "label": _difference_label(name),
            "then": before,
            "now": after,
            "sign": "+" if after > before else "−",
            "size": abs(after - before),
        }
        for name, (before, after) in changes.items()
        if name != "cost_fen"
    ]


def _difference_label(name: str) -> str:
    kind, _dot, rest = name.partition(".")
    if kind == "by_channel":
        channel, _dot, state = rest.partition(".")
        return f"{CHANNEL_LABELS[Channel(channel)]}: {DELIVERY_STATE_LABELS[DeliveryState(state)]}"
    if kind == "by_language":
        language = LANGUAGE_LABELS[Language(rest)]
        return _("Deliveries at once in %(language)s") % {"language": language}
    if kind == "excluded":
        channel, _slash, reason = rest.partition("/")
        where = _("all channels") if channel == "all" else CHANNEL_LABELS[Channel(channel)]
        return f"{_('Left out')}: {where}, {reason_label(reason)}"
    words = {
        "candidates": _("Audience"),
        "deliveries": _("Deliveries planned"),
        "unreachable": _("Fewer than two channels"),
        "nobody": _("Not reached at all"),
    }
    return words.get(name, name)


def notice_for(request: HttpRequest, notice_id: UUID) -> Notice:
    """The notice of a list; NotFound in another business line."""
    return page_selectors.notice_for(actor_of(request), notice_id)


def whole_notice_for(request: HttpRequest, notice_id: UUID) -> Notice:
    """The notice that a page is about, with its people; NotFound in another business line."""
    return page_selectors.whole_notice_for(actor_of(request), notice_id)


def tabs_of(notice: Notice, actor: Actor) -> dict[str, Any]:
    """The context of the tabs."""
    return {"notice": notice, "may_audit": Capability.AUDIT_BROWSE in actor.capabilities}


def note_of(delivery: Delivery) -> str:
    """Why a delivery is held back or did not get through, in words."""
    if delivery.state == DeliveryState.HELD:
        return _("quiet hours") if delivery.held_reason else ""
    return error_words(delivery.last_error)
