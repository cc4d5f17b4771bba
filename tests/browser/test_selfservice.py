"""An investor's way through the portal, on a phone, in Chromium: every page accessible, within
its width and within the CSP."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from comms import unsubscribe
from comms.channels.inbox import InboxChannel
from comms.models import Delivery, InboxMessage
from comms.rules import DeliveryState
from core import clock
from investors.models import ConsentState
from portal.models import InvestorLoginCode
from portal.selfservice import signin
from tests.browser.conftest import PHONE, Visitor
from tests.comms.rows import make_delivery, make_investor, make_notice, outgoing
from tests.portal.peers import Peers, running

PICTURES = os.environ.get("VOUCHSAFE_PICTURES")
MAIL = "li.na@customer.example"


@pytest.fixture
def peers(tmp_path, settings) -> Iterator[Peers]:
    with running(tmp_path, settings) as both:
        yield both


@pytest.fixture
def letters() -> list[Delivery]:
    investor = make_investor(email=MAIL, language="zh-hans")
    channel = InboxChannel({"name": "inbox"})
    deliveries = []
    for subject, topic in (("追加保证金通知", "risk_alert"), ("市场周报", "market_news")):
        notice = make_notice(topic=topic, code=f"7K2M-Q9T{len(deliveries) + 2}")
        delivery = make_delivery(notice, investor, channel="inbox", state=DeliveryState.DELIVERED)
        text = "尊敬的客户：\n\n您的账户保证金不足，请于今日收市前补足。\n\n风险提示：投资有风险。"
        channel.send_batch([outgoing("", subject=subject, text=text, delivery=delivery)])
        deliveries.append(delivery)
    return deliveries


def look(visitor: Visitor, name: str) -> None:
    visitor.check(name)
    if PICTURES:
        visitor.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_the_code_to_the_acknowledgement(
    visit: Callable[..., Visitor], peers: Peers, letters: list[Delivery], language: str
):
    visitor = visit(language=language, window=PHONE)
    page = visitor.open(reverse("me-inbox"))
    look(visitor, f"{language}-1-sign-in")
    page.fill("[name=contact]", MAIL)
    page.click("main button.primary")
    look(visitor, f"{language}-2-code")
    signin.send_code(code_id=InvestorLoginCode.objects.get().pk, now=clock.now())
    page.fill("[name=code]", "000000" if peers.last_code() != "000000" else "000001")
    page.click("main button.primary")
    look(visitor, f"{language}-3-wrong")
    page.fill("[name=code]", peers.last_code())
    page.click("main button.primary")
    page.wait_for_url("**" + reverse("me-inbox"))
    look(visitor, f"{language}-4-inbox")
    page.click("text=追加保证金通知")
    look(visitor, f"{language}-5-message")
    page.click("main button.primary")
    look(visitor, f"{language}-6-acknowledged")
    assert InboxMessage.objects.get(pk=letters[0].pk).acknowledged_at
    visitor.open(reverse("me-preferences"))
    look(visitor, f"{language}-7-preferences")
    page.click(f"form[action='{reverse('me-consent', args=['channel.email'])}'] button")
    assert not ConsentState.objects.get(purpose="channel.email").granted
    look(visitor, f"{language}-8-withdrawn")
    visitor.open(reverse("me-history"))
    look(visitor, f"{language}-9-history")


def test_public_pages(visit: Callable[..., Visitor], letters: list[Delivery]):
    visitor = visit(window=PHONE)
    page = visitor.open(reverse("check"))
    look(visitor, "check")
    for code, name in (("7k2m q9t2", "check-yes"), ("AAAA-AAAA", "check-no")):
        page.fill("[name=code]", code)
        page.click("main button.primary")
        look(visitor, name)
    for delivery, name in zip(letters, ("way-out-mandatory", "way-out"), strict=True):
        visitor.open(reverse("me-unsubscribe", args=[unsubscribe.token_of(delivery.pk)]))
        look(visitor, name)
    page.click("main button.primary")
    look(visitor, "way-out-done")
