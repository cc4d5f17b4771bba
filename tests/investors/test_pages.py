"""The pages of investors through HTTP."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core.models import User
from core.roles import Role
from investors import selectors
from investors.models import ContactPoint, Investor
from tests.core.builders import make_line, make_user, sign_in
from tests.investors import builders
from tests.investors.builders import investor

pytestmark = pytest.mark.django_db


def visit(role: Role, *, stepped_up: bool = False) -> Client:
    person: User = make_user(role, lines=[make_line("retail")])
    return sign_in(Client(), person, stepped_up=stepped_up)


@pytest.fixture
def dispatcher() -> Client:
    return visit(Role.DISPATCHER)


@pytest.fixture
def officer() -> Client:
    return visit(Role.PRIVACY_OFFICER, stepped_up=True)


def phone_of(who) -> ContactPoint:
    return ContactPoint.objects.get(investor_id=who, kind="phone")


def test_the_list_shows_masked_people_only(dispatcher: Client) -> None:
    who = investor("100001")
    page = dispatcher.get(reverse("investor-list")).content.decode()
    assert "**0001" in page
    assert "王**" in page
    assert str(who) in page
    assert "100001" not in page
    assert "13812345678" not in page


def test_filters_live_in_the_address(dispatcher: Client) -> None:
    english, chinese = investor("1", language="en"), investor("2", phone="", consents=())
    url = reverse("investor-list")
    for query, shown, hidden in (
        ({"language": "en"}, english, chinese),
        ({"reach": "0"}, chinese, english),
        ({"q": "2"}, chinese, english),
        ({"q": "138 1234 5678"}, english, chinese),
    ):
        page = dispatcher.get(url, query).content.decode()
        assert str(shown) in page, query
        assert str(hidden) not in page, query
    assert "No investor fits" in dispatcher.get(url, {"q": "999"}).content.decode()


def test_the_list_takes_the_same_number_of_queries_however_long(
    dispatcher: Client, django_assert_num_queries
) -> None:
    for number in range(3):
        investor(str(number))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = reverse("investor-list")
    dispatcher.get(url)
    with CaptureQueriesContext(connection) as few:
        dispatcher.get(url)
    for number in range(3, 12):
        investor(str(number))
    with CaptureQueriesContext(connection) as many:
        dispatcher.get(url)
    assert len(many) == len(few)


def test_somebody_of_another_line_gets_404() -> None:
    who = investor("1")
    stranger = sign_in(Client(), make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")]))
    assert stranger.get(reverse("investor-detail", args=[who])).status_code == 404
    assert str(who) not in stranger.get(reverse("investor-list")).content.decode()


def test_opening_an_investor_is_recorded(dispatcher: Client) -> None:
    who = investor("1")
    page = dispatcher.get(reverse("investor-detail", args=[who]))
    assert page.status_code == 200
    assert "+86 138****5678" in page.content.decode()
    assert "13812345678" not in page.content.decode()
    assert Record.objects.filter(action="investor.viewed", investor=who).count() == 1


def test_a_reveal_shows_the_number_once_and_records_it(officer: Client) -> None:
    who = investor("1")
    url = reverse("contact-reveal", args=[phone_of(who).pk])
    page = officer.post(url, {"reason": "Call back"})
    assert "+8613812345678" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert Record.objects.filter(action="contact.revealed", investor=who).count() == 1
    assert (
        "+8613812345678" not in officer.get(reverse("investor-detail", args=[who])).content.decode()
    )


def test_a_reveal_without_reason_step_up_or_right_is_refused(dispatcher: Client) -> None:
    url = reverse("contact-reveal", args=[phone_of(investor("1")).pk])
    assert visit(Role.PRIVACY_OFFICER, stepped_up=True).post(url, {"reason": ""}).status_code == 422
    assert dispatcher.post(url, {"reason": "x"}).status_code == 403
    later = visit(Role.PRIVACY_OFFICER).post(url, {"reason": "x"})
    assert later.status_code in {302, 303}
    assert reverse("step-up") in later["Location"]
    assert not Record.objects.filter(action="contact.revealed").exists()


def test_consent_is_given_and_withdrawn_from_the_same_place(officer: Client) -> None:
    who = investor("1", consents=())
    url = reverse("investor-consent", args=[who])
    for act, granted in (("give", True), ("withdraw", False)):
        form = {"act": act, "purpose": "channel.sms", "method": "phone"}
        assert officer.post(url, form).status_code == 302
        standing = selectors.current_standing([who], "education")[who]
        assert standing.sms_consent is granted
    assert officer.post(url, {"act": "forget"}).status_code == 422


def test_the_matrix_saves_choices_and_keeps_mandatory_topics_locked(officer: Client) -> None:
    who = investor("1")
    page = officer.get(reverse("investor-detail", args=[who])).content.decode()
    assert 'value="market_news:sms" checked' in page
    assert "risk_alert:sms" not in page
    wanted = ["market_news:email", "market_news:inbox", "education:sms"]
    officer.post(reverse("investor-preferences", args=[who]), {"wanted": wanted})
    standing = selectors.current_standing([who], "market_news")[who]
    assert (standing.sms_wanted, standing.email_wanted) == (False, True)
    assert selectors.current_standing([who], "risk_alert")[who].sms_wanted


def test_a_contact_is_suppressed_for_a_reason_and_used_again(officer: Client) -> None:
    who = investor("1")
    url = reverse("contact-state", args=[phone_of(who).pk])
    assert officer.post(url, {"state": "suppressed", "reason": ""}).status_code == 422
    officer.post(url, {"state": "suppressed", "reason": "Wrong number"})
    assert Investor.objects.get(pk=who).reach == 1
    officer.post(url, {"state": "unverified"})
    assert Investor.objects.get(pk=who).reach == 2


def test_readers_see_no_forms_that_they_may_not_send(dispatcher: Client) -> None:
    who = investor("1")
    page = dispatcher.get(reverse("investor-detail", args=[who])).content.decode()
    assert "Show in full" not in page
    assert "Enter consent" not in page
    assert "Save preferences" not in page
    assert dispatcher.post(reverse("investor-preferences", args=[who])).status_code == 403
    assert builders.NOW
