"""Make statuses, events and ledger records of what providers reported."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from comms import bulk, journal
from comms.models import Delivery, RawReceipt
from comms.provider_events import Parsed, ProviderEvent, Unreadable, parse_dsn, parse_json
from comms.rules import OPEN, DeliveryState, EventKind, Evidence, apply_event
from comms.services import bounces, fallback, optout
from comms.services.receipts.storing import RECEIVER, keep, open_body, provider_entry
from core.crypto import SealBroken
from core.errors import VouchsafeError

WAIT_FOR_REFERENCE = dt.timedelta(minutes=15)
WAIT_FOR_HAND_OVER = dt.timedelta(hours=24)
_WITHDRAWS = {EventKind.COMPLAINED: "complaint", EventKind.UNSUBSCRIBED: "unsubscribe"}
_READ = (
    "notice_id", "investor_id", "contact_id", "channel", "state", "evidence", "attempts",
    "provider", "provider_ref",
)  # fmt: skip
# The receipt itself is at fault. A lost connection or a deadlock is not among these: then the
# receipts stay pending as they were.
_POISON = (DataError, IntegrityError, SealBroken, VouchsafeError)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one run of `apply_pending` did: receipts finished, events applied, events that were
    told before, receipts that wait, receipts with a problem."""

    receipts: int = 0
    events: int = 0
    repeated: int = 0
    waiting: int = 0
    problems: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.receipts + other.receipts,
            self.events + other.events,
            self.repeated + other.repeated,
            self.waiting + other.waiting,
            self.problems + other.problems,
        )


def apply_dsn(raw: bytes, *, provider: str, now: dt.datetime) -> Applied:
    """Take in one bounce message from a trusted mailbox or pipe, and apply it at once."""
    provider_entry(provider)
    receipt = keep(provider, {"content-type": "message/rfc822"}, raw, now)
    with transaction.atomic():
        locked = RawReceipt.objects.select_for_update().filter(pk=receipt.pk)
        return _apply(list(locked), now)


def apply_pending(*, now: dt.datetime, limit: int = 200) -> Applied:
    """Apply up to `limit` stored receipts. Safe to run in parallel: rows are claimed.

    When the batch fails as a whole, each receipt is tried alone, and the one at fault is
    finished with its error while the others are applied.
    """
    try:
        with transaction.atomic():
            return _apply(_claim(limit), now)
    except _POISON:
        return _apply_one_by_one(now, limit)


def _claim(limit: int) -> list[RawReceipt]:
    """New receipts in order, then some that wait, at random: no stuck one blocks the others."""
    pending = RawReceipt.objects.select_for_update(skip_locked=True).filter(
        processed_at__isnull=True
    )
    fresh = list(pending.filter(error="").order_by("id")[:limit])
    return fresh + list(pending.exclude(error="").order_by("?")[: max(1, limit // 4)])


def _apply_one_by_one(now: dt.datetime, limit: int) -> Applied:
    done = Applied()
    with transaction.atomic():
        for receipt in _claim(limit):
            try:
                with transaction.atomic():
                    done += _apply([receipt], now)
            except _POISON as error:
                receipt.processed_at = now
                receipt.error = f"not applied: {type(error).__name__}"
                receipt.save(update_fields=["processed_at", "error"])
                done += Applied(receipts=1, problems=1)
    return done


@dataclass(slots=True)
class _Change:
    """What the events of this run make of one delivery."""

    delivery: Delivery
    state: DeliveryState
    evidence: Evidence
    error: str = ""
    told: list[tuple[ProviderEvent, str]] = field(default_factory=list)


def _apply(receipts: Sequence[RawReceipt], now: dt.datetime) -> Applied:
    """Apply claimed receipts in the caller's transaction."""
    parsed = {receipt.id: _parse(receipt) for receipt in receipts}
    by_provider: dict[str, list[ProviderEvent]] = {}
    for receipt in receipts:
        by_provider.setdefault(receipt.provider, []).extend(parsed[receipt.id].events)
    deliveries = _lock_deliveries(by_provider)
    known = _known_dedupes(event for events in by_provider.values() for event in events)
    changes: dict[UUID, _Change] = {}
    result: Counter[str] = Counter()
    for receipt in receipts:
        waiting = []
        for event in parsed[receipt.id].events:
            delivery = _delivery_for(event, receipt.provider, deliveries)
            if reason := _must_wait(delivery):
                waiting.append(reason)
            elif event.dedupe in known:
                result["repeated"] += 1
            else:
                known.add(event.dedupe)
                assert delivery is not None
                _tell(changes, delivery, event, receipt.provider)
                result["events"] += 1
        result["events"] += _stop_numbers(receipt, parsed[receipt.id], now)
        _finish(receipt, parsed[receipt.id], waiting, now, result)
    _write(changes.values(), now)
    _follow_up(changes.values(), now)
    bulk.execute(
        "UPDATE comms_rawreceipt r SET processed_at = v.at, error = v.error "
        "FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS v(id, at, error) "
        "WHERE r.id = v.id",
        [
            [receipt.id for receipt in receipts],
            [receipt.processed_at for receipt in receipts],
            [receipt.error for receipt in receipts],
        ],
    )
    return Applied(**result)


def _stop_numbers(receipt: RawReceipt, parsed: Parsed, now: dt.datetime) -> int:
    """What senders asked who answered no message we know of (D16). A receipt that waits for
    another event of its own had them applied when it came first."""
    if receipt.error:
        return 0
    for stop in parsed.stops:
        optout.stop_number(
            phone=stop.phone, at=stop.at, provider=receipt.provider, actor=RECEIVER, now=now
        )
    return len(parsed.stops)


def _parse(receipt: RawReceipt) -> Parsed:
    """The events of one receipt; one that cannot be read has a problem and no events."""
    body = open_body(receipt)
    is_mail = str(receipt.headers.get("content-type", "")).lower().startswith("message/")
    read = parse_dsn if is_mail else parse_json
    try:
        return read(receipt.provider, body, received_at=receipt.received_at)
    except Unreadable as error:
        return Parsed((), (str(error),))


def _lock_deliveries(
    by_provider: Mapping[str, Sequence[ProviderEvent]],
) -> dict[UUID | tuple[str, str], Delivery]:
    """The deliveries that the events name, by id and by (provider, reference), locked in id
    order so that two appliers never wait for each other in a circle."""
    told = itertools.chain.from_iterable(by_provider.values())
    wanted = {event.delivery_id for event in told if event.delivery_id is not None}
    for provider, events in by_provider.items():
        refs = [event.ref for event in events if event.delivery_id is None]
        if refs:
            wanted |= set(
                Delivery.objects.exclude(provider_ref="")
                .filter(provider_ref__in=refs, provider=provider)
                .values_list("id", flat=True)
            )
    locked = Delivery.objects.select_for_update().filter(id__in=wanted).order_by("id").only(*_READ)
    found: dict[UUID | tuple[str, str], Delivery] = {}
    for delivery in locked:
        found[delivery.id] = delivery
        if delivery.provider_ref:
            found[delivery.provider, delivery.provider_ref] = delivery
    return found


def _known_dedupes(events: Iterable[ProviderEvent]) -> set[str]:
    """Which events were told before. Asked after locking, so that another applier's are seen."""
    rows = bulk.fetch(
        "SELECT dedupe FROM comms_deliveryevent WHERE dedupe = ANY(%s)",
        [[event.dedupe for event in events]],
    )
    return {row[0] for row in rows}


def _delivery_for(
    event: ProviderEvent, provider: str, deliveries: Mapping[UUID | tuple[str, str], Delivery]
) -> Delivery | None:
    """The delivery an event is about. A provider speaks only for deliveries of its channel."""
    found = deliveries.get(event.delivery_id) if event.delivery_id else None
    found = found or deliveries.get((provider, event.ref))
    if found is None or found.channel != provider_entry(provider)[0]:
        return None
    return found


def _must_wait(delivery: Delivery | None) -> str:
    if delivery is None:
        return "unknown reference"
    return "not handed over yet" if delivery.state in OPEN else ""


def _tell(
    changes: dict[UUID, _Change], delivery: Delivery, event: ProviderEvent, provider: str
) -> None:
    change = changes.get(delivery.id)
    if change is None:
        change = changes[delivery.id] = _Change(
            delivery, DeliveryState(delivery.state), Evidence(delivery.evidence)
        )
    change.state, change.evidence = apply_event(change.state, change.evidence, event.kind)
    if event.kind is EventKind.BOUNCED and change.state is DeliveryState.FAILED:
        change.error = f"bounced {event.code}".strip()[:80]
    change.told.append((event, provider))


def _finish(
    receipt: RawReceipt,
    parsed: Parsed,
    waiting: Sequence[str],
    now: dt.datetime,
    result: Counter[str],
) -> None:
    """Close a receipt, or leave it pending while an event of it has to wait."""
    age = now - receipt.received_at
    hand_over = "not handed over yet" in waiting and age < WAIT_FOR_HAND_OVER
    reference = "unknown reference" in waiting and age < WAIT_FOR_REFERENCE
    problems = [*parsed.problems, *(f"{n} × {text}" for text, n in Counter(waiting).items())]
    receipt.error = "; ".join(problems)[:2000]
    if hand_over or reference:
        result["waiting"] += 1
        return
    receipt.processed_at = now
    result["receipts"] += 1
    result["problems"] += bool(problems)


def _write(changes: Iterable[_Change], now: dt.datetime) -> None:
    """Statuses, events and ledger records, each in one statement."""
    changes = list(changes)
    moved = [
        change
        for change in changes
        if (change.state, change.evidence)
        != (DeliveryState(change.delivery.state), Evidence(change.delivery.evidence))
    ]
    if moved:
        bulk.execute(
            "UPDATE comms_delivery d SET state = v.state, evidence = v.evidence, "
            "last_error = CASE WHEN v.error = '' THEN d.last_error ELSE v.error END, "
            "updated_at = %s FROM unnest(%s::uuid[], %s::text[], %s::smallint[], %s::text[]) "
            "AS v(id, state, evidence, error) WHERE d.id = v.id",
            [
                now,
                [change.delivery.id for change in moved],
                [change.state.value for change in moved],
                [int(change.evidence) for change in moved],
                [change.error for change in moved],
            ],
        )
    journal.write(
        [
            _happening(change, event, provider)
            for change in changes
            for event, provider in change.told
        ],
        actor=RECEIVER,
        now=now,
    )
    people: dict[UUID, set[UUID]] = {}
    for change in moved:
        people.setdefault(change.delivery.notice_id, set()).add(change.delivery.investor_id)
    for notice_id in sorted(people):
        fallback.reconsider(notice_id=notice_id, investor_ids=sorted(people[notice_id]), now=now)


def _happening(change: _Change, event: ProviderEvent, provider: str) -> journal.Happening:
    delivery = change.delivery
    return journal.Happening(
        delivery=delivery.id,
        notice=delivery.notice_id,
        investor=delivery.investor_id,
        channel=delivery.channel,
        kind=event.kind,
        at=event.at,
        attempt=delivery.attempts,
        provider=provider,
        provider_ref=event.ref,
        payload={"code": event.code} if event.code else {},
        dedupe=event.dedupe,
    )


def _follow_up(changes: Iterable[_Change], now: dt.datetime) -> None:
    """What dead addresses, complaints and opt-outs mean for the investor (I9, D16)."""
    dead, complained = [], []
    for change in changes:
        for event, _name in change.told:
            if event.dead_address:
                dead.append(change.delivery.id)
            elif event.kind in _WITHDRAWS:
                method = _WITHDRAWS[event.kind]
                optout.withdraw_channel(change.delivery, method=method, actor=RECEIVER, now=now)
                if event.kind is EventKind.COMPLAINED:
                    complained.append(change.delivery.id)
    for reason, deliveries in ((bounces.HARD_BOUNCE, dead), (bounces.COMPLAINT, complained)):
        if deliveries:
            bounces.suppress(deliveries=deliveries, reason=reason, actor=RECEIVER, now=now)
