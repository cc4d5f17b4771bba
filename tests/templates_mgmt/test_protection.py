"""T1, T2 and T3 hold for raw SQL and bulk updates under the application's own role."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import clock
from core.errors import Conflict
from templates_mgmt import selectors
from templates_mgmt.models import Contributor, Decision, Template, TemplateVersion, Variant
from templates_mgmt.rules import State
from tests.core.builders import make_line
from tests.templates_mgmt.builders import (
    author,
    make_approved,
    make_draft,
    make_submitted,
    reviewer,
)

pytestmark = pytest.mark.django_db


def sql(statement: str, *params: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def decide(version: TemplateVersion, user: uuid.UUID, decision: str = "approve", **changes) -> None:
    given = {"content_hash": version.content_hash, "reason": "because", **changes}
    with transaction.atomic():
        Decision.objects.create(
            version=version, user_id=user, decision=decision, at=clock.now(), **given
        )


def test_the_application_role_is_what_these_tests_run_as():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("vouchsafe_app",)


@pytest.mark.parametrize("state", [state for state in State if state != State.DRAFT])
def test_no_bulk_update_moves_a_draft_out_of_order(state):
    version = make_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.filter(pk=version.pk).update(
            state=state, content_hash="a" * 64, submitted_by=version.created_by,
            submitted_at=clock.now(), decided_by=reviewer().user_id, decided_at=clock.now(),
        )  # fmt: skip
        if state == State.IN_REVIEW:  # a legal move: only approval without a decision is left
            TemplateVersion.objects.filter(pk=version.pk).update(state="approved")


def test_a_version_is_born_as_a_draft():
    version = make_draft()
    with pytest.raises(IntegrityError, match="starts as a draft"), transaction.atomic():
        TemplateVersion.objects.create(
            template=version.template, number=9, state="approved", content_hash="a" * 64,
            created_by=version.created_by, created_at=clock.now(), edited_by=version.created_by,
            edited_at=clock.now(), submitted_by=version.created_by, submitted_at=clock.now(),
        )  # fmt: skip


def test_approval_without_a_decision_is_refused():
    version = make_submitted()
    with pytest.raises(IntegrityError, match="no decision on this content"):
        sql(
            "UPDATE templates_mgmt_templateversion SET state = 'approved', decided_by_id = %s, "
            "decided_at = now() WHERE id = %s",
            reviewer().user_id,
            version.pk,
        )


def test_a_contributor_cannot_decide_to_approve():
    version = make_submitted()
    with pytest.raises(IntegrityError, match="four eyes"):
        decide(version, version.created_by_id)
    decide(version, reviewer().user_id)


def test_a_contributor_of_the_last_moment_cannot_finish_the_approval():
    version, late = make_submitted(), reviewer()
    decide(version, late.user_id)
    decision = Decision.objects.get()
    Contributor.objects.create(version=version, user_id=late.user_id)
    with pytest.raises(IntegrityError, match="four eyes"):
        sql(
            "UPDATE templates_mgmt_templateversion SET state = 'approved', decided_by_id = %s, "
            "decided_at = %s, reason = %s WHERE id = %s",
            late.user_id,
            decision.at,
            decision.reason,
            version.pk,
        )


def test_a_decision_names_the_content_of_the_version():
    version = make_submitted()
    with pytest.raises(IntegrityError, match="other content"):
        decide(version, reviewer().user_id, content_hash="b" * 64)
    with pytest.raises(IntegrityError, match="other content"):
        decide(make_draft(code="other"), reviewer().user_id, content_hash="")


@pytest.mark.parametrize("decision", ["retire", "recall"])
def test_a_decision_fits_the_state(decision):
    with pytest.raises(IntegrityError, match="cannot get the decision"):
        decide(make_submitted(), reviewer().user_id, decision)


@pytest.mark.parametrize("decision", ["return", "reject", "withdraw"])
def test_a_refusal_without_a_reason_is_refused(decision):
    with pytest.raises(IntegrityError, match="has_reason"):
        decide(make_submitted(), reviewer().user_id, decision, reason=" \n")


@pytest.mark.parametrize(
    "change",
    [
        "facts = '{}'",
        "placeholders = '[]'",
        "note = 'x'",
        "content_hash = repeat('c', 64)",
        "number = 7",
        "based_on_id = id",
        "edited_by_id = created_by_id, edited_at = now()",
        "submitted_at = now()",
        "state = 'draft', content_hash = '', submitted_by_id = NULL",
        "decided_at = now()",
        "reason = 'x'",
    ],
)
@pytest.mark.parametrize("make", [make_submitted, make_approved])
def test_a_submitted_version_never_changes(make, change):
    version = make()
    with pytest.raises(IntegrityError):
        sql(f"UPDATE templates_mgmt_templateversion SET {change} WHERE id = %s", version.pk)


def test_words_of_a_submitted_version_never_change():
    version = make_approved()
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(version=version).update(body="Other words")
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(version=version).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.bulk_create([Variant(version=version, channel="inbox", language="en")])
    draft = make_draft(code="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(version=draft).update(version=version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(version=version).update(version=draft)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM templates_mgmt_decision",
        "UPDATE templates_mgmt_decision SET decision = 'approve'",
        "TRUNCATE templates_mgmt_decision",
        "DELETE FROM templates_mgmt_contributor",
        "UPDATE templates_mgmt_contributor SET version_id = version_id",
        "DELETE FROM templates_mgmt_templateversion",
        "DELETE FROM templates_mgmt_template",
        "ALTER TABLE templates_mgmt_templateversion DISABLE TRIGGER ALL",
        "DROP FUNCTION templates_version_guard() CASCADE",
        "CREATE OR REPLACE FUNCTION templates_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_application_role_cannot_take_anything_away(statement):
    make_approved()
    with pytest.raises(DatabaseError, match=r"denied|append-only|must be owner"):
        sql(statement)


def test_a_temporary_table_does_not_stand_in_for_the_contributors():
    version = make_submitted()
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE templates_mgmt_contributor (version_id uuid, user_id uuid)"
            )
        decide(version, version.created_by_id)


def test_only_the_name_of_a_template_changes():
    template = make_draft().template
    Template.objects.filter(pk=template.pk).update(name="New name")
    for change in ({"category": "drill"}, {"topic_code": "x"}, {"code": "y"},
                   {"business_line": make_line("wealth", "Wealth")}):  # fmt: skip
        with pytest.raises(IntegrityError, match="only the name"), transaction.atomic():
            Template.objects.filter(pk=template.pk).update(**change)


def test_raw_edits_of_a_draft_name_their_contributor():
    version, editor = make_draft(), author()
    TemplateVersion.objects.filter(pk=version.pk).update(
        facts={}, edited_by=editor.user_id, edited_at=clock.now()
    )
    assert Contributor.objects.filter(version=version, user_id=editor.user_id).exists()


@pytest.mark.django_db(transaction=True)
def test_words_forged_by_the_database_administrator_are_not_sent(admin_conninfo):
    version = make_approved()
    assert selectors.approved_version(version.pk).number == 1
    with psycopg.connect(admin_conninfo, autocommit=True) as admin:
        admin.execute("ALTER TABLE templates_mgmt_variant DISABLE TRIGGER ALL")
        admin.execute("UPDATE templates_mgmt_variant SET body = body || '!'")
        admin.execute("ALTER TABLE templates_mgmt_variant ENABLE TRIGGER ALL")
    with pytest.raises(Conflict) as refusal:
        selectors.approved_version(version.pk)
    assert refusal.value.code == "unapproved_content"
