"""Notices in a real browser: the way from draft to release, live figures, every page by axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from comms.models import Delivery, Notice
from comms.services import notices, planning
from core import clock
from core.roles import Role
from tests.browser.conftest import Visitor
from tests.browser.test_pages import LONG_LOOKS
from tests.builders import (
    CRITICAL,
    actor_of,
    approved_template,
    make_investors,
    make_line,
    make_notice,
    make_planned,
    make_user,
    send_all,
)
from tests.comms.conftest import null_providers  # noqa: F401
from tests.recorded import recorded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("null_providers")]


@LONG_LOOKS
def test_every_page_of_a_notice(
    visit: Callable[..., Visitor], window: dict[str, int], language: str
) -> None:
    user = make_user(Role.DISPATCHER, Role.RELEASER, lines=[make_line()])
    with recorded():
        user.language = language
        user.save()
    make_investors(3)
    make_investors(1, consents=["inbox"])
    version = approved_template()
    draft = make_notice(version, channels=CRITICAL, criticality="critical")
    preparer = actor_of(make_user(Role.DISPATCHER, lines=[make_line()]))
    ready = make_notice(version, channels=CRITICAL, criticality="critical", actor=preparer)
    notices.submit_notice(notice_id=ready.pk, actor=preparer, now=clock.now())
    out = make_planned(version, channels=CRITICAL, criticality="critical")
    send_all()
    delivery = Delivery.objects.filter(state="accepted").first()
    visitor = visit(language=language, window=window)
    visitor.sign_in(user)
    for path in [
        reverse("notice-list"),
        reverse("notice-new"),
        f"{reverse('notice-new')}?version={version.pk}",
        reverse("notice-detail", args=[draft.pk]),
        reverse("notice-dry-run", args=[draft.pk]),
        f"{reverse('notice-release', args=[ready.pk])}?now=1",
        reverse("notice-detail", args=[out.pk]),
        reverse("notice-excluded", args=[out.pk]),
        reverse("notice-deliveries", args=[out.pk]),
        reverse("delivery-detail", args=[delivery.pk]),
    ]:
        visitor.open(path)
        visitor.page.wait_for_load_state("networkidle")
        visitor.check(language)


def test_a_notice_is_prepared_and_released_by_another(visit: Callable[..., Visitor]) -> None:
    line = make_line()
    make_investors(2)
    version = approved_template(name="Outage")
    desk = visit()
    page = desk.sign_in(make_user(Role.DISPATCHER, lines=[line]))
    desk.open(reverse("notice-new"))
    page.click("text=Use this")
    page.check("[name=criticality][value=critical]")
    page.uncheck("[name=parallel][value=email]")
    page.select_option("[name=fallback_1]", "email")
    page.fill("[name=value_since]", "09:30")
    page.check("[name=everyone]")
    page.fill("[name=reason]", "the trading system was down")
    page.click("text=Save the draft")
    page.wait_for_selector("text=What they will see")
    page.click("text=Submit for release")
    page.wait_for_selector("text=Waiting for release")
    notice = Notice.objects.get(version=version)

    second = visit()
    page = second.sign_in(make_user(Role.RELEASER, lines=[line]))
    second.open(reverse("notice-release", args=[notice.pk]))
    page.wait_for_selector("text=Nothing has changed")
    page.click("text=Release it")
    page.wait_for_selector("text=Released.")
    notice.refresh_from_db()
    assert notice.state == "released"


def test_the_figures_renew_themselves(visit: Callable[..., Visitor]) -> None:
    make_investors(3)
    notice = make_planned()
    visitor = visit()
    page = visitor.sign_in(make_user(Role.AUDITOR, lines=[make_line()]))
    visitor.open(reverse("notice-detail", args=[notice.pk]))
    handed = page.locator("#figures .tile", has_text="Handed over").locator(".value")
    assert handed.inner_text() == "0"
    send_all()
    expect(handed).to_have_text("3")
    visitor.check()


def test_everything_works_without_scripts(chromium, live_server, transactional_db) -> None:
    make_investors(1)
    preparer = actor_of(make_user(Role.DISPATCHER, lines=[make_line()]))
    notice = make_notice(actor=preparer)
    notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    try:
        visitor = Visitor(context, live_server.url)
        page = visitor.sign_in(make_user(Role.RELEASER, lines=[make_line()]))
        visitor.open(reverse("notice-release", args=[notice.pk]))
        page.click("noscript a:has-text('Compare with now')")
        page.click("text=Release it")
        page.wait_for_selector("text=Released.")
        planning.plan_notice(notice_id=notice.pk, now=clock.now())
        visitor.open(reverse("notice-detail", args=[notice.pk]))
        page.click("text=Pause")
        page.fill("#reason-pause", "wrong hour")
        page.click("button:has-text('Pause')")
        page.wait_for_selector("text=Paused. Nothing more is begun.")
    finally:
        context.close()
