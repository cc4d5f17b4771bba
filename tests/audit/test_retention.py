"""Versions of the schedule, proposals and shredding: who may, and that nothing goes early."""

from __future__ import annotations

from dataclasses import asdict, replace

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from audit.models import Record, SubjectKey
from audit.retention import selectors, services, tasks
from audit.retention.models import ProposalItem, RetentionRule, RetentionSchedule
from audit.retention.services.schedules import RuleWords
from comms.models import Delivery, InboxMessage, RawReceipt
from core import clock
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.roles import Role
from tests.audit.retention import (
    age_investor,
    approved,
    approver,
    hold_investor,
    manager,
    no_duties,
    receipts,
)
from tests.builders import make_investor, make_planned, make_user
from tests.core.builders import actor_of, last_record

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = RuleWords(
    code="house-short",
    name="Short",
    name_zh="短期",
    kinds=["telemetry"],
    jurisdictions=["CN"],
    bound="at_least",
    amount=30,
    unit="days",
    basis="record",
    source="house rule",
)


def draft_by(actor):
    return services.draft_schedule(reason="new rule", actor=actor, now=clock.now())


def submitted_by(actor):
    schedule = draft_by(actor)
    services.save_rule(schedule_id=schedule.pk, words=WORDS, actor=actor, now=clock.now())
    return services.submit_schedule(schedule_id=schedule.pk, actor=actor, now=clock.now())


# --- the schedule ---------------------------------------------------------------------------


def test_a_second_person_puts_a_version_in_force():
    schedule = submitted_by(manager())
    services.approve_schedule(schedule_id=schedule.pk, actor=approver(), now=clock.now())

    assert selectors.schedule_in_force() == schedule
    assert schedule.number == 2
    assert schedule.rules.count() == RetentionRule.objects.filter(schedule__number=1).count() + 1
    assert '"house-short"' in last_record("retention.schedule_approved").facts["table"]


def test_an_editor_a_stale_factor_and_a_wrong_role_are_refused():
    both = actor_of(make_user(Role.PRIVACY_OFFICER, Role.REVIEWER))
    schedule = submitted_by(both)
    for actor, error in [
        (both, FourEyesViolation),
        (manager(), Forbidden),
        (replace(approver(), stepped_up_at=None), StepUpRequired),
    ]:
        with pytest.raises(error):
            services.approve_schedule(schedule_id=schedule.pk, actor=actor, now=clock.now())
    with pytest.raises(Forbidden):
        draft_by(approver())
    assert selectors.schedule_in_force().number == 1


def test_sql_refuses_an_editor_and_a_change_after_submission():
    actor = manager()
    schedule = submitted_by(actor)
    rows = RetentionSchedule.objects.filter(pk=schedule.pk)
    for values in (
        {"state": "approved", "decided_by": actor.user_id, "decided_at": clock.now()},
        {"jurisdictions": ["US"]},
        {"editors": []},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        RetentionRule.objects.filter(schedule=schedule).update(amount=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        RetentionRule.objects.filter(schedule__number=1).delete()


def test_one_version_at_a_time_and_a_refusal_says_why():
    actor = manager()
    schedule = submitted_by(actor)
    with pytest.raises(Conflict):
        draft_by(actor)
    services.refuse_schedule(
        schedule_id=schedule.pk, reason="too short", actor=approver(), now=clock.now()
    )
    assert draft_by(actor).number == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["poetry"]}, "kinds"),
        ({"jurisdictions": ["XX"]}, "jurisdictions"),
        ({"amount": 0}, "amount"),
        ({"unit": "weeks"}, "unit"),
        ({"source": " "}, "source"),
        ({"to_check": True}, "active"),
    ],
)
def test_a_class_that_makes_no_sense_names_its_field(change, field):
    actor = manager()
    schedule = draft_by(actor)
    words = RuleWords(**{**asdict(WORDS), **change})
    with pytest.raises(InvalidInput) as refused:
        services.save_rule(schedule_id=schedule.pk, words=words, actor=actor, now=clock.now())
    assert refused.value.field == field


def test_a_line_under_one_law_is_kept_by_that_law_only():
    investor = make_investor()
    actor = manager()
    schedule = draft_by(actor)
    services.change_scope(
        schedule_id=schedule.pk,
        jurisdictions=["CN", "US", "EU"],
        lines={str(investor.business_line_id): ["US"]},
        actor=actor,
        now=clock.now(),
    )
    services.submit_schedule(schedule_id=schedule.pk, actor=actor, now=clock.now())
    services.approve_schedule(schedule_id=schedule.pk, actor=approver(), now=clock.now())

    reasons = selectors.reasons_to_keep(investor=investor.pk, now=clock.now())
    assert [reason.source for reason in reasons] == ["FINRA 4511(b)"]
    with pytest.raises(InvalidInput):
        services.change_scope(
            schedule_id=draft_by(actor).pk,
            jurisdictions=["CN"],
            lines={str(investor.business_line_id): ["US"]},
            actor=actor,
            now=clock.now(),
        )


# --- proposals and shredding ----------------------------------------------------------------


def test_what_is_due_is_counted_approved_and_shredded(admin_conninfo):
    old, young = receipts(admin_conninfo, "1 year", "5 months")
    proposal = approved()

    assert tasks.shred(str(proposal.pk)) >= 1
    assert list(RawReceipt.objects.values_list("pk", flat=True)) == [young]
    shredded = last_record("retention.shredded")
    assert shredded.facts == {"store": "receipts", "count": 1, "objects": [str(old)]}
    proposal.refresh_from_db()
    assert (proposal.state, proposal.items.get(store="receipts").shredded) == ("done", 1)
    assert last_record("retention.done").facts["items"]["receipts"]["shredded"] == 1


def test_a_proposal_alone_deletes_nothing(admin_conninfo):
    receipts(admin_conninfo, "1 year")
    proposal = services.propose_due(now=clock.now())
    item = proposal.items.get()
    assert (item.store, item.due, len(item.sample)) == ("receipts", 1, 1)
    assert tasks.shred(str(proposal.pk)) == 0
    assert RawReceipt.objects.count() == 1


def test_nothing_due_makes_no_proposal(admin_conninfo):
    receipts(admin_conninfo, "1 day")
    assert services.propose_due(now=clock.now()) is None


def test_who_put_it_forward_may_not_approve(admin_conninfo):
    receipts(admin_conninfo, "1 year")
    both = actor_of(make_user(Role.PRIVACY_OFFICER, Role.REVIEWER))
    proposal = services.propose_due(now=clock.now())
    with pytest.raises(Conflict):
        services.approve_proposal(proposal_id=proposal.pk, actor=approver(), now=clock.now())
    services.submit_proposal(proposal_id=proposal.pk, actor=both, now=clock.now())
    with pytest.raises(FourEyesViolation):
        services.approve_proposal(proposal_id=proposal.pk, actor=both, now=clock.now())
    services.refuse_proposal(
        proposal_id=proposal.pk, reason="wait for the audit", actor=approver(), now=clock.now()
    )
    assert RawReceipt.objects.count() == 1


def test_a_batch_is_bounded_and_the_rest_is_resumed(admin_conninfo):
    receipts(admin_conninfo, *["1 year"] * 5)
    proposal = approved()
    assert services.shred_batch(proposal_id=proposal.pk, now=clock.now(), size=2)
    assert RawReceipt.objects.count() == 3

    assert tasks.resume() == 1
    assert RawReceipt.objects.count() == 0
    assert ProposalItem.objects.get(store="receipts").shredded == 5
    assert Record.objects.filter(action="retention.shredded").count() == 2


def test_a_hold_placed_after_the_approval_still_wins(admin_conninfo):
    receipts(admin_conninfo, "1 year")
    proposal = approved()
    hold_investor(make_investor().pk)
    tasks.shred(str(proposal.pk))
    assert RawReceipt.objects.count() == 1
    proposal.refresh_from_db()
    assert proposal.items.get().shredded == 0


def test_the_key_of_an_investor_of_long_ago_is_destroyed_and_of_nobody_else(admin_conninfo):
    old, recent, held, active = (make_investor().pk for _ in range(4))
    age_investor(admin_conninfo, old, "21 years")
    age_investor(admin_conninfo, recent, "9 years")
    age_investor(admin_conninfo, held, "21 years")
    hold_investor(held)
    proposal = approved()
    item = proposal.items.get(store="keys")
    assert (item.due, item.held, item.sample) == (1, 1, [str(old)])

    tasks.shred(str(proposal.pk))
    kept = set(SubjectKey.objects.exclude(wrapped=None).values_list("subject", flat=True))
    assert {recent, held, active} <= kept
    assert old not in kept
    assert last_record("retention.key_destroyed").investor == old


def test_the_content_of_a_message_goes_and_its_delivery_stays(admin_conninfo):
    make_investor()
    make_planned()
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute("ALTER TABLE comms_delivery DISABLE TRIGGER USER")
        admin.execute(
            "UPDATE comms_delivery SET content_sealed = 'x', "
            "created_at = now() - interval '20 years 3 days', "
            "updated_at = now() - interval '20 years 3 days'"
        )
        admin.execute("ALTER TABLE comms_delivery ENABLE TRIGGER USER")
        admin.execute("ALTER TABLE comms_delivery ENABLE ALWAYS TRIGGER audit_retention_keep")
        admin.execute(
            "INSERT INTO comms_inboxmessage (delivery_id, investor_id, notice_id, language, "
            "body_sealed, created_at) SELECT id, investor_id, notice_id, 'en', 'x', updated_at "
            "FROM comms_delivery LIMIT 1"
        )
    before = Delivery.objects.count()
    sealed = Delivery.objects.exclude(content_sealed=None).count()
    assert sealed and InboxMessage.objects.count() == 1
    tasks.shred(str(approved().pk))
    assert Delivery.objects.exclude(content_sealed=None).count() == 0
    assert Delivery.objects.count() == before
    assert InboxMessage.objects.count() == 0


# --- SQL refuses everybody ------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM comms_rawreceipt",
        "DELETE FROM comms_inboxmessage",
        "DELETE FROM audit_subjectkey",
        "DELETE FROM audit_legalhold",
        "DELETE FROM audit_retentionschedule",
        "UPDATE audit_proposalitem SET shredded = 1",
        "TRUNCATE audit_legalhold",
        "ALTER TABLE audit_subjectkey DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION audit_retention_blocked(uuid) RETURNS boolean LANGUAGE sql "
        "AS $$ SELECT false $$",
    ],
)
def test_the_application_role_cannot_go_round_it(statement):
    with pytest.raises(DatabaseError, match=r"denied|must be owner"):
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE comms_delivery SET content_sealed = NULL",
        "UPDATE comms_delivery SET created_at = created_at - interval '30 years'",
        "UPDATE comms_inboxmessage SET body_sealed = 'gone'",
        "UPDATE comms_inboxmessage SET created_at = created_at - interval '30 years'",
        "UPDATE comms_rawreceipt SET received_at = received_at - interval '30 years'",
        "UPDATE comms_rawreceipt SET body = 'gone'",
    ],
)
def test_nothing_is_emptied_or_made_to_look_old(statement, admin_conninfo):
    make_investor()
    make_planned()
    receipts(admin_conninfo, "1 day")
    with psycopg.connect(admin_conninfo) as admin:
        admin.execute("UPDATE comms_delivery SET content_sealed = 'x'")
        admin.execute(
            "INSERT INTO comms_inboxmessage (delivery_id, investor_id, notice_id, language, "
            "body_sealed, created_at) SELECT id, investor_id, notice_id, 'en', 'x', updated_at "
            "FROM comms_delivery LIMIT 1"
        )
    with pytest.raises(DatabaseError, match="kept"), transaction.atomic():
        connection.cursor().execute(statement)


def test_shredding_without_an_approval_is_refused_in_sql(admin_conninfo):
    receipts(admin_conninfo, "1 year")
    proposal = services.propose_due(now=clock.now())
    with pytest.raises(DatabaseError, match="not approved"), connection.cursor() as cursor:
        cursor.execute("SELECT audit_retention_shred(%s, 'receipts', 10)", [proposal.pk])


def test_even_the_superuser_meets_the_trigger_on_a_key(admin_conninfo):
    investor = make_investor()
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="retention duty"):
            admin.execute(
                "UPDATE audit_subjectkey SET wrapped = NULL WHERE subject = %s", [investor.pk]
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="retention duty"):
            admin.execute("DELETE FROM audit_subjectkey WHERE subject = %s", [investor.pk])


def test_a_hold_alone_keeps_a_key_in_sql():
    investor = make_investor()
    no_duties()
    hold_investor(investor.pk)
    with pytest.raises(DatabaseError, match="legal hold"), transaction.atomic():
        SubjectKey.objects.filter(subject=investor.pk).update(wrapped=None)
