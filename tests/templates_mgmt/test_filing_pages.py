"""Filing records and re-reviews in the browser, and the doors they close."""

from __future__ import annotations

import pytest
from django.urls import reverse

from comms.services import notices
from core import clock
from core.errors import Conflict
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.clauses import services as clauses
from templates_mgmt.clauses.models import Clause
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import Filing, ReReview
from templates_mgmt.lexicon import services as lexicon
from templates_mgmt.lexicon.models import WordList
from tests.builders import dispatcher, make_investors, make_notice, make_released, releaser
from tests.core.builders import make_line, make_user, sign_in
from tests.templates_mgmt.builders import VARIANTS, author, make_approved, make_draft, reviewer
from tests.templates_mgmt.filing import CARRIERS, approve, days, make_filed

pytestmark = pytest.mark.django_db


def enter(client, *roles):
    user = make_user(*roles, lines=[make_line()])
    return sign_in(client, user, stepped_up=True)


def url(name, version):
    return reverse(name, args=[version.pk])


def test_the_author_fills_it_in_and_the_reviewer_sees_it(client):
    version = make_draft()
    page = url("version-filing-edit", version)
    enter(client, Role.AUTHOR)
    shown = client.get(page).content.decode()
    assert 'name="id_zh-hans"' in shown and 'name="id_en"' in shown
    data = {
        "revision": 0, "communication_class": "retail", "source": "交易所公告",
        "review_months": 12, "id_zh-hans": "SMS_77", "status_zh-hans": "pending",
    }  # fmt: skip
    assert client.post(page, data).status_code == 302
    assert client.post(page, data).status_code == 422  # the form is of revision 0
    services.submit(version_id=version.pk, actor=author(), now=clock.now())
    enter(client, Role.REVIEWER)
    review = client.get(url("version-review", version)).content.decode()
    assert "交易所公告" in review and "SMS_77" in review and "Filing hash" in review


def test_the_record_page_with_everything_that_may_still_change(client):
    version = approve(make_filed(carriers=CARRIERS))
    enter(client, Role.REVIEWER)
    assert "SMS_1001" in client.get(url("version-filing", version)).content.decode()
    sooner = (clock.now() + days(2)).strftime("%Y-%m-%dT%H:%M")
    done = client.post(url("filing-shorten", version), {"expires_at": sooner, "reason": "x"})
    assert done.status_code == 302
    assert client.post(url("filing-shorten", version), {"expires_at": ""}).status_code == 422
    said = {"language": "zh-hans", "carrier": "CMCC", "status": "suspended"}
    assert client.post(url("filing-carrier", version), said).status_code == 302
    assert client.post(url("filing-carrier", version), said).status_code == 422
    exported = client.post(url("version-filing-export", version), {"format": "json"})
    assert "attachment" in exported["Content-Disposition"]
    assert "SMS_1001" in exported.content.decode()


def test_all_records_and_a_period(client):
    approve(make_filed())
    enter(client, Role.AUDITOR)
    page = reverse("filings")
    assert "Outage v1" in client.get(page).content.decode()
    today = clock.now().date()
    data = {"since": today - days(1), "until": today + days(1), "format": "csv"}
    assert len(client.post(page, data).content.decode().splitlines()) == 2
    assert client.post(page, {**data, "until": today - days(9)}).status_code == 422


def due(version):
    filings.open_due(now=clock.now() + days(2))
    return ReReview.objects.get(version=version)


def test_the_worklist_leads_to_the_re_review(client):
    version = approve(make_filed(review_due=clock.now().date() + days(1)))
    row = due(version)
    enter(client, Role.REVIEWER)
    page = reverse("rereview", args=[row.pk])
    assert page in client.get(reverse("review-queue") + "?only=again").content.decode()
    assert (
        "Periodic"
        in client.get(reverse("template-detail", args=[version.template_id])).content.decode()
    )
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "checked against rule 7"}).status_code == 302
    assert "checked against rule 7" in client.get(page).content.decode()


def new_wording(code: str = "standard_risk"):
    keeper, now = reviewer(), clock.now()
    draft = clauses.new_version(clause_id=Clause.objects.get(code=code).pk, actor=keeper, now=now)
    words = {"zh-hans": "新的提示。", "en": "New words."}
    clauses.save(version_id=draft.pk, texts=words, source="r", actor=keeper, now=now)
    clauses.submit(version_id=draft.pk, actor=keeper, now=now)
    draft.refresh_from_db()
    return clauses.approve(
        version_id=draft.pk, shown_hash=draft.content_hash, actor=reviewer(), now=clock.now()
    )


def test_a_new_wording_of_a_clause_starts_the_re_review_of_those_with_the_old_one(client):
    texts = [{**text, "body": text["body"] + " {{ clause_standard_risk }}"} for text in VARIANTS]
    old = make_approved(variants=texts)
    make_approved(code="without")
    clause = new_wording()
    row = ReReview.objects.get()
    assert (row.version, row.cause) == (old, "clause")
    assert row.subject == f"clause:standard_risk:{clause.number}"
    enter(client, Role.REVIEWER)
    for page in (url("clause-version", clause), reverse("review-queue") + "?only=again"):
        assert reverse("rereview", args=[row.pk]) in client.get(page).content.decode()


def test_a_new_word_list_starts_the_re_review_of_what_it_flags(client):
    flagged = make_approved()
    keeper, now = reviewer(), clock.now()
    word_list = WordList.objects.get(code="promise")
    draft = lexicon.new_version(list_id=word_list.pk, actor=keeper, now=now)
    texts = {"zh-hans": "原因", "en": "A reason."}
    lexicon.save(
        version_id=draft.pk, severity="warning", why=texts, fix=texts, terms=["电话委托"],
        exceptions=[], examples=[{"text": "电话委托", "hit": True}], actor=keeper, now=now,
    )  # fmt: skip
    lexicon.submit(version_id=draft.pk, actor=keeper, now=now)
    draft.refresh_from_db()
    lexicon.approve(
        version_id=draft.pk, shown_hash=draft.content_hash, actor=reviewer(), now=clock.now()
    )
    row = ReReview.objects.get()
    assert (row.version, row.cause) == (flagged, "word_list")
    enter(client, Role.REVIEWER)
    page = client.get(reverse("word-list-version", args=[draft.pk])).content.decode()
    assert reverse("rereview", args=[row.pk]) in page


class TestNotices:
    def test_one_is_not_prepared_before_its_wording_takes_effect(self):
        make_investors(1)
        version = approve(make_filed(effective_from=clock.now() + days(1)))
        with pytest.raises(Conflict) as refused:
            make_notice(version)
        assert refused.value.code == "not_effective"

    def test_one_is_not_released_once_its_wording_has_expired(self):
        make_investors(1)
        version = approve(make_filed(expires_at=clock.now() + days(9)))
        actor = dispatcher()
        notice = make_notice(version, actor=actor)
        notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())
        expire(version)
        with pytest.raises(Conflict) as refused:
            notices.release_notice(notice_id=notice.pk, actor=releaser(), now=clock.now())
        assert refused.value.code == "expired"

    def test_one_on_its_way_goes_on_and_says_so(self, client):
        make_investors(1)
        version = approve(make_filed(expires_at=clock.now() + days(9)))
        notice = make_released(version)
        expire(version)
        enter(client, Role.DISPATCHER)
        page = client.get(reverse("notice-detail", args=[notice.pk])).content.decode()
        assert "The wording has expired" in page

    def test_first_and_last_use_are_those_of_its_notices(self, client):
        make_investors(1)
        version = approve(make_filed())
        first, second = make_released(version), make_released(version)
        enter(client, Role.AUDITOR)
        record = client.get(url("version-filing", version)).context["record"]
        assert record.use.first == first.released_at and record.use.last == second.released_at
        assert (record.use.count, record.use.going) == (2, 2)


def expire(version):
    """Its expiry is brought forward to this very instant."""
    actor, now = reviewer(), clock.now()
    filings.shorten(version_id=version.pk, expires_at=now, reason="rule ends", actor=actor, now=now)
    assert Filing.objects.get(version=version).expires_at == now
