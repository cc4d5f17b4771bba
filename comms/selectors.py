"""Reads about notices and deliveries."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from audit import sealing
from comms import bulk
from comms.models import Delivery, DeliveryEvent, InboxMessage, Notice, Tally
from comms.recreating.selectors import recreate
from comms.rules import HANDED_OVER, OPEN, DeliveryState, NoticeState
from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.roles import Capability
from templates_mgmt.models import Filing
from templates_mgmt.rendering import Rendered
from templates_mgmt.rules import State

_RATE_WINDOW = dt.timedelta(seconds=20)
_ON_ITS_WAY = frozenset({NoticeState.RELEASED, NoticeState.SENDING, NoticeState.PAUSED})
RECALLED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notice is. `total` leaves out fallbacks that wait or were not needed, and grows
    while planning goes on (`planned` says whether it is over). `rate_per_s` is of the last
    20 seconds; `seconds_left` is None when nothing moves or nothing is left to send."""

    state: str
    planned: bool
    total: int
    settled: int
    by_state: Mapping[str, int]
    by_channel_state: Mapping[str, Mapping[str, int]]
    rate_per_s: float
    seconds_left: int | None

    @property
    def open(self) -> int:
        """Deliveries that still have to go out or to be settled."""
        return self.total - self.settled


def notice_progress(notice_id: UUID, *, now: dt.datetime) -> Progress:
    """The progress of a notice, from its tallies: the same cost for any number of deliveries.

    Raises NotFound.
    """
    notice = Notice.objects.filter(pk=notice_id).only("state", "planned_at").first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    rows = bulk.fetch(
        "SELECT channel, state, sum(delta)::int, "
        "coalesce(sum(delta) FILTER (WHERE at > %s), 0)::int "
        "FROM comms_tally WHERE notice = %s GROUP BY channel, state",
        [now - _RATE_WINDOW, notice_id],
    )
    by_state: Counter[str] = Counter()
    by_channel: dict[str, Counter[str]] = {}
    lately = 0
    for channel, state, count, recent in rows:
        by_state[state] += count
        by_channel.setdefault(channel, Counter())[state] += count
        if state in HANDED_OVER:
            lately += recent
    spare = by_state[DeliveryState.STANDBY] + by_state[DeliveryState.NOT_NEEDED]
    waiting = sum(by_state[state] for state in OPEN - {DeliveryState.STANDBY})
    rate = max(lately, 0) / _RATE_WINDOW.total_seconds()
    moving = rate > 0 and notice.state == NoticeState.SENDING
    return Progress(
        state=notice.state,
        planned=notice.planned_at is not None,
        total=by_state.total() - spare,
        settled=by_state.total() - spare - waiting,
        by_state=+by_state,
        by_channel_state={name: +counts for name, counts in by_channel.items()},
        rate_per_s=round(rate, 1),
        seconds_left=round(waiting / rate) if moving and waiting else None,
    )


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """One delivery, its events in order, and the message (None when it was never rendered, or
    the investor's data were erased)."""

    delivery: Delivery
    events: list[DeliveryEvent]
    message: Rendered | None
    matches_commitment: bool | None


def delivery_detail(actor: Actor, delivery_id: UUID) -> DeliveryDetail:
    """A delivery that the actor may see, with the message made again byte for byte and held
    against its commitment (L6). Raises NotFound."""
    require(actor, Capability.NOTICES_VIEW)
    delivery = (
        Delivery.objects.select_related("notice__business_line", "notice__version__template")
        .filter(pk=delivery_id, notice__in=Notice.objects.all().visible_to(actor))
        .first()
    )
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    message, matches = sent_message(delivery)
    return DeliveryDetail(delivery, list(delivery.events.order_by("id")), message, matches)


def sent_message(delivery: Delivery) -> tuple[Rendered | None, bool | None]:
    """The message as it was handed over, and whether it matches its commitment.

    The wording is read whatever its state now: a recalled version was still sent.
    """
    made = recreate(delivery)
    return (made.rendered, made.proven) if made else (None, None)


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One message of an investor's inbox, opened."""

    delivery_id: UUID
    notice_id: UUID
    code: str
    language: str
    subject: str
    text: str
    html: str
    created_at: dt.datetime
    viewed_at: dt.datetime | None
    acknowledged_at: dt.datetime | None


def inbox_of(
    investor_id: UUID, *, limit: int = 50, before: dt.datetime | None = None
) -> list[InboxItem]:
    """The newest messages of one investor's inbox; empty when the investor's key is destroyed."""
    messages = InboxMessage.objects.filter(investor=investor_id).select_related("notice")
    if before is not None:
        messages = messages.filter(created_at__lt=before)
    return _opened(investor_id, messages.order_by("-created_at")[:limit])


def inbox_item(investor_id: UUID, delivery_id: UUID) -> InboxItem:
    """One message of one investor's inbox. Raises NotFound for anybody else's."""
    messages = InboxMessage.objects.filter(investor=investor_id, pk=delivery_id)
    items = _opened(investor_id, messages.select_related("notice"))
    if not items:
        raise NotFound(_("There is no such message."))
    return items[0]


def _opened(investor_id: UUID, messages: QuerySet[InboxMessage]) -> list[InboxItem]:
    try:
        key = sealing.key_of(investor_id)
    except sealing.KeyDestroyed:
        return []
    return [_item(key, message) for message in messages]


def _item(key: bytes, message: InboxMessage) -> InboxItem:
    body: dict[str, Any] = json.loads(
        sealing.unseal_text(key, bytes(message.body_sealed), context="inbox")
    )
    return InboxItem(
        delivery_id=message.delivery_id,
        notice_id=message.notice_id,
        code=message.notice.code,
        language=message.language,
        subject=body["subject"],
        text=body["text"],
        html=body["html"],
        created_at=message.created_at,
        viewed_at=message.viewed_at,
        acknowledged_at=message.acknowledged_at,
    )


def where_used(actor: Actor, template_id: UUID) -> QuerySet[Notice]:
    """Every notice that pinned a version of a template (T5), newest first."""
    require(actor, Capability.NOTICES_VIEW)
    notices = Notice.objects.all().visible_to(actor).filter(version__template=template_id)
    return notices.select_related("version", "business_line").order_by("-id")


@dataclass(frozen=True, slots=True)
class RecalledNotice:
    """A released notice whose wording was recalled. `gone` counts what was, or perhaps was,
    handed to a provider; `stopping` says that the sender has not closed the rest yet."""

    notice: Notice
    gone: int
    stopped: int
    stopping: bool


def recalled_notices(actor: Actor, template_id: UUID) -> list[RecalledNotice]:
    """The visible notices of a template that were released under a version recalled since, newest
    first, with what had gone; two queries."""
    found = where_used(actor, template_id).filter(
        version__state=State.RECALLED.value, released_at__isnull=False
    )
    notices = list(found[:RECALLED_SHOWN])
    counts: dict[UUID, Counter[str]] = {notice.pk: Counter() for notice in notices}
    tallied = Tally.objects.filter(notice__in=counts).values_list("notice", "state")
    for notice, state, count in tallied.annotate(n=Sum("delta")).order_by():
        counts[notice][state] += count
    return [_recalled(notice, counts[notice.pk]) for notice in notices]


def _recalled(notice: Notice, by_state: Counter[str]) -> RecalledNotice:
    maybe = {DeliveryState.SENDING, DeliveryState.UNCONFIRMED}
    gone = sum(by_state[state.value] for state in HANDED_OVER | maybe)
    waiting = sum(by_state[state.value] for state in OPEN - maybe)
    told = notice.counts.get("recalled", {}).get("stopped")
    stopped = waiting if told is None else int(told)
    return RecalledNotice(notice, gone, stopped, waiting > 0)


def lapsed_wording(notice: Notice, now: dt.datetime) -> dt.datetime | None:
    """When the wording of a notice that is on its way expired, if it did: no new notice may use
    it, but what was released goes on."""
    if notice.state not in _ON_ITS_WAY:
        return None
    filing = Filing.objects.filter(version=notice.version_id, expires_at__lte=now).first()
    return filing.expires_at if filing else None


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """Whether a check code is ours (D15): when its notice was released, and its title."""

    genuine: bool
    released_at: dt.datetime | None = None
    title: str = ""


def check_code(text: str) -> CodeCheck:
    """Look a check code up as anyone may: case, blanks and the hyphen do not matter. Codes of
    notices that were never released, and of exercises, are not genuine."""
    plain = re.sub(r"[\s\-–—_]", "", text).upper()[:20]
    code = f"{plain[:4]}-{plain[4:]}"
    notice = Notice.objects.real().filter(code=code, released_at__isnull=False).first()
    if notice is None:
        return CodeCheck(genuine=False)
    return CodeCheck(True, notice.released_at, notice.title)
