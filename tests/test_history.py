"""The history of mutable objects: whoever changes them and however, with its record (L1, L6)."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.utils import ProgrammingError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.leaf import Subjects
from audit.models import Record
from audit.record import record
from core import clock, services
from core.actor import system
from core.history.models import GrantHistory
from core.models import BusinessLine, User
from core.roles import Role
from core.services import set_roles
from investors.models import Topic
from tests.core.builders import actor_of, make_line, make_user
from tests.templates_mgmt.builders import make_draft

pytestmark = pytest.mark.django_db(transaction=True)


def tracked() -> list[type[models.Model]]:
    """Every model with a history, in every app."""
    return [model for model in apps.get_models() if hasattr(model, "history")]


def note(line: BusinessLine) -> None:
    record(
        action="line.renamed",
        actor=system("test"),
        now=clock.now(),
        subjects=Subjects(object=f"line:{line.pk}"),
    )


def test_a_change_by_a_service_is_tied_to_its_record():
    line = make_line()
    services.rename_line(line_id=line.pk, name="Retail", actor=system("t"), now=clock.now())

    kept = line.history.first()

    told = Record.objects.get(pk=kept.ledger_record)
    assert (kept.name, kept.history_type, told.action) == ("Retail", "~", "line.renamed")
    assert kept.history_change_reason == "line.renamed"
    assert kept.history_date == told.recorded_at


def test_the_person_who_acted_stands_in_the_history():
    administrator, user = make_user("administrator"), make_user("author")
    set_roles(user_id=user.pk, roles=[Role.AUDITOR], actor=actor_of(administrator), now=clock.now())
    assert user.history.first().history_user == administrator


@pytest.mark.parametrize(
    "change",
    [
        lambda line: BusinessLine.objects.filter(pk=line.pk).update(name="x"),
        lambda line: BusinessLine.objects.bulk_create([BusinessLine(code="x", name="x")]),
        lambda line: BusinessLine.objects.bulk_update(
            [BusinessLine(pk=line.pk, name="x")], ["name"]
        ),
        lambda line: BusinessLine(code="y", name="y").save(),
        lambda line: line.delete(),
        lambda line: connection.cursor().execute("UPDATE core_businessline SET name = 'x'"),
    ],
    ids=["update", "bulk_create", "bulk_update", "save", "delete", "raw SQL"],
)
class TestEveryWay:
    def test_without_a_record_is_refused_at_the_commit(self, change):
        line = make_line()
        before = list(BusinessLine.objects.values())
        with (
            pytest.raises(IntegrityError, match="without its ledger record"),
            transaction.atomic(),
        ):
            change(line)
        assert list(BusinessLine.objects.values()) == before
        assert BusinessLine.history.count() == 1

    def test_with_a_record_is_kept(self, change):
        line = make_line()
        with transaction.atomic():
            note(line)
            change(line)
        assert BusinessLine.history.count() == 2
        assert set(BusinessLine.history.values_list("ledger_record", flat=True)) <= set(
            Record.objects.values_list("pk", flat=True)
        )


def test_copy_is_covered_too():
    line = make_line()
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy("COPY core_businessline (id, code, name) FROM STDIN") as copy,
    ):
        copy.write_row((clock.uuid7(), "copied", "x"))
    assert list(BusinessLine.objects.values_list("code", flat=True)) == [line.code]


def test_the_record_of_another_transaction_does_not_count():
    line = make_line()
    old = Record.objects.latest("id")
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('vouchsafe.records', %s, true)", [str(old.pk)])
        cursor.execute("UPDATE core_businessline SET name = 'forged'")
    assert line.history.count() == 1


def test_a_record_rolled_back_with_its_savepoint_does_not_count():
    line = make_line()
    with pytest.raises(IntegrityError), transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            note(line)
            raise ZeroDivisionError
        BusinessLine.objects.filter(pk=line.pk).update(name="x")


def test_of_several_records_the_one_about_the_object_is_chosen():
    first, second = make_line(), make_line("wealth", "Wealth")
    with transaction.atomic():
        BusinessLine.objects.update(name="both")
        note(first)
        note(second)
    objects = {
        line: Record.objects.get(pk=line.history.first().ledger_record).object
        for line in (first, second)
    }
    assert objects == {line: f"line:{line.pk}" for line in (first, second)}


def test_what_is_not_kept_needs_no_record_and_makes_no_row():
    user = make_user()
    rows = user.history.count()
    User.objects.filter(pk=user.pk).update(last_login=clock.now(), password="x")
    assert user.history.count() == rows


def test_grants_of_roles_and_lines_are_kept():
    line = make_line()
    user = make_user("author", lines=[line])
    set_roles(
        user_id=user.pk,
        roles=[Role.AUDITOR],
        actor=actor_of(make_user("administrator")),
        now=clock.now(),
    )
    kept = [
        (row.history_type, row.kind, row.name)
        for row in GrantHistory.objects.filter(user_id=user.pk).order_by("history_id")
    ]
    assert sorted(kept[:2]) == [("+", "line", str(line.pk)), ("+", "role", "author")]
    assert sorted(kept[2:]) == [("+", "role", "auditor"), ("-", "role", "author")]


def test_a_role_given_by_raw_sql_is_refused():
    user = make_user()
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_user_groups (user_id, group_id) "
            "SELECT %s, id FROM auth_group LIMIT 1",
            [user.pk],
        )
    assert User.objects.get(pk=user.pk).roles == frozenset()


@pytest.mark.parametrize("verb", ["UPDATE {} SET history_type = '~'", "DELETE FROM {}",
                                  "TRUNCATE {}", "INSERT INTO {} SELECT * FROM {}"])  # fmt: skip
def test_the_application_cannot_write_history_itself(verb):
    for model in (BusinessLine.history.model, GrantHistory, Topic.history.model):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(verb.replace("{}", model._meta.db_table))


def test_the_owner_cannot_change_history_either(admin_conninfo):
    make_line()
    for verb in ("UPDATE core_historicalbusinessline SET name = ''",
                 "DELETE FROM core_historicalbusinessline"):  # fmt: skip
        with (
            psycopg.connect(admin_conninfo) as admin,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
        ):
            admin.execute("SET session_replication_role = replica")
            admin.execute(verb)


def test_every_model_with_a_history_is_watched_by_the_database():
    """One that nobody told `core.history.sql.track` about would lose its history silently."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgname = tgrelid::regclass::text || '_history' AND tgenabled = 'A' "
            "AND tgdeferrable AND tginitdeferred"
        )
        watched = {row[0] for row in cursor.fetchall()}
    assert {model._meta.db_table for model in tracked()} - watched == set()
    assert {"core_user_groups", "guardian_userobjectpermission"} <= watched
    for model in tracked():
        assert model.history.model._meta.get_field("ledger_record"), model


def test_a_history_keeps_no_secrets_and_no_addresses():
    names = {
        f"{model.__name__}.{field.name}"
        for model in tracked()
        for field in model.history.model._meta.get_fields()
    }
    words = ("password", "secret", "email", "sealed", "first_name", "last_name", "phone")
    assert [name for name in sorted(names) if any(word in name for word in words)] == []


def test_a_draft_can_be_read_as_it_stood():
    version = make_draft()
    before = {(v.channel, v.language): v.body for v in version.variants.all()}
    instant = clock.now()
    from templates_mgmt import services as templates
    from tests.templates_mgmt.builders import FACTS, PLACEHOLDERS, VARIANTS

    templates.save_draft(
        version_id=version.pk,
        facts=FACTS,
        placeholders=PLACEHOLDERS,
        variants=[{**VARIANTS[0], "body": "{{ name }} other words {{ since }}{{ risk }}"}],
        actor=actor_of(version.created_by),
        now=clock.now(),
    )
    model = type(version.variants.first())
    then = {
        (v.channel, v.language): v.body
        for v in model.history.as_of(instant).filter(version_id=version.pk)
    }
    assert then == before
    assert version.variants.count() == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6))
def test_history_answers_every_instant(names):
    """Whatever the changes: as of each instant the name is the one that stood then."""
    line = services.create_line(
        code=f"l{clock.uuid7().hex[-12:]}", name="0", actor=system("t"), now=clock.now()
    )
    stood = [(clock.now(), "0")]
    for name in names:
        now = clock.now() + dt.timedelta(microseconds=1)
        services.rename_line(line_id=line.pk, name=name, actor=system("t"), now=now)
        stood.append((now, name))
    for instant, name in stood:
        assert line.history.as_of(instant).name == name


_LOG = "the log's own machinery; the log is what proves it"
_EVENTS = "bulk path: its steps are events and records, each append-only"
_STEPS = "every step of it is a record, its legal moves are held in SQL"
# Tables of ours that may change and keep no history, and why.
NO_HISTORY = {
    **dict.fromkeys(
        (
            "crisis_call",
            "crisis_crisisplan",
            "crisis_crisisplanversion",
            "crisis_criterionset",
            "crisis_criterionsetversion",
            "crisis_drill",
            "crisis_drillfinding",
            "crisis_handbook",
            "crisis_handbookversion",
            "crisis_indicatortable",
            "crisis_indicatortableversion",
            "crisis_lostcontact",
            "crisis_page",
            "crisis_partycontact",
            "crisis_proof",
            "crisis_retrospectiveversion",
            "crisis_riskmatrix",
            "crisis_statement",
        ),
        _STEPS,
    ),
    "crisis_clock": _STEPS,
    "crisis_clockpause": _STEPS,
    "crisis_regulatorreport": "never changes; its versions do",
    "crisis_regulatorreportversion": _STEPS,
    "crisis_clocktable": "one row, which a trigger keeps as it is",
    "crisis_clocktableversion": _STEPS,
    "audit_exportbuild": "how far a build is; gone when it ends; its records say the rest",
    "audit_exportpart": "how far a build is; gone when it ends",
    "audit_accessreview": _STEPS,
    "audit_attestor": _LOG,
    "audit_pending": _LOG,
    "audit_proposalitem": _STEPS,
    "audit_queryanswer": _STEPS,
    "audit_retentionproposal": _STEPS,
    "audit_retiredkek": _STEPS,
    "audit_reviewitem": _STEPS,
    "audit_savedquery": _STEPS,
    "audit_sequencerstate": _LOG,
    "audit_subjectkey": "wrapped keys: a copy would outlive their destruction",
    "audit_verification": _LOG,
    "comms_delivery": _EVENTS,
    "comms_dryrun": _STEPS,
    "comms_dryrunjob": _STEPS,
    "comms_exclusion": _EVENTS,
    "comms_inboxmessage": _EVENTS,
    "comms_rawreceipt": _EVENTS,
    "comms_tally": "sums that triggers keep of deliveries",
    "core_idempotencykey": "stored answers of requests, whose acts are recorded",
    "core_savedview": "made and removed by one person, never changed; both are records",
    "core_throttlewindow": "counting of attempts",
    "investors_consentstate": "what the newest entries of the consent ledger say",
    "investors_contactpoint": "personal: kept where it can be erased; each change is a record",
    "investors_erasurerequest": _STEPS,
    "investors_importbatch": _STEPS,
    "investors_importrejection": "personal: rows to be mended, forgotten afterwards",
    "investors_investor": "personal: kept where it can be erased; each change is a record",
    "portal_bounddevice": "a device of an investor; bound and removed by record",
    "portal_investorlogincode": "a one-time code, gone after a day",
    "templates_mgmt_remindermail": _STEPS,
    "templates_mgmt_absence": _STEPS,
    "templates_mgmt_comment": _STEPS,
    "templates_mgmt_rereview": _STEPS,
    "templates_mgmt_reviewgroup": _STEPS,
    "templates_mgmt_reviewplan": _STEPS,
    "templates_mgmt_reviewplanversion": _STEPS,
    "templates_mgmt_justification": _STEPS,
    "templates_mgmt_unsavedwords": "nobody's words yet: gone when saved, or after 30 days",
    "templates_mgmt_contributor": "only grows: a trigger writes it",
}


def test_every_table_that_may_change_has_a_history_or_a_reason():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
            "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND "
            "(has_table_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE'))"
        )
        mutable = {row[0] for row in cursor.fetchall()}
    ours = {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label
        in {"core", "audit", "investors", "templates_mgmt", "comms", "crisis", "supervision",
            "portal"}
    }  # fmt: skip
    kept = {model._meta.db_table for model in tracked()}
    assert sorted((mutable & ours) - kept - NO_HISTORY.keys()) == []
    assert sorted(NO_HISTORY.keys() & kept) == []
