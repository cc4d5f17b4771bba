"""The check page (D15) and the way out of e-mail (D16)."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms import unsubscribe
from comms.models import Delivery, DeliveryEvent, Notice
from investors.models import ConsentState, Preference
from tests.comms.rows import make_delivery, make_investor, make_notice

pytestmark = pytest.mark.django_db


def ask(client: Client, code: str, **more: str):
    return client.post(reverse("check"), {"code": code}, **more)


@pytest.fixture
def released() -> Notice:
    return make_notice(title="Margin call of Mr Wang", code="7K2M-Q9TX")


@pytest.mark.parametrize("typed", ["7K2M-Q9TX", "7k2m q9tx", " 7K2MQ9TX "])
def test_a_code_of_ours_says_yes_and_when_and_nothing_else(client, released, typed):
    page = ask(client, typed)
    assert page.context["result"].notice == released
    text = page.content.decode()
    assert released.released_at.strftime("%Y-%m-") in text
    assert "Wang" not in text


@pytest.mark.parametrize("typed", ["AAAA-AAAA", "7K2M", "'; DROP TABLE", "一二三四"])
def test_another_code_says_no(client, released, typed):
    assert ask(client, typed).context["result"].notice is None


def test_a_notice_that_was_never_let_out_is_not_ours(client):
    draft = make_notice(code="2222-3333", state="draft")
    assert draft.released_at is None
    assert ask(client, draft.code).context["result"].notice is None


def test_opening_the_page_asks_nothing(client, released):
    assert client.get(reverse("check"), {"code": "7K2M-Q9TX"}).context["result"] is None


def test_checks_are_throttled_per_address(client, released):
    statuses = [ask(client, "AAAA-AAAA").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert ask(Client(REMOTE_ADDR="198.51.100.7"), "7K2M-Q9TX").status_code == 200


@pytest.fixture
def optional() -> Delivery:
    return mail("market_news")


@pytest.fixture
def mandatory() -> Delivery:
    return mail("risk_alert")


def mail(topic: str) -> Delivery:
    investor = make_investor(email="a@customer.example")
    return make_delivery(make_notice(topic=topic), investor, channel="email")


def link(delivery: Delivery) -> str:
    url = unsubscribe.url_of(delivery.pk)
    path = reverse("me-unsubscribe", args=[unsubscribe.token_of(delivery.pk)])
    assert url.endswith(path), "the link in the mail is this page"
    return path


def one_click(client: Client, url: str):
    return client.post(url, {"List-Unsubscribe": "One-Click"})


def consents(delivery: Delivery) -> set[str]:
    rows = ConsentState.objects.filter(investor=delivery.investor, granted=True)
    return set(rows.values_list("purpose", flat=True))


def test_one_click_leaves_the_topic_on_that_channel(optional):
    robot = Client(enforce_csrf_checks=True)
    assert one_click(robot, link(optional)).status_code == 200
    assert one_click(robot, link(optional)).status_code == 200
    preference = Preference.objects.get(investor=optional.investor)
    assert (preference.topic_id, preference.channel, preference.wanted) == (
        "market_news",
        "email",
        False,
    )
    assert consents(optional) == {"channel.sms", "channel.email", "channel.inbox"}
    assert DeliveryEvent.objects.filter(kind="unsubscribed").count() == 1
    record = Record.objects.get(action="delivery.unsubscribed")
    assert record.actor == f"investor:{optional.investor_id}"


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_changes_nothing(client, optional, method):
    answer = getattr(client, method)(link(optional))
    assert answer.status_code == 200
    assert not Preference.objects.exists()
    assert len(consents(optional)) == 3


def test_a_mandatory_topic_cannot_be_left_and_says_why(client, mandatory):
    answer = one_click(client, link(mandatory))
    assert answer.status_code == 409
    text = answer.content.decode() + client.get(link(mandatory)).content.decode()
    assert "Article 88" in text or "第八十八条" in text
    assert not Preference.objects.exists()


def test_the_whole_channel_can_be_left_even_then(client, mandatory):
    for _ in range(2):
        assert client.post(link(mandatory), {"scope": "channel"}).status_code == 200
    assert consents(mandatory) == {"channel.sms", "channel.inbox"}
    assert ConsentState.objects.get(purpose="channel.email").entry.method == "unsubscribe"


def test_a_made_up_link_is_refused(client, optional):
    token = unsubscribe.token_of(optional.pk)
    forged = [
        "x",
        "A" * 43,
        token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        unsubscribe.token_of(uuid.uuid4()),
    ]
    for made_up in forged:
        url = reverse("me-unsubscribe", args=[made_up])
        assert client.get(url).status_code == 404
        assert one_click(client, url).status_code == 404
    assert not Preference.objects.exists()


def test_a_post_that_says_nothing_is_refused(client, optional):
    assert client.post(link(optional)).status_code == 422
    assert not Preference.objects.exists()
