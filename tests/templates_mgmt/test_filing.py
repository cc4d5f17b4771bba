"""Filing records (T10): written in the draft, bound by the approval, fixed below Python."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.filing import rules
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import CarrierTemplate, Filing, ReReview
from templates_mgmt.models import Contributor
from templates_mgmt.selectors import approved_version, approved_versions_visible_to
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import author, make_approved, make_draft, reviewer, save
from tests.templates_mgmt.filing import CARRIERS, approve, days, file, make_filed

pytestmark = pytest.mark.django_db


def told(action: str) -> dict:
    return json.loads(Record.objects.filter(action=action).latest("id").payload)


class TestWriting:
    def test_the_author_writes_it_in_the_draft(self):
        actor = author()
        version = make_draft(actor)
        filing = file(version, actor, carriers=CARRIERS)
        assert (filing.revision, filing.filing_hash) == (1, "")
        assert [each.template_id for each in version.carriers.all()] == ["SMS_1001"]
        assert told("template.filing_saved")["terms"]["class"] == "retail"

    def test_whoever_writes_it_is_a_contributor_and_cannot_approve(self):
        helper = author()
        version = make_draft()
        file(version, helper)
        assert Contributor.objects.filter(version=version, user=helper.user_id).exists()

    def test_a_reviewer_does_not_write_it(self):
        with pytest.raises(Forbidden):
            file(make_draft(), reviewer())

    def test_a_stale_save_overwrites_nothing(self):
        actor = author()
        version = make_draft(actor)
        file(version, actor, source="a", revision=0)
        with pytest.raises(Conflict) as refused:
            file(version, actor, source="b", revision=0)
        assert refused.value.code == "stale_draft"
        assert Filing.objects.get(version=version).source == "a"

    @pytest.mark.parametrize(
        ("field", "terms"),
        [
            ("communication_class", {"communication_class": "party"}),
            ("expires_at", {"expires_at": clock.now() - days(1)}),
            ("expires_at", {"effective_from": clock.now() + days(9),
                            "expires_at": clock.now() + days(8)}),
            ("review_months", {"review_months": 0}),
            ("review_due", {"review_due": clock.now().date()}),
            ("effective_from", {"effective_from": dt.datetime(2030, 1, 1)}),  # noqa: DTZ001
            ("carriers.1.template_id", {"carriers": [{"language": "en", "status": "approved"}]}),
            ("carriers.1.language", {"carriers": [{"language": "xx"}]}),
            ("carriers", {"carriers": [{"language": "en"}, {"language": "en"}]}),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused_by_field(self, field, terms):
        actor = author()
        with pytest.raises(InvalidInput) as refused:
            file(make_draft(actor), actor, **terms)
        assert refused.value.field == field

    def test_after_the_submission_it_is_fixed(self):
        actor = author()
        version = make_filed(actor)
        with pytest.raises(Conflict) as refused:
            file(version, actor)
        assert refused.value.code == "not_a_draft"


class TestBound:
    def test_the_approval_records_the_hash_of_what_was_filed(self):
        version = make_filed(source="交易所公告", carriers=CARRIERS)
        filing = version.filing
        approve(version)
        assert len(filing.filing_hash) == 64
        assert told("template.submitted")["filing"] == filing.filed
        assert told("template.approved")["filing_hash"] == filing.filing_hash
        assert rules.filing_hash(filing.filed) == filing.filing_hash
        assert filing.filed["content_hash"] == version.content_hash

    def test_a_version_without_one_gets_what_the_one_before_it_said(self):
        first = approve(make_filed(communication_class="institutional", review_months=6))
        actor = author()
        second = services.new_version(based_on=first.pk, actor=actor, now=clock.now())
        save(second, actor)
        services.submit(version_id=second.pk, actor=actor, now=clock.now())
        filing = Filing.objects.get(version=second)
        assert (filing.communication_class, filing.review_months) == ("institutional", 6)
        assert filing.review_due == rules.add_months(clock.now().date(), 6)

    def test_what_would_have_expired_is_not_submitted(self):
        actor = author()
        version = make_draft(actor)
        file(version, actor, expires_at=clock.now() + days(1))
        with pytest.raises(Conflict) as refused:
            services.submit(version_id=version.pk, actor=actor, now=clock.now() + days(2))
        assert refused.value.code == "expired"

    @pytest.mark.parametrize(
        "change",
        [
            {"source": "other"},
            {"communication_class": "institutional"},
            {"effective_from": None, "review_months": 1},
            {"filing_hash": "a" * 64},
            {"filed": {}},
            {"expires_at": clock.now() + days(99)},
            {"expires_at": None},
            {"review_due": dt.date(2031, 1, 1)},
        ],
    )
    def test_no_update_changes_what_was_filed(self, change):
        version = make_filed(expires_at=clock.now() + days(30))
        with pytest.raises(IntegrityError), transaction.atomic():
            Filing.objects.filter(version=version).update(**change)

    def test_no_version_is_submitted_without_one(self):
        version = make_draft()
        with pytest.raises(IntegrityError, match="with its filing record"), transaction.atomic():
            type(version).objects.filter(pk=version.pk).update(
                state="in_review", content_hash="a" * 64, submitted_by=version.created_by,
                submitted_at=clock.now(),
            )  # fmt: skip

    def test_neither_record_nor_re_review_can_be_deleted(self):
        make_filed()
        for table in ("filing", "rereview"):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                connection.cursor().execute(f"DELETE FROM templates_mgmt_{table}")


class TestTime:
    def test_a_version_is_not_used_before_it_takes_effect(self):
        start = clock.now() + days(2)
        version = approve(make_filed(effective_from=start))
        with pytest.raises(Conflict) as refused:
            approved_version(version.pk)
        assert refused.value.code == "not_effective"
        assert start.strftime("%Y-%m-%d") in str(refused.value.message)
        assert version not in approved_versions_visible_to(author())
        assert approved_version(version.pk, at=start).id == version.pk
        assert version in approved_versions_visible_to(author(), at=start)

    def test_a_version_is_not_used_once_it_has_expired(self):
        end = clock.now() + days(2)
        version = approve(make_filed(expires_at=end))
        assert approved_version(version.pk).id == version.pk
        with pytest.raises(Conflict) as refused:
            approved_version(version.pk, at=end)
        assert refused.value.code == "expired"
        assert version not in approved_versions_visible_to(author(), at=end)

    def test_an_expiry_is_brought_forward_by_a_reviewer(self):
        version = approve(make_filed(expires_at=clock.now() + days(30)))
        sooner = clock.now() + days(3)
        filings.shorten(
            version_id=version.pk, expires_at=sooner, reason="rule 7 ends", actor=reviewer(),
            now=clock.now(),
        )  # fmt: skip
        assert Filing.objects.get(version=version).expires_at == sooner
        assert told("template.expiry_brought_forward")["reason"] == "rule 7 ends"

    @pytest.mark.parametrize("away", [days(31), -days(1)])
    def test_never_put_off_nor_into_the_past(self, away):
        version = approve(make_filed(expires_at=clock.now() + days(30)))
        with pytest.raises(InvalidInput) as refused:
            filings.shorten(
                version_id=version.pk, expires_at=clock.now() + away, reason="x",
                actor=reviewer(), now=clock.now(),
            )  # fmt: skip
        assert refused.value.code == "not_earlier"

    def test_bringing_it_forward_needs_a_second_factor_and_a_reviewer(self):
        version = approve(make_filed())
        given = {"version_id": version.pk, "expires_at": clock.now() + days(1), "reason": "x"}
        with pytest.raises(StepUpRequired):
            filings.shorten(**given, actor=reviewer(stepped_up=False), now=clock.now())
        with pytest.raises(Forbidden):
            filings.shorten(**given, actor=author(), now=clock.now())


class TestCarrier:
    def test_the_carrier_s_word_comes_later_and_is_recorded(self):
        version = approve(make_filed(carriers=[{**CARRIERS[0], "status": "pending"}]))
        filings.set_carrier(
            version_id=version.pk, language="zh-hans", carrier="CMCC", status="approved",
            actor=author(), now=clock.now(),
        )  # fmt: skip
        row = CarrierTemplate.objects.get(version=version)
        assert (row.template_id, row.status) == ("SMS_1001", "approved")
        assert told("template.carrier_status")["from"] == ["SMS_1001", "pending"]

    def test_the_same_again_is_said_to_be_so(self):
        version = make_filed(carriers=CARRIERS)
        with pytest.raises(Conflict) as refused:
            filings.set_carrier(
                version_id=version.pk, language="zh-hans", carrier="CMCC", status="approved",
                actor=reviewer(), now=clock.now(),
            )  # fmt: skip
        assert refused.value.code == "same"

    def test_a_submitted_version_keeps_them(self):
        version = make_filed(carriers=CARRIERS)
        with pytest.raises(IntegrityError), transaction.atomic():
            version.carriers.all().delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            version.carriers.update(language="en")


def due_version(actor=None):
    tomorrow = clock.now().date() + days(1)
    version = approve(make_filed(actor, review_due=tomorrow, review_months=6))
    filings.open_due(now=clock.now() + days(1))
    return version, ReReview.objects.get(version=version)


class TestReReview:
    def test_its_day_is_recorded_once(self):
        version, row = due_version()
        assert filings.open_due(now=clock.now() + days(2)) == 0
        assert Record.objects.filter(action="template.review_due").count() == 1
        assert row.subject == version.filing.review_due.isoformat()

    def test_before_its_day_nothing_is_due(self):
        approve(make_filed())
        assert filings.open_due(now=clock.now()) == 0

    def test_a_second_person_says_why_it_is_still_right(self):
        version, row = due_version()
        filings.keep(
            rereview_id=row.pk, reason="wording checked", actor=reviewer(), now=clock.now()
        )
        row.refresh_from_db()
        moved = Filing.objects.get(version=version).review_due
        assert (row.outcome, row.next_due) == ("kept", moved)
        assert moved == rules.add_months(clock.now().date() + days(1), 6)
        closed = told("template.rereview_closed")
        assert (closed["outcome"], closed["content_hash"]) == ("kept", version.content_hash)

    def test_a_contributor_cannot(self):
        person = make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()])
        both = actor_of(person)
        _version, row = due_version(both)
        with pytest.raises(FourEyesViolation):
            filings.keep(rereview_id=row.pk, reason="fine", actor=both, now=clock.now())
        with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
            ReReview.objects.filter(pk=row.pk).update(
                closed_at=clock.now(), closed_by=person, outcome="kept", reason="fine"
            )

    def test_it_needs_a_reason_a_second_factor_and_an_open_one(self):
        _version, row = due_version()
        with pytest.raises(InvalidInput):
            filings.keep(rereview_id=row.pk, reason=" ", actor=reviewer(), now=clock.now())
        with pytest.raises(StepUpRequired):
            filings.keep(
                rereview_id=row.pk, reason="x", actor=reviewer(stepped_up=False),
                now=clock.now(),
            )  # fmt: skip
        filings.keep(rereview_id=row.pk, reason="x", actor=reviewer(), now=clock.now())
        with pytest.raises(Conflict):
            filings.keep(rereview_id=row.pk, reason="x", actor=reviewer(), now=clock.now())

    def test_a_newer_approval_and_an_end_close_it(self):
        version, row = due_version()
        actor = author()
        newer = services.new_version(based_on=version.pk, actor=actor, now=clock.now())
        save(newer, actor)
        approve(services.submit(version_id=newer.pk, actor=actor, now=clock.now()))
        row.refresh_from_db()
        assert row.outcome == "replaced"

    @pytest.mark.parametrize(("end", "outcome"), [("retire", "retired"), ("recall", "recalled")])
    def test_an_end_closes_it(self, end, outcome):
        version, row = due_version()
        getattr(services, end)(
            version_id=version.pk, reason="over", actor=reviewer(), now=clock.now()
        )
        row.refresh_from_db()
        assert (row.outcome, row.reason) == (outcome, "over")

    def test_no_raw_update_says_what_is_not_so(self):
        _version, row = due_version()
        for outcome in ("replaced", "retired", "recalled"):
            with pytest.raises(IntegrityError), transaction.atomic():
                ReReview.objects.filter(pk=row.pk).update(
                    closed_at=clock.now(), closed_by=reviewer().user_id, outcome=outcome,
                    reason="x",
                )  # fmt: skip


class TestOverdue:
    def test_an_overdue_stage_is_recorded_once(self):
        version = make_filed()
        assert filings.remind_overdue(now=clock.now()) == 0
        late = version.due_at + dt.timedelta(hours=1)
        assert filings.remind_overdue(now=late) == 1
        assert filings.remind_overdue(now=late + days(1)) == 0
        assert Record.objects.filter(action="template.review_overdue").count() == 1

    def test_what_was_decided_is_not_overdue(self):
        version = approve(make_filed())
        assert filings.remind_overdue(now=version.due_at + days(1)) == 0


class TestExport:
    def test_one_version_as_json_holds_every_item_of_the_rule(self):
        version = approve(make_filed(carriers=CARRIERS))
        name, text = filings.export_filing(
            version_id=version.pk, form="json", actor=reviewer(), now=clock.now()
        )
        (row,) = json.loads(text)["filings"]
        assert name == "filing-outage-v1.json"
        assert row["copy"].startswith("format") or "交易系统中断" in row["copy"]
        assert row["source_of_data"] and row["prepared_by"] and row["approved_by"]
        assert row["carriers"][0]["template_id"] == "SMS_1001"
        assert row["filing_hash"] == version.filing.filing_hash
        assert told("template.filing_exported")["rows"] == 1

    def test_a_period_holds_what_was_approved_in_it(self):
        approve(make_filed())
        make_filed(words={"code": "second"})
        today = clock.now().date()
        given = {"form": "csv", "actor": reviewer(), "now": clock.now()}
        _name, text = filings.export_period(since=today, until=today, **given)
        assert len(text.splitlines()) == 2
        _name, text = filings.export_period(since=today - days(9), until=today - days(8), **given)
        assert len(text.splitlines()) == 1

    def test_no_cell_is_a_formula(self):
        approve(make_filed(source="=HYPERLINK(1)"))
        today = clock.now().date()
        _name, text = filings.export_period(
            since=today, until=today, form="csv", actor=reviewer(), now=clock.now()
        )
        assert "'=HYPERLINK" in text

    @pytest.mark.parametrize("given", [{"form": "xml"}, {"until": dt.date(2020, 1, 1)}])
    def test_what_cannot_be_is_refused(self, given):
        today = clock.now().date()
        words = {"since": today, "until": today, "form": "csv", **given}
        with pytest.raises(InvalidInput):
            filings.export_period(**words, actor=reviewer(), now=clock.now())


def test_an_older_version_without_a_record_stays_usable():
    version = make_approved()
    assert rules.usable(None, None, clock.now()) == "yes"
    assert approved_version(version.pk).id == version.pk


@given(day=st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), months=st.integers(1, 36))
def test_months_later_is_that_month_and_never_a_later_day(day, months):
    later = rules.add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


@given(
    start=st.none() | st.integers(-9, 9), end=st.none() | st.integers(-9, 9), at=st.integers(-9, 9)
)
def test_usable_from_the_first_instant_until_before_the_last(start, end, at):
    zero = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    first, last = (zero + days(n) if n is not None else None for n in (start, end))
    expected = (start is None or at >= start) and (end is None or at < end)
    assert (rules.usable(first, last, zero + days(at)) == "yes") == expected
