"""Objects as they stood, beside today; every look is recorded (L6)."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from comms.services import notices
from core import clock, services
from core.actor import system
from core.errors import Forbidden, InvalidInput, NotFound
from core.roles import Role
from investors import services as investors
from portal.history.services import view_as_of
from templates_mgmt import services as templates
from tests.builders import WORDS, dispatcher, make_investor, make_investors, make_notice
from tests.comms.conftest import null_providers  # noqa: F401
from tests.core.builders import actor_of, make_line, make_user, sign_in
from tests.templates_mgmt.builders import make_draft

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("null_providers")]


def auditor():
    return actor_of(make_user(Role.AUDITOR))


def look(kind, found, at=None, actor=None):
    now = clock.now()
    return view_as_of(
        kind=kind, object_id=found.pk, at=at or now, actor=actor or auditor(), now=now
    )


def changed(stood) -> dict[str, tuple[str, str]]:
    return {row.label: (row.then, row.now) for row in stood.rows if row.changed}


def test_a_notice_before_and_after_its_submission():
    make_investors(1)
    actor = dispatcher()
    notice = make_notice(actor=actor)
    before = clock.now()
    notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())
    stood = look("notice", notice, before)
    assert changed(stood)["State"] == ("Draft", "Waiting for release")
    assert [change.action for change in stood.changes] == ["notice.submitted", "notice.created"]
    assert all(Record.objects.filter(pk=change.record).exists() for change in stood.changes)
    assert {change.person for change in stood.changes} == {actor.label}
    assert changed(look("notice", notice)) == {}


def test_a_draft_with_its_texts():
    version = make_draft()
    before = clock.now()
    words = {**WORDS, "variants": [{**WORDS["variants"][0], "body": "{{ name }} {{ since }}"}]}
    actor = actor_of(version.created_by)
    templates.save_draft(version_id=version.pk, actor=actor, now=clock.now(), **words)
    difference = changed(look("version", version, before))
    today = {now: then for then, now in difference.values()}
    assert today["{{ name }} {{ since }}"] not in ("", "{{ name }} {{ since }}")
    assert "" in today, "what was taken out shows too"


def test_a_member_of_staff_with_roles_and_lines():
    user = make_user(Role.AUTHOR)
    before = clock.now()
    admin = actor_of(make_user(Role.ADMINISTRATOR))
    services.set_roles(user_id=user.pk, roles=[Role.AUDITOR], actor=admin, now=clock.now())
    line = make_line()
    services.give_line(user_id=user.pk, line_id=line.pk, actor=admin, now=clock.now())
    assert changed(look("staff", user, before)) == {
        "Roles": ("Author", "Auditor"),
        "Business lines": ("–", "Retail brokerage"),
    }


def test_an_investors_consents_and_wishes():
    who = make_investor()
    before = clock.now()
    words = {"investor_id": who.pk, "actor": system("test"), "now": clock.now()}
    investors.withdraw_consent(purpose="channel.email", method="phone", **words)
    investors.set_preference(topic="market_news", channel="sms", wanted=False, **words)
    difference = changed(look("investor", who, before))
    assert difference["Consent: channel.email"][0].startswith("Given")
    assert difference["Consent: channel.email"][1].startswith("Withdrawn")
    assert difference["market_news · SMS"] == ("", "not wanted")


def test_before_it_was_made_it_was_not_there():
    line = make_line()
    stood = look("line", line, clock.now() - dt.timedelta(days=1))
    assert not stood.there
    assert stood.changed == len(stood.rows) > 0


def test_every_look_is_recorded():
    version = make_draft()
    at = clock.now()
    look("version", version, at)
    told = Record.objects.get(action="history.viewed")
    assert told.version == version.pk
    assert json.loads(told.payload)["kind"] == "version"


def test_who_may_not_and_what_is_not_there_are_refused_without_a_record():
    line = make_line()
    notice = make_notice()
    stranger = actor_of(make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")]))
    tomorrow = clock.now() + dt.timedelta(days=1)
    for kind, found, at, actor, error in [
        ("line", line, None, dispatcher(), Forbidden),
        ("notice", notice, None, stranger, NotFound),
        ("galaxy", line, None, None, NotFound),
        ("notice", line, None, None, NotFound),
        ("line", line, tomorrow, None, InvalidInput),
    ]:
        with pytest.raises(error):
            look(kind, found, at, actor)
    assert not Record.objects.filter(action="history.viewed").exists()


@pytest.fixture
def page():
    """A browser of an auditor, and the address of a notice's page."""
    client = sign_in(Client(), make_user(Role.AUDITOR))
    return client, reverse("object-as-of", args=["notice", make_notice().pk])


def test_the_page_shows_then_and_today_and_takes_any_instant(page):
    client, address = page
    now = client.get(address)
    assert now.status_code == 200
    assert "Nothing is different today" in now.content.decode()
    long_ago = client.get(address, {"at": "2020-01-01T00:00:00"})
    assert "It did not exist then" in long_ago.content.decode()


@pytest.mark.parametrize(("at", "word"), [("nonsense", "valid date"), ("2999-01-01", "has passed")])
def test_an_instant_that_cannot_be_is_named_and_the_page_stays(page, at, word):
    client, address = page
    answer = client.get(address, {"at": at})
    assert answer.status_code == 200
    assert word in answer.content.decode()


def test_the_page_costs_the_same_for_a_long_history(django_assert_max_num_queries):
    line = make_line()
    for name in "abcdefghij":
        services.rename_line(line_id=line.pk, name=name, actor=system("t"), now=clock.now())
    client = sign_in(Client(), make_user(Role.AUDITOR))
    with django_assert_max_num_queries(20):
        assert client.get(reverse("object-as-of", args=["line", line.pk])).status_code == 200
