"""Scenes of notices, sending, receipts and what investors answer."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial

from django.conf import settings
from django.db import transaction

from comms import signing, unsubscribe
from comms.channels import base
from comms.dryruns import jobs
from comms.dryruns import services as dryruns
from comms.models import Delivery, Notice
from comms.recreating import services as recreating
from comms.services import (
    claiming,
    closing,
    fallback,
    notices,
    optout,
    planning,
    reading,
    receipts,
    recovery,
    sending,
)
from core import actor as actors
from core import clock
from core.actor import Actor, system
from core.roles import Role
from templates_mgmt import services as templates
from tests.builders import (
    approved_template,
    dispatcher,
    make_investor,
    make_investors,
    make_notice,
    make_planned,
    make_released,
    releaser,
    send_all,
)
from tests.comms import rows
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.core.builders import actor_of, make_user
from tests.templates_mgmt.builders import reviewer

PHONE = "+8613800000001"


def providers(**changed: str) -> None:
    """Providers that accept everything; the test's settings are put back after it."""
    kinds = {"sms": "null", "email": "null", "inbox": "inbox", **changed}
    settings.CHANNEL_PROVIDERS = {
        channel: [{"name": kind, "kind": kind, "secret": "s"}] for channel, kind in kinds.items()
    }
    base.provider.cache_clear()


def _draft(actor: Actor) -> Notice:
    providers()
    make_investors(2)
    return make_notice(actor=actor)


def _ready() -> Notice:
    actor = dispatcher()
    notice = _draft(actor)
    return notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())


def _going(**words) -> Notice:
    providers()
    make_investors(2)
    return make_planned(**words)


def _sent(channel: str = "sms") -> Delivery:
    _going(channels={"parallel": [channel]})
    send_all()
    return Delivery.objects.earliest("id")


WORDS = {
    "audience": {"everyone": True},
    "values": {"since": "10:00"},
    "criticality": "important",
    "channels": {"parallel": ["sms"]},
    "reason": REASON,
}


@scene("comms.services.notices.drafting.create_notice")
def _create() -> Act:
    version = approved_template()
    return call(notices.create_notice, version_id=version.pk, actor=dispatcher(), **WORDS)


@scene("comms.services.notices.drafting.change_notice")
def _change() -> Act:
    actor = dispatcher()
    return call(notices.change_notice, notice_id=_draft(actor).pk, actor=actor, **WORDS)


@scene("comms.services.notices.drafting.correct_notice")
def _correct() -> Act:
    delivery = _sent()
    closing.finish_notices(now=clock.now())
    words = {"notice_id": delivery.notice_id, "version_id": delivery.notice.version_id}
    words |= {"values": {"since": "10:00"}, "reason": REASON}
    return call(notices.correct_notice, actor=dispatcher(), **words)


@scene("comms.services.notices.releasing.preview_audience")
def _preview() -> Act:
    actor = dispatcher()
    return call(notices.preview_audience, notice_id=_draft(actor).pk, actor=actor)


@scene("comms.dryruns.services.make_dry_run")
def _dry_run() -> Act:
    actor = dispatcher()
    return call(dryruns.make_dry_run, notice_id=_draft(actor).pk, actor=actor)


@scene("comms.dryruns.jobs.request_dry_run")
def _request_dry_run() -> Act:
    actor = dispatcher()
    return call(jobs.request_dry_run, notice_id=_draft(actor).pk, actor=actor)


@scene("comms.dryruns.jobs.cancel_dry_run")
def _cancel_dry_run() -> Act:
    actor = dispatcher()
    draft = _draft(actor)
    jobs.request_dry_run(notice_id=draft.pk, actor=actor, now=clock.now())
    return call(jobs.cancel_dry_run, notice_id=draft.pk, actor=actor)


@scene("comms.dryruns.jobs.carry_out")
def _carry_out() -> Act:
    actor = dispatcher()
    job = jobs.request_dry_run(notice_id=_draft(actor).pk, actor=actor, now=clock.now())
    return call(jobs.carry_out, job_id=job.pk)


@scene("comms.dryruns.services.keep")
def _keep_dry_run() -> Act:
    actor = dispatcher()
    return partial(dryruns.keep, _draft(actor), {}, actor=actor, now=clock.now())


@scene("comms.services.notices.releasing.submit_notice")
def _submit() -> Act:
    actor = dispatcher()
    return call(notices.submit_notice, notice_id=_draft(actor).pk, actor=actor)


@scene("comms.services.notices.releasing.take_back")
def _take_back() -> Act:
    return call(notices.take_back, notice_id=_ready().pk, reason=REASON, actor=releaser())


@scene("comms.services.notices.releasing.release_notice")
def _release() -> Act:
    return call(notices.release_notice, notice_id=_ready().pk, actor=releaser())


@scene("comms.services.notices.stopping.pause_notice")
def _pause() -> Act:
    return call(notices.pause_notice, notice_id=_going().pk, reason=REASON, actor=dispatcher())


@scene("comms.services.notices.stopping.resume_notice")
def _resume() -> Act:
    notice = _going()
    words = {"notice_id": notice.pk, "reason": REASON}
    notices.pause_notice(actor=dispatcher(), now=clock.now(), **words)
    return call(notices.resume_notice, actor=releaser(), **words)


@scene("comms.services.notices.stopping.cancel_notice")
def _cancel() -> Act:
    return call(notices.cancel_notice, notice_id=_going().pk, reason=REASON, actor=dispatcher())


@scene("comms.services.closing.cancel_open")
def _cancel_open() -> Act:
    notice = _going()
    words = {"notice_id": notice.pk, "reason": REASON}
    notices.cancel_notice(actor=dispatcher(), now=clock.now(), **words)
    return call(closing.cancel_open)


@scene("comms.services.closing.stop_recalled")
def _stop_recalled() -> Act:
    words = {"version_id": _going().version_id, "reason": REASON}
    templates.recall(actor=reviewer(), now=clock.now(), **words)
    return call(closing.stop_recalled)


@scene("comms.services.closing.finish_notices")
def _finish() -> Act:
    _sent("inbox")
    return call(closing.finish_notices)


@scene("comms.services.planning.plan_notice")
def _plan() -> Act:
    providers()
    make_investors(3)
    make_investors(1, consents=[])
    return call(planning.plan_notice, notice_id=make_released().pk)


@scene("comms.services.sending.send_batch")
def _send() -> Act:
    _going()
    return call(sending.send_batch, worker="test")


@scene("comms.services.claiming.claim_batch")
def _claim_refused() -> Act:
    """What is refused at the instant of sending is recorded; a claim itself hands nothing over,
    and `send_batch` records what became of it."""
    notice = _going()
    words = {"version_id": notice.version_id, "reason": REASON}
    templates.recall(actor=reviewer(), now=clock.now(), **words)
    actor = system("test")
    return call(claiming.claim_batch, actor=actor, limit=9, channel=None, lease=claiming.LEASE)


@scene("comms.services.recovery.recover_expired")
def _recover() -> Act:
    _going(channels={"parallel": ["inbox"]})
    now = clock.now()
    claiming.claim_batch(actor=system("t"), now=now, limit=9, channel=None, lease=claiming.LEASE)
    later = now + claiming.LEASE + dt.timedelta(seconds=1)
    return lambda: recovery.recover_expired(now=later)


CRITICAL = {"parallel": ["sms", "inbox"], "fallback": ["email"], "wait_seconds": 60}


@scene("comms.services.fallback.advance")
def _advance() -> Act:
    _going(criticality="critical", channels=CRITICAL)
    send_all()
    later = clock.now() + dt.timedelta(hours=1)
    return lambda: fallback.advance(now=later)


@scene("comms.services.fallback.release_held")
def _release_held() -> Act:
    providers()
    make_investors(1, quiet=(dt.time(0, 0), dt.time(23, 59)))
    make_planned()
    assert Delivery.objects.get().state == "held"
    later = clock.now() + dt.timedelta(days=1)
    return lambda: fallback.release_held(now=later)


@scene("comms.services.reading.record_shown")
def _shown() -> Act:
    return call(reading.record_shown, delivery=_sent(), actor=dispatcher())


@scene("comms.services.reading.record_listed")
def _listed() -> Act:
    words = {"notice": _sent().notice, "part": "deliveries", "count": 2}
    return call(reading.record_listed, actor=dispatcher(), **words)


@scene("comms.recreating.services.show_as_sent")
def _show() -> Act:
    auditor = actor_of(make_user(Role.AUDITOR))
    words = {"delivery_id": _sent().pk, "reason": REASON}
    return call(recreating.show_as_sent, actor=auditor, **words)


def _me(delivery: Delivery) -> Actor:
    return actors.investor(delivery.investor_id, ip="203.0.113.7")


@scene("comms.services.receipts.reading.record_view")
def _view() -> Act:
    delivery = _sent("inbox")
    return call(receipts.record_view, delivery_id=delivery.pk, actor=_me(delivery))


@scene("comms.services.receipts.reading.acknowledge")
def _acknowledge() -> Act:
    delivery = _sent("inbox")
    return call(receipts.acknowledge, delivery_id=delivery.pk, actor=_me(delivery))


def _receipt() -> dict[str, object]:
    _sent()
    delivery = Delivery.objects.earliest("id")
    entry = {"id": "e1", "reference": delivery.provider_ref, "kind": "delivered"}
    body = json.dumps({"events": [{**entry, "at": clock.now().isoformat()}]}).encode()
    headers = signing.headers("s", "msg_1", int(clock.now().timestamp()), body)
    return {"provider": delivery.provider, "headers": headers, "body": body}


@scene("comms.services.receipts.storing.store_receipt")
def _store() -> Act:
    return call(receipts.store_receipt, **_receipt())


@scene("comms.services.receipts.applying.apply_pending")
def _apply() -> Act:
    receipts.store_receipt(now=clock.now(), **_receipt())
    return call(receipts.apply_pending)


def _optional() -> Delivery:
    notice = rows.make_notice(topic="market_news")
    return rows.make_delivery(notice, make_investor(), channel="sms")


@scene("comms.services.optout.leave_topic")
def _leave_topic() -> Act:
    return call(optout.leave_topic, token=unsubscribe.token_of(_optional().pk))


@scene("comms.services.optout.leave_channel")
def _leave_channel() -> Act:
    return call(optout.leave_channel, token=unsubscribe.token_of(_optional().pk))


@scene("comms.services.optout.stop_number")
def _stop_number() -> Act:
    """The message that said STOP is stored in the same transaction by whoever calls this."""
    rows.make_investor(phone=PHONE)

    def act() -> None:
        now = clock.now()
        words = {"phone": PHONE, "at": now, "provider": "gateway"}
        with transaction.atomic():
            assert optout.stop_number(actor=system("receipts"), now=now, **words) == 1

    return act
