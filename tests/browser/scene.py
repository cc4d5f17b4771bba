"""One firm in the middle of its day: something in every state that a page can show."""

from __future__ import annotations

import copy
from uuid import UUID

from audit import verify as verification
from audit.export import service as export
from audit.models import Record
from audit.sequencer import catch_up
from comms.models import Delivery
from comms.services import notices
from core import clock
from core.roles import Role
from templates_mgmt import services as templates
from tests import builders
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import FACTS, make_draft, save


def set_up() -> dict[str, UUID]:
    """Make it, and return the ids of what it has by name."""
    author = actor_of(make_user(Role.AUTHOR, lines=[make_line()]))
    approved = builders.approved_template("outage", actor=author, name="交易系统中断 Outage")
    found = {"approved": approved.pk, "template": approved.template_id}
    found["in_review"] = _second_version(approved.pk, author)
    found["draft"] = make_draft(author, code="fund", name="基金风险等级变更 Fund risk").pk

    found["investor"] = builders.make_investors(4)[0]
    builders.make_investors(2, contacts=["email"])
    builders.make_investors(1, consents=["inbox"], language="en")
    found["notice_draft"] = builders.make_notice(approved, title="草稿 Draft notice").pk
    found["notice_ready"] = _submitted(approved)
    inbox = {"channels": {"parallel": ["inbox"]}}
    going = builders.make_planned(approved, title="交易系统中断通知 Trading outage", **inbox)
    builders.send_all(limit=5)
    found["notice"] = going.pk
    found["delivery"] = Delivery.objects.filter(notice=going).earliest("id").pk
    found |= _ledger(going.pk)
    return found


def _ledger(notice: UUID) -> dict[str, UUID]:
    """The records so far in the log, verified, and an export of one notice."""
    catch_up(now=clock.now())
    auditor = actor_of(make_user(Role.AUDITOR))
    verification.verify_log(now=clock.now())
    asked = export.create_export(
        notice_id=notice,
        reason="Enquiry 2026/17",
        recipient="CSRC Shanghai",
        actor=auditor,
        now=clock.now(),
    )
    export.build_export(export_id=asked.pk, now=clock.now())
    return {"export": asked.pk, "record": Record.objects.filter(notice=notice).earliest("id").pk}


def _second_version(based_on: UUID, author: builders.Actor) -> UUID:
    version = templates.new_version(based_on=based_on, actor=author, now=clock.now())
    facts = copy.deepcopy(FACTS)
    facts["en"]["action"] = "Please call the trading desk to place orders"
    facts["zh-hans"]["action"] = "请致电营业部下单"
    save(version, author, facts=facts, variants=builders.WORDS["variants"])
    templates.submit(version_id=version.pk, actor=author, now=clock.now())
    return version.pk


def _submitted(approved: object) -> UUID:
    actor = builders.dispatcher()
    notice = builders.make_notice(
        approved,
        actor=actor,
        title="融资保证金比例上调 Margin requirement raised",
        criticality="critical",
        channels=builders.CRITICAL,
    )
    notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())
    return notice.pk
