"""What an investor does inside: read, acknowledge, decide. Only ever with their own data."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms.channels.inbox import InboxChannel
from comms.models import Delivery, DeliveryEvent, InboxMessage
from comms.rules import DeliveryState, Evidence
from core import clock
from investors.models import ConsentEntry, ConsentState, Investor, Preference
from portal.selfservice import sessions
from tests.comms.rows import make_delivery, make_investor, make_notice, outgoing
from tests.core.builders import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def investor() -> Investor:
    return make_investor(email="a@customer.example")


@pytest.fixture
def me(client, rf, investor) -> Client:
    """A browser in which the investor is signed in."""
    return signed_in(client, rf, investor)


def signed_in(client: Client, rf, investor: Investor) -> Client:
    request = rf.get("/me/")
    request.session = client.session
    sessions.start(request, HttpResponse(), investor=investor, now=clock.now())
    request.session.save()
    client.cookies["sessionid"] = request.session.session_key
    return client


def letter_to(
    investor: Investor, *, subject="Margin call", text="Please act.", html=""
) -> Delivery:
    delivery = make_delivery(
        make_notice(), investor, channel="inbox", state=DeliveryState.DELIVERED
    )
    message = outgoing("", subject=subject, text=text, html=html, delivery=delivery)
    InboxChannel({"name": "inbox"}).send_batch([message])
    return delivery


def test_the_inbox_lists_own_messages_only(me, investor):
    letter_to(investor, subject="For me")
    letter_to(make_investor(), subject="For somebody else")
    page = me.get(reverse("me-inbox")).content.decode()
    assert "For me" in page
    assert "For somebody else" not in page


def test_an_empty_inbox_says_so(me):
    assert me.get(reverse("me-inbox")).status_code == 200


def test_the_inbox_goes_on_over_pages(me, investor):
    for number in range(25):
        letter_to(investor, subject=f"Letter {number:02d}.")
    first = me.get(reverse("me-inbox"))
    older = first.context["page"].next_cursor
    second = me.get(reverse("me-inbox"), {"cursor": older})
    shown = [letter.subject for page in (first, second) for letter in page.context["letters"]]
    assert len(shown) == len(set(shown)) == 25
    assert me.get(reverse("me-inbox"), {"cursor": "nonsense"}).status_code == 422


def test_reading_is_evidence_once_and_a_record_each_time(me, investor):
    delivery = letter_to(investor, text="<b>Act</b> now")
    url = reverse("me-message", args=[delivery.pk])
    assert "&lt;b&gt;Act&lt;/b&gt; now" in me.get(url).content.decode()
    me.get(url)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.evidence) == ("delivered", Evidence.VIEWED)
    assert DeliveryEvent.objects.filter(delivery=delivery, kind="viewed").count() == 1
    actions = Record.objects.filter(delivery=delivery.pk, actor=f"investor:{investor.pk}")
    assert set(actions.values_list("action", flat=True)) == {
        "delivery.viewed",
        "inbox.viewed_again",
    }


def test_a_scanner_that_only_asks_for_the_head_has_not_read(me, investor):
    delivery = letter_to(investor)
    assert me.head(reverse("me-message", args=[delivery.pk])).status_code == 200
    assert InboxMessage.objects.get().viewed_at is None


def test_html_is_shown_without_anything_that_acts(me, investor):
    delivery = letter_to(
        investor, html='<p>Hello <b>you</b></p><script>alert(1)</script><img src=x onerror="x()">'
    )
    page = me.get(reverse("me-message", args=[delivery.pk])).content.decode()
    assert "<p>Hello" in page
    assert "alert(1)" not in page
    assert "onerror" not in page


def test_acknowledging_is_final_and_keeps_its_first_instant(me, investor):
    delivery = letter_to(investor)
    url = reverse("me-acknowledge", args=[delivery.pk])
    assert me.get(url).status_code == 405
    assert me.post(url).status_code == 302
    first = InboxMessage.objects.get().acknowledged_at
    assert me.post(url).status_code == 302
    message = InboxMessage.objects.get()
    assert message.acknowledged_at == first
    assert message.viewed_at == first
    delivery.refresh_from_db()
    assert delivery.evidence == Evidence.ACKNOWLEDGED
    assert Record.objects.filter(action="delivery.acknowledged").count() == 1


@pytest.mark.parametrize("route", ["me-message", "me-acknowledge"])
def test_a_foreign_message_does_not_exist(me, route):
    foreign = letter_to(make_investor())
    url = reverse(route, args=[foreign.pk])
    answer = me.get(url) if route == "me-message" else me.post(url)
    assert answer.status_code == 404
    assert InboxMessage.objects.get().viewed_at is None


def test_topics_are_saved_and_mandatory_ones_are_locked_and_say_why(me, investor):
    page = me.get(reverse("me-preferences")).content.decode()
    assert "Article 88" in page or "第八十八条" in page
    me.post(
        reverse("me-preferences"),
        {"wanted": ["market_news.email", "market_news.inbox", "education.sms"]},
    )
    stored = {
        (each.topic_id, each.channel): each.wanted
        for each in Preference.objects.filter(investor=investor)
    }
    assert stored == {
        ("market_news", "sms"): False,
        ("education", "email"): False,
        ("education", "inbox"): False,
    }
    me.post(reverse("me-preferences"), {"wanted": ["market_news.sms"]})
    assert Preference.objects.get(investor=investor, topic="market_news", channel="sms").wanted
    assert not Preference.objects.filter(topic__mandatory=True).exists()


def test_consent_is_withdrawn_and_given_with_equal_ease(me, investor):
    url = reverse("me-consent", args=["channel.email"])
    for action, granted in (("withdraw", False), ("give", True)):
        assert me.post(url, {"action": action}).status_code == 302
        state = ConsentState.objects.get(investor=investor, purpose="channel.email")
        assert state.granted is granted
        assert state.entry.method == "portal"
    history = me.get(reverse("me-history"))
    assert history.status_code == 200
    assert len(history.context["page"].items) == ConsentEntry.objects.count()
    assert Record.objects.filter(action="selfservice.history_viewed").count() == 1


@pytest.mark.parametrize(
    ("purpose", "action", "status"),
    [
        ("channel.email", "", 422),
        ("channel.email", "delete", 422),
        ("channel.pigeon", "give", 404),
        ("channel.pigeon", "withdraw", 404),
    ],
)
def test_consent_refuses_nonsense(me, purpose, action, status):
    before = ConsentEntry.objects.count()
    answer = me.post(reverse("me-consent", args=[purpose]), {"action": action})
    assert answer.status_code == status
    assert ConsentEntry.objects.count() == before


def test_the_history_asks_for_a_recent_sign_in(me):
    with time_machine.travel(clock.now() + dt.timedelta(minutes=16), tick=False):
        assert me.get(reverse("me-inbox")).status_code == 200
        answer = me.get(reverse("me-history"))
    assert answer["Location"].startswith(reverse("me-sign-in"))


def test_a_staff_session_is_no_investor_session(client):
    client.force_login(
        make_user(),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    assert client.get(reverse("me-inbox")).status_code == 302


def test_pages_cost_a_fixed_number_of_queries(me, investor, django_assert_max_num_queries):
    for _ in range(15):
        letter_to(investor)
    for name, most in (("me-inbox", 8), ("me-preferences", 12), ("me-history", 9)):
        with django_assert_max_num_queries(most):
            assert me.get(reverse(name)).status_code == 200


def test_answers_are_never_cached_and_carry_a_strict_policy(me):
    answer = me.get(reverse("me-inbox"))
    assert "no-store" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
