"""A review from its snapshot to its signature, in services, SQL and pages."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.access_review import report, selectors, services
from audit.access_review.models import AccessReview, ReviewItem
from audit.access_review.rules import Decision, Finding
from audit.leaf import Subjects
from audit.record import draft, record_many
from core import clock
from core.actor import system
from core.errors import (
    Conflict,
    Forbidden,
    FourEyesViolation,
    InvalidInput,
    StepUpRequired,
)
from core.roles import Role
from portal.dashboard import Overview
from tests.builders import make_investor, make_line
from tests.core.builders import actor_of, last_record, make_user, sign_in

pytestmark = pytest.mark.django_db


def acts(user, action, count=1, *, at=None, **subjects):
    """`count` records of `action` by `user`, made at `at`."""
    actor, now = actor_of(user), at or clock.now()
    with transaction.atomic():
        record_many(
            draft(action=action, actor=actor, now=now, subjects=Subjects(**subjects))
            for _ in range(count)
        )


def long_ago(days):
    """The first record of all: something that the system did `days` ago."""
    now = clock.now() - dt.timedelta(days=days)
    with transaction.atomic():
        record_many([draft(action="test.done", actor=system("test"), now=now)])


def reviewer():
    return actor_of(make_user(Role.REVIEWER))


def decided(review, first, second):
    """All findings decided: by `first`, and those about `first` by `second`."""
    for item in review.items.all():
        services.decide_item(
            item_id=item.pk,
            decision=Decision.KEEP,
            reason="needed for the desk",
            actor=second if item.person == first.user_id else first,
            now=clock.now(),
        )


def test_the_snapshot_says_who_could_and_who_did_and_is_frozen():
    dispatcher = make_user(Role.DISPATCHER, lines=[make_line()], name="zhang")
    acts(dispatcher, "investor.viewed", 3)
    acts(dispatcher, "contact.revealed", 2)
    review = services.open_review(actor=reviewer(), now=clock.now())

    person = next(p for p in review.content["people"] if p["user_name"] == "zhang")
    assert person["roles"] == ["dispatcher"]
    assert person["lines"] == ["Retail brokerage"]
    assert "notices.prepare" in person["capabilities"]
    assert (person["acts"]["reads"], person["acts"]["reveals"]) == (3, 2)
    assert review.snapshot_hash == hashlib.sha256(review.snapshot.encode()).hexdigest()
    assert last_record("access_review.opened").facts["sha256"] == review.snapshot_hash
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessReview.objects.filter(pk=review.pk).update(snapshot="{}")
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessReview.objects.filter(pk=review.pk).delete()


def test_anomalies_are_found_from_the_ledger():
    long_ago(days=3)
    user = make_user(Role.DISPATCHER, name="li")
    investor = make_investor()
    now = clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    night = today - dt.timedelta(hours=6)  # 18:00 UTC is 02:00 in Shanghai
    acts(user, "investor.viewed", 5, at=night, investor=investor.pk)
    acts(user, "contact.revealed", 50, at=today - dt.timedelta(hours=20))  # noon
    acts(user, "user.line_given", at=today - dt.timedelta(hours=20), staff=user.pk)
    review = services.open_review(actor=reviewer(), now=now)

    found = {item.finding: item.detail for item in review.items.filter(person=user.pk)}
    assert found[Finding.NIGHT] == {"acts": 5}
    assert found[Finding.REVEALS] == {"acts": 50}
    assert found[Finding.OUTSIDE_LINE] == {"acts": 5}
    assert found[Finding.SELF_GRANTED] == {"acts": 1}


def test_nobody_decides_about_herself_in_services_or_sql():
    first = reviewer()
    review = services.open_review(actor=first, now=clock.now())
    own = review.items.filter(person=first.user_id).first()
    with pytest.raises(FourEyesViolation):
        services.decide_item(
            item_id=own.pk, decision=Decision.KEEP, reason="", actor=first, now=clock.now()
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        ReviewItem.objects.filter(pk=own.pk).update(decision="keep", decided_by=first.user_id)
    with pytest.raises(InvalidInput):
        services.decide_item(
            item_id=own.pk, decision=Decision.REMOVE, reason=" ", actor=reviewer(), now=clock.now()
        )
    with pytest.raises(Forbidden):
        services.decide_item(
            item_id=own.pk,
            decision=Decision.KEEP,
            reason="",
            actor=actor_of(make_user(Role.AUDITOR)),
            now=clock.now(),
        )


def test_a_third_person_signs_when_all_is_decided():
    first, second, third = reviewer(), reviewer(), reviewer()
    review = services.open_review(actor=first, now=clock.now())
    signing = {"review_id": review.pk, "statement": "checked", "now": clock.now()}
    with pytest.raises(Conflict):
        services.sign_review(**signing, actor=third)
    decided(review, first, second)
    for actor, error in [
        (first, FourEyesViolation),
        (second, FourEyesViolation),
        (replace(third, stepped_up_at=None), StepUpRequired),
    ]:
        with pytest.raises(error):
            services.sign_review(**signing, actor=actor)
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessReview.objects.filter(pk=review.pk).update(
            state="signed", signed_by=first.user_id, signed_at=clock.now()
        )
    services.sign_review(**signing, actor=third)
    facts = last_record("access_review.signed").facts
    assert facts["sha256"] == review.snapshot_hash
    assert facts["decisions_sha256"] == services.decisions_hash(selectors.items_of(review))
    with pytest.raises(Conflict):
        item = review.items.first()
        services.decide_item(
            item_id=item.pk, decision=Decision.KEEP, reason="x", actor=third, now=clock.now()
        )
    later = services.open_review(actor=first, now=clock.now())
    assert later.period_from == review.period_to


def test_one_review_at_a_time():
    actor = reviewer()
    services.open_review(actor=actor, now=clock.now())
    with pytest.raises(Conflict):
        services.open_review(actor=actor, now=clock.now())


def test_the_overview_reminds_reviewers_until_somebody_signed():
    long_ago(days=200)
    first, second, third = reviewer(), reviewer(), reviewer()

    def reminded(actor):
        tasks = Overview(actor=actor, now=clock.now()).tasks
        return any(task.url == reverse("access-reviews") for task in tasks)

    assert reminded(first)
    assert not reminded(actor_of(make_user(Role.AUDITOR)))
    review = services.open_review(actor=first, now=clock.now())
    decided(review, first, second)
    assert reminded(first)
    services.sign_review(review_id=review.pk, statement="", actor=third, now=clock.now())
    assert not reminded(first)


def test_the_report_is_a_pdf_and_taking_it_is_recorded(client):
    review = services.open_review(actor=reviewer(), now=clock.now())
    assert report.render(review).startswith(b"%PDF")
    sign_in(client, make_user(Role.AUDITOR))
    answer = client.post(reverse("access-review-report", args=[review.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert last_record("access_review.downloaded").object == f"access_review:{review.pk}"


def test_the_page_asks_a_constant_number_of_queries(client):
    sign_in(client, make_user(Role.REVIEWER))
    review = services.open_review(actor=reviewer(), now=clock.now())
    page = reverse("access-review", args=[review.pk])
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(page)
    with transaction.atomic():
        for _ in range(5):
            user = make_user(Role.AUTHOR)
            ReviewItem.objects.create(review=review, person=user.pk, finding="rights")
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) == len(few)


def test_deciding_on_the_page_leads_back_to_the_finding(client):
    review = services.open_review(actor=reviewer(), now=clock.now())
    item = review.items.first()
    sign_in(client, make_user(Role.PRIVACY_OFFICER))
    answer = client.post(
        reverse("access-review-decide", args=[review.pk, item.pk]),
        {"decision": "remove", "reason": "moved to another desk"},
    )
    assert answer["Location"].endswith(f"#item-{item.pk}")
    assert "moved to another desk" in client.get(answer["Location"]).content.decode()
