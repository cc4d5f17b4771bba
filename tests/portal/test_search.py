"""Searching everything: found within one's rights, recorded without the words."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from audit import sealing
from comms.models import Notice
from core import clock
from core.models import User
from core.roles import Role
from investors.models import Investor
from portal.search import search_everything
from tests.builders import make_investor
from tests.comms import rows
from tests.core.builders import actor_of, last_record, make_line, make_user, sign_in
from tests.templates_mgmt.builders import make_submitted

pytestmark = pytest.mark.django_db


def phones(investor: Investor) -> list[str]:
    """The investor's phone number in plain."""
    key = sealing.key_of(investor.pk)
    return [
        sealing.unseal_text(key, bytes(contact.value_sealed), context="contact")
        for contact in investor.contacts.filter(kind="phone")
    ]


def find(user: User, text: str) -> dict[str, list[str]]:
    areas = search_everything(text=text, actor=actor_of(user), now=clock.now())
    return {area.code: [hit.title for hit in area.hits] for area in areas}


def test_titles_codes_and_ids_are_found() -> None:
    notice = rows.make_notice(title="Margin call of March")
    Notice.objects.filter(pk=notice.pk).update(state="sending")
    deliveries = [rows.make_delivery(notice, rows.make_investor()) for _ in range(2)]
    user = make_user(Role.DISPATCHER, lines=[make_line()])

    for text in ("of march", notice.code.lower(), str(notice.pk), str(deliveries[0].pk)):
        assert find(user, text)["notices"] == ["Margin call of March"], text
    assert find(user, "of april")["notices"] == []


def test_templates_are_found_by_name() -> None:
    make_submitted(name="Outage of the system")

    assert find(make_user(Role.REVIEWER, lines=[make_line()]), "outage")["templates"] == [
        "Outage of the system"
    ]


def test_other_lines_and_missing_rights_find_nothing() -> None:
    rows.make_notice(title="Margin call")
    stranger = make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")])

    assert find(stranger, "margin")["notices"] == []
    assert find(make_user(Role.ADMINISTRATOR), "margin") == {}


def test_records_are_found_by_what_they_are_about() -> None:
    version = make_submitted()
    auditor = make_user(Role.AUDITOR)

    assert "template.submitted" in find(auditor, str(version.pk))["records"]
    assert "records" not in find(make_user(Role.REVIEWER, lines=[make_line()]), str(version.pk))


def test_the_search_is_recorded_and_its_words_are_sealed() -> None:
    user = make_user(Role.DISPATCHER, lines=[make_line()])
    find(user, "13800000000")

    record = last_record("search.everything")

    assert record.staff == user.pk
    assert "13800000000" not in record.text
    key = sealing.key_of(user.pk)
    opened = sealing.unseal_text(key, bytes(record.sealed), context="search")
    assert json.loads(opened) == {"text": "13800000000"}


def test_investors_are_found_by_whole_numbers_and_shown_masked() -> None:
    investor = make_investor(name="王小明")
    [number] = phones(investor)
    user = make_user(Role.DISPATCHER, lines=[make_line()])

    [title] = find(user, number)["investors"]

    assert "王**" in title and "小明" not in title
    record = last_record("search.everything")
    assert record.investor == investor.pk
    assert record.sealed is None
    assert find(user, number[:-2])["investors"] == []


def test_an_empty_search_is_no_search(client: Client) -> None:
    sign_in(client, make_user(Role.DISPATCHER, lines=[make_line()]))

    page = client.get(reverse("search"), {"q": "   "})

    assert page.status_code == 200
    with pytest.raises(AssertionError):
        last_record("search.everything")


@pytest.mark.parametrize("text", ["%", "'", "字" * 300, "9" * 40, "a\nb"])
def test_odd_words_are_harmless(client: Client, text: str) -> None:
    sign_in(client, make_user(Role.AUDITOR))

    assert client.get(reverse("search"), {"q": text}).status_code == 200
