"""One firm in the middle of its day: something in every state that a page can show."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from audit import verify as verification
from audit.browsing import services as browsing
from audit.browsing.rules import RecordFilter
from audit.models import Record
from audit.sequencer import catch_up
from comms.models import Delivery
from comms.services import notices
from core import clock
from core.roles import Role
from investors.erasure.services import request_erasure
from investors.importing import uploads
from templates_mgmt import services as templates
from tests import builders
from tests.audit import exports
from tests.browser import keeping, reviewing
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import FACTS, make_draft, save


def set_up() -> dict[str, Any]:
    """Make it, and return the ids of what it has by name."""
    author = actor_of(make_user(Role.AUTHOR, lines=[make_line()]))
    approved = builders.approved_template("outage", actor=author, name="交易系统中断 Outage")
    found = {"approved": approved.pk, "template": approved.template_id}
    found["in_review"] = _second_version(approved.pk, author)
    found["draft"] = make_draft(author, code="fund", name="基金风险等级变更 Fund risk").pk

    found["investor"] = builders.make_investors(4)[0]
    found |= _imports()
    found["erasure"] = request_erasure(
        investor_id=found["investor"], ground="consent", reason="来信要求删除",
        actor=actor_of(make_user(Role.PRIVACY_OFFICER)), now=clock.now(),
    )  # fmt: skip
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
    found |= reviewing.set_up(in_review=found["in_review"])
    found |= keeping.set_up(notice=going.pk, investor=found["investor"])
    return found


EXTRACT = """客户号,姓名,手机,邮箱,语言,风险等级,短信同意,邮件同意
900001,王小明,13812345678,wang@example.com,中文,C3,是,是
900002,李雷,1.38E+10,li@example.com,中文,C2,是,否
900003,Ann Lee,13912345679,not-an-address,English,C1,否,是
900001,王小明,13812345678,wang@example.com,中文,C3,是,是
"""


def _imports() -> dict[str, UUID]:
    """One file imported with rejected rows, and one uploaded and waiting for its mapping."""
    actor = builders.dispatcher()
    upload = SimpleUploadedFile("客户名单.csv", EXTRACT.encode("gb18030"))
    line = make_line().pk
    done, waiting = (
        uploads.store_upload(upload=upload, line_id=line, actor=actor, now=clock.now())
        for _ in range(2)
    )
    uploads.request_run(batch_id=done, dry_run=False, actor=actor, now=clock.now())
    uploads.run_requested(batch_id=done, now=clock.now())
    return {"import": done, "upload": waiting}


def _ledger(notice: UUID) -> dict[str, Any]:
    """The records so far in the log, verified, and an export of one notice."""
    catch_up(now=clock.now())
    auditor = actor_of(make_user(Role.AUDITOR))
    verification.verify_log(now=clock.now())
    query = browsing.save_query(
        name="Everything about one notice",
        filters=RecordFilter(notice=notice),
        actor=auditor,
        now=clock.now(),
    )
    browsing.run_query(query_id=query.pk, actor=auditor, now=clock.now())
    letter = {"reason": "Enquiry 2026/17", "recipient": "CSRC Shanghai", "now": clock.now()}
    made = exports.ready(notice=notice, **letter)
    return {
        "export": made.pk,
        "export_waiting": exports.requested(notice=notice, by=auditor, **letter).pk,
        "record": Record.objects.filter(notice=notice).earliest("id").pk,
        "timeline": ("notice", notice),
        "query": query.pk,
    }


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
