"""Investors' sign-in by one-time code, over real mail and SMS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core import clock
from investors.models import ContactPoint, Investor
from portal.models import BoundDevice, InvestorLoginCode
from tests.comms.rows import make_investor
from tests.portal.peers import Peers, ask_for_code, running, sign_in

pytestmark = pytest.mark.django_db
MAIL, PHONE = "li.na@customer.example", "+8613800000001"


@pytest.fixture
def peers(tmp_path, settings) -> Iterator[Peers]:
    with running(tmp_path, settings) as both:
        yield both


@pytest.fixture
def investor() -> Investor:
    return make_investor(email=MAIL, phone=PHONE, ref="C-100")


def inside(client: Client) -> bool:
    return client.get(reverse("me-inbox")).status_code == 200


@pytest.mark.parametrize("contact", [MAIL, "LI.NA@Customer.example", "138 0000 0001", PHONE])
def test_sign_in_with_either_contact_however_typed(client, peers, investor, contact):
    before = client.session.session_key
    answer = sign_in(client, peers, contact)
    assert answer["Location"] == reverse("me-inbox")
    assert inside(client)
    assert client.session.session_key != before
    assert client.session["me"]["investor"] == str(investor.pk)
    record = Record.objects.get(action="selfservice.signed_in")
    assert (record.actor, record.investor) == (f"investor:{investor.pk}", investor.pk)


def test_the_code_s_mail_has_no_way_out_and_speaks_the_investor_s_language(client, peers):
    make_investor(email=MAIL, language="en")
    ask_for_code(client, MAIL)
    (mail,) = peers.mail.messages()
    assert mail["List-Unsubscribe"] is None
    assert mail["Subject"] == "Your sign-in code"
    assert peers.last_code() in mail.get_body(("plain",)).get_content()


def test_nobody_can_tell_whether_a_contact_is_known(client, peers, investor):
    stranger = Client()
    known = ask_for_code(client, MAIL)
    unknown = ask_for_code(stranger, "nobody@customer.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    pages = [each.get(reverse("me-code")).content for each in (client, stranger)]
    assert [len(page) for page in pages] == [len(pages[0])] * 2
    tries = [each.post(reverse("me-code"), {"code": "000000"}) for each in (client, stranger)]
    assert [answer.status_code for answer in tries] == [422, 422]
    assert InvestorLoginCode.objects.count() == 2
    assert peers.count() == 1


@pytest.mark.parametrize("state", ["suppressed", "closed", "replaced"])
def test_a_contact_out_of_use_gets_no_code(client, peers, investor, state):
    if state == "closed":
        Investor.objects.update(status="closed")
    elif state == "replaced":
        ContactPoint.objects.filter(kind="email").update(rank=1)
    else:
        ContactPoint.objects.filter(kind="email").update(state="suppressed")
    assert ask_for_code(client, MAIL).status_code == 302
    assert peers.count() == 0


@pytest.mark.parametrize("typed", ["", "hello", "12", "a@b@c", "x@\r\nBcc: y@z.example"])
def test_what_is_no_contact_is_said_so(client, peers, typed):
    answer = client.post(reverse("me-sign-in"), {"contact": typed})
    assert answer.status_code in (200, 422)
    assert InvestorLoginCode.objects.count() == 0


def test_five_wrong_tries_end_the_code_even_for_the_right_one(client, peers, investor):
    ask_for_code(client, MAIL)
    right = peers.last_code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert client.post(reverse("me-code"), {"code": wrong}).status_code == 422
    assert client.post(reverse("me-code"), {"code": right}).status_code == 422
    assert not inside(client)
    assert Record.objects.filter(action="selfservice.code_refused").count() == 5


def test_a_code_works_once_and_for_ten_minutes(client, peers, investor):
    sign_in(client, peers, MAIL)
    used = peers.last_code()
    other = Client()
    session = other.session
    session["me_waiting"] = str(InvestorLoginCode.objects.get().pk)
    session.save()
    other.cookies["sessionid"] = session.session_key
    assert other.post(reverse("me-code"), {"code": used}).status_code == 422
    late = Client()
    ask_for_code(late, MAIL)
    with time_machine.travel(clock.now() + dt.timedelta(minutes=10, seconds=1), tick=False):
        assert late.post(reverse("me-code"), {"code": peers.last_code()}).status_code == 422


def test_a_code_opens_only_the_browser_that_asked(client, peers, investor):
    ask_for_code(client, MAIL)
    other = Client()
    assert other.post(reverse("me-code"), {"code": peers.last_code()}).status_code == 302
    assert not inside(other)


def test_codes_are_throttled_per_contact_and_per_address(client, peers, investor):
    noon = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(noon, tick=False):
        for _ in range(5):
            assert ask_for_code(Client(), MAIL).status_code == 302
        refused = Client(REMOTE_ADDR="198.51.100.9").post(reverse("me-sign-in"), {"contact": MAIL})
        assert refused.status_code == 429
        statuses = [
            client.post(reverse("me-sign-in"), {"contact": f"x{n}@customer.example"}).status_code
            for n in range(16)
        ]
        assert statuses[:15] == [302] * 15
        assert statuses[15] == 429
        again = Client(REMOTE_ADDR="198.51.100.9")
        assert again.post(reverse("me-sign-in"), {"contact": PHONE}).status_code == 302


def test_two_investors_with_one_phone_are_told_apart_by_customer_number(client, peers):
    first = make_investor(phone=PHONE, ref="C-1")
    second = make_investor(phone=PHONE, ref="C-2")
    ask_for_code(client, PHONE)
    code = peers.last_code()
    page = client.post(reverse("me-code"), {"code": code})
    assert page.status_code == 422
    assert b'name="ref"' in page.content
    assert client.post(reverse("me-code"), {"code": code, "ref": "C-9"}).status_code == 422
    assert client.post(reverse("me-code"), {"code": code, "ref": "C-2"}).status_code == 302
    assert client.session["me"]["investor"] == str(second.pk)
    assert str(first.pk) not in str(dict(client.session))


def test_the_contact_counts_as_verified_afterwards(client, peers, investor):
    sign_in(client, peers, MAIL)
    assert ContactPoint.objects.get(investor=investor, kind="email").state == "verified"
    assert ContactPoint.objects.get(investor=investor, kind="phone").state == "unverified"


def test_the_session_ends_by_sign_out_idleness_device_removal_and_closing(peers, investor):
    device_url = "me-device-remove"
    for ending in ("sign-out", "idle", "device", "closed"):
        client = Client()
        sign_in(client, peers, MAIL if ending in ("sign-out", "idle") else PHONE)
        assert inside(client)
        if ending == "sign-out":
            client.post(reverse("me-sign-out"))
        elif ending == "device":
            client.post(reverse(device_url, args=[client.session["me"]["device"]]))
        elif ending == "closed":
            Investor.objects.update(status="closed")
        later = clock.now() + dt.timedelta(minutes=31 if ending == "idle" else 0)
        with time_machine.travel(later, tick=False):
            assert not inside(client), ending
        Investor.objects.update(status="active")


def test_a_known_browser_is_one_device(peers, investor):
    client = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0 Safari"})
    sign_in(client, peers, MAIL)
    client.post(reverse("me-sign-out"))
    sign_in(client, peers, PHONE)
    assert BoundDevice.objects.get().label == "WeChat · iPhone"


def test_nobody_removes_anothers_device(client, peers, investor):
    make_investor(email="b@customer.example")
    other = Client()
    sign_in(client, peers, MAIL)
    sign_in(other, peers, "b@customer.example")
    url = reverse("me-device-remove", args=[client.session["me"]["device"]])
    assert other.post(url).status_code == 404
    assert inside(client)


@pytest.mark.parametrize(
    "name", ["me-inbox", "me-preferences", "me-history"]
)  # fmt: skip
def test_strangers_are_sent_to_sign_in_and_back(client, peers, investor, name):
    answer = client.get(reverse(name))
    assert answer["Location"].startswith(reverse("me-sign-in"))
    client.get(answer["Location"])
    assert sign_in(client, peers, MAIL)["Location"] == reverse(name)


def test_a_redirect_never_leaves_the_site(client, peers, investor):
    client.get(reverse("me-sign-in"), {"next": "https://evil.example/"})
    assert sign_in(client, peers, MAIL)["Location"] == "/me/"
