"""What outlives a crisis, in a browser: lessons, third parties, pack, handbook, indicators."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from core import clock
from core.models import User
from core.roles import Role
from crisis.handbook import services as handbook
from crisis.indicators import services as indicators
from crisis.learning import services as learning
from crisis.pack import services as packs
from crisis.parties import services as parties
from investors.models import ImportBatch
from tests.browser.conftest import PHONE, Visitor
from tests.browser.test_pages import LONG_LOOKS, everyone
from tests.core.builders import make_line, make_user
from tests.crisis.builders import make_actor, make_closed
from tests.recorded import recorded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
PICTURES = os.environ.get("VOUCHSAFE_PICTURES", "")
DAY = dt.timedelta(days=1)
HANDBOOK = {
    "zh-hans": "# 总则\n\n适用于全体员工。\n\n## 报告\n\n- 先报告，后处置。\n- 不隐瞒，不拖延。",
    "en": "# Rules\n\nFor all staff.\n\n## Report\n\n- Report first.\n- Hide nothing.",
}
PARTS = {
    "summary": "委托网关因证书过期停止服务，约四十分钟无法下单。",
    "worked": "值班人员五分钟内确认，备用通道可用。",
    "failed": "证书到期没有人提醒。",
    "causes": "证书台账由个人保管，换岗时没有移交。",
    "procedure": "证书管理办法第三条，已修订，等待发布。",
}


def given(*roles: Role) -> dict[str, Any]:
    return {"actor": make_actor(*roles or (Role.CRISIS_OFFICER,)), "now": clock.now()}


def lessons(owner: User) -> dict[str, Any]:
    """A retrospective signed off, one submitted and one in draft, with actions in every state."""
    today, officer = timezone.localdate(), given()
    incident = make_closed(title="委托网关无法下单")
    ids: dict[str, Any] = {"incident": incident.pk}
    for name in ("signed", "waiting", "draft"):
        version = learning.start_retrospective(incident_id=incident.pk, **officer)
        learning.save(version_id=version.pk, parts=PARTS, **officer)
        ids[name] = version.pk
        if name == "draft":
            break
        version = learning.submit(version_id=version.pk, **officer)
        if name == "signed":
            learning.approve(
                version_id=version.pk, shown_hash=version.content_hash, **given(Role.REVIEWER)
            )
        else:
            learning.return_version(
                version_id=version.pk, reason="请补充整改期限。", **given(Role.REVIEWER)
            )
    for title, days in (("证书台账改由系统管理", -9), ("到期前六十天提醒", 5), ("演练切换", 40)):
        action = learning.add_action(
            incident_id=incident.pk, title=title, due_on=today + days * DAY, owner_id=owner.pk,
            **officer,
        )  # fmt: skip
        ids.setdefault("late", action.pk)
    learning.finish_action(action_id=action.pk, outcome="已演练，用时八分钟。", **officer)
    ids["done"] = action.pk
    return ids


def third_parties() -> dict[str, Any]:
    """A supplier with proofs in every standing, its backup, and one that nobody can call."""
    today, officer = timezone.localdate(), given()
    line = parties.save_party(
        name="示例通信运营商", kind="supplier", does="主用行情与委托专线",
        systems=["委托网关", "行情分发"], **officer,
    )  # fmt: skip
    parties.add_contact(
        party_id=line.pk, duty="7×24 热线", name="值班台", phone="+86 138 0000 0000", **officer
    )
    parties.add_contact(
        party_id=line.pk, duty="客户经理", name="赵示例", email="zhao@example.com", **officer
    )
    for kind, title, left in (
        ("contract", "专线服务合同", 300), ("certificate", "增值电信业务许可证", 20),
        ("test", "主备切换测试", -3),
    ):  # fmt: skip
        parties.add_proof(
            party_id=line.pk, kind=kind, title=title, held_on=today - 200 * DAY,
            ends_on=today + left * DAY, reference="合规档案 3-12", outcome="通过", **officer,
        )  # fmt: skip
    parties.save_party(
        name="示例备用线路公司", kind="backup", stands_in=line.pk, systems=["委托网关"], **officer
    )
    return {"party": line.pk}


def published_handbook() -> dict[str, Any]:
    """A handbook in force and a draft of its next version."""
    officer = given()
    version = handbook.start(**officer)
    handbook.save(version_id=version.pk, words=HANDBOOK, changes="首次发布", **officer)
    version = handbook.submit(version_id=version.pk, **officer)
    handbook.approve(version_id=version.pk, shown_hash=version.content_hash, **given(Role.REVIEWER))
    draft = handbook.start(**officer)
    words = {**HANDBOOK, "zh-hans": HANDBOOK["zh-hans"] + "\n- 保存证据。"}
    handbook.save(version_id=draft.pk, words=words, changes="增加证据保存", **officer)
    return {"handbook": draft.pk}


def read_indicators() -> dict[str, Any]:
    """Months with and without readings, money with an entry taken back, a draft of the table."""
    now, officer = clock.now(), given()
    for back, rejected in ((40, 13), (100, 2)):
        at = now - back * DAY
        with recorded():
            ImportBatch.objects.create(
                file_name="x.csv", business_line=make_line(), state="done",
                totals={"read": 200, "rejected": rejected}, created_at=at, finished_at=at,
            )  # fmt: skip
    indicators.read_months(now=now)
    month = timezone.localdate(now).replace(day=1)
    indicators.write_reading(
        month=month, code="staff_errors", value="0.4", note="每日对账差错登记簿", **officer
    )
    year = timezone.localdate(now).year
    for benefit, amount, what in ((False, "120000", "第二条专线"), (True, "380000", "避免的赔付")):
        row = indicators.add_account(
            year=year, is_benefit=benefit, amount=amount, what=what, reckoning="合同金额", **officer
        )
    indicators.reverse_account(account_id=row.pk, reason="重复登记", **officer)
    indicators.add_account(
        year=year, is_benefit=True, amount="310000", what="避免的赔付", reckoning="按上年赔付额",
        **officer,
    )  # fmt: skip
    return {"table": indicators.new_version(**officer).pk}


PAGES = [
    ("retrospectives", ""),
    ("retrospective", "signed"),
    ("retrospective", "draft"),
    ("retrospective-edit", "draft"),
    ("incident-detail", "incident"),
    ("incident-actions", ""),
    ("incident-action", "late"),
    ("incident-action", "done"),
    ("incident-action-new", "incident"),
    ("crisis-parties", ""),
    ("crisis-party", "party"),
    ("crisis-party-new", ""),
    ("crisis-party-edit", "party"),
    ("crisis-packs", ""),
    ("handbook", ""),
    ("handbook-version", "handbook"),
    ("handbook-edit", "handbook"),
    ("risk-indicators", ""),
    ("risk-indicator-table", "table"),
    ("risk-indicator-table-edit", "table"),
    ("risk-effect", ""),
]


def look(visitor: Visitor, route: str, *args: object, name: str = "") -> None:
    """Open a page with all that is folded opened, check it, keep a picture where one is wanted."""
    page = visitor.open(reverse(route, args=args))
    if PICTURES:
        width = page.viewport_size["width"]  # type: ignore[index]
        page.screenshot(path=str(Path(PICTURES) / f"{route}-{name}-{width}.png"), full_page=True)
    for summary in page.locator("main details:not(.menu) > summary").all():
        summary.click()
    visitor.check(route)


@LONG_LOOKS
def test_pages_of_what_is_learnt(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    user = everyone(language)
    ids = lessons(make_user(Role.DISPATCHER)) | third_parties() | published_handbook()
    ids |= read_indicators()
    packs.make_pack(**given())
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)
    for route, subject in PAGES:
        look(visitor, route, *([ids[subject]] if subject else []), name=subject)


def test_a_phone_shows_where_in_the_area_one_is(visit: Callable[..., Visitor]) -> None:
    user = everyone()
    visitor = visit(window=PHONE)
    visitor.sign_in(user)
    page = visitor.open(reverse("crisis-packs"))
    box = page.locator(".tabs.section [aria-current]").bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
