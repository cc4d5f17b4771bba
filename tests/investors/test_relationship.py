"""The end of a relationship: recorded, reversible, and what retention counts from."""

from __future__ import annotations

import datetime as dt
import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Record
from audit.retention.selectors import reasons_to_keep
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.roles import Role
from investors import services
from investors.models import Investor
from investors.relationship.services import end_relationship, resume_relationship
from tests.core.builders import make_line, make_user, sign_in
from tests.investors.builders import NOW, importer, investor, privacy_officer

pytestmark = pytest.mark.django_db
AML = "反洗钱法 2024"  # ten years from the end of the relationship


def kept_until(who) -> dt.date | None:
    """The last day under the duty that counts from the end of the relationship."""
    reasons = reasons_to_keep(investor=who, now=clock.now())
    return next(reason.until for reason in reasons if reason.source == AML)


def end(who, **changes) -> Investor:
    given = {"reason": "Moved abroad", "actor": privacy_officer(), "now": clock.now(), **changes}
    return end_relationship(investor_id=who, **given)


def test_the_periods_count_from_its_end_and_stop_when_it_goes_on():
    who, now = investor(), clock.now()
    assert kept_until(who) is None
    assert end(who, now=now).status == "closed"
    until = kept_until(who)
    assert until is not None
    assert until.year == (now + dt.timedelta(hours=14)).year + 10
    told = Record.objects.get(action="investor.relationship_ended")
    assert (told.investor, told.content) == (who, {"status": "closed"})
    assert told.sealed
    resume_relationship(
        investor_id=who, reason="Came back", actor=privacy_officer(), now=clock.now()
    )
    assert kept_until(who) is None
    assert Record.objects.filter(action="investor.relationship_resumed", investor=who).count() == 1


def test_looking_at_somebody_lengthens_no_period_but_that_of_the_look_itself():
    who = investor()
    end(who, now=NOW)
    before = {reason.source: reason.until for reason in reasons_to_keep(investor=who, now=NOW)}
    for days in (1, 400):
        services.view_investor(
            investor_id=who, actor=privacy_officer(), now=NOW + dt.timedelta(days=days)
        )
    after = {reason.source: reason.until for reason in reasons_to_keep(investor=who, now=NOW)}
    logs = after.pop("网络安全法")
    assert after == {source: day for source, day in before.items() if source != "网络安全法"}
    assert logs is not None
    assert logs > (NOW + dt.timedelta(days=400)).date()


def test_nobody_without_the_right_line_or_reason():
    who = investor()
    with pytest.raises(Forbidden):
        end(who, actor=importer())
    with pytest.raises(NotFound):
        end(uuid4())
    with pytest.raises(InvalidInput) as refused:
        end(who, reason=" ")
    assert refused.value.field == "reason"
    assert Investor.objects.get(pk=who).status == "active"


def test_twice_is_a_conflict():
    who = investor()
    with pytest.raises(Conflict):
        resume_relationship(investor_id=who, reason="x", actor=privacy_officer(), now=clock.now())
    end(who)
    with pytest.raises(Conflict):
        end(who)


@pytest.fixture
def officer() -> Client:
    return sign_in(Client(), make_user(Role.PRIVACY_OFFICER, lines=[make_line("retail", "R")]))


def test_the_page_ends_it_and_takes_it_up_again(officer: Client):
    who = investor()
    address = reverse("investor-relationship", args=[who])
    assert address in officer.get(reverse("investor-detail", args=[who])).content.decode()
    assert "End the relationship" in officer.get(address).content.decode()
    empty = officer.post(address, {"act": "end", "reason": ""})
    assert empty.status_code == 422
    assert officer.post(address, {"act": "end", "reason": "Moved"}).status_code == 302
    again = officer.post(address, {"act": "end", "reason": "Moved once more"})
    assert again.status_code == 422
    assert "Moved once more" in again.content.decode()
    assert "Take it up again" in officer.get(address).content.decode()
    assert officer.post(address, {"act": "resume", "reason": "Back"}).status_code == 302
    assert Investor.objects.get(pk=who).status == "active"


def test_the_api_does_the_same_once_per_key(officer: Client):
    who = investor()
    address = reverse("api-investor-relationship", args=[who])
    body, key = {"status": "closed", "reason": "Moved"}, {"Idempotency-Key": "a" * 20}
    for _ in range(2):
        answer = officer.post(
            address, json.dumps(body), content_type="application/json", headers=key
        )
        assert (answer.status_code, answer.json()["status"]) == (200, "closed")
    assert Record.objects.filter(action="investor.relationship_ended").count() == 1
    answer = officer.post(address, json.dumps(body), content_type="application/json")
    assert answer.status_code == 409
    answer = officer.post(address, json.dumps({"status": "x"}), content_type="application/json")
    assert answer.status_code == 422
