"""Who asks for an export, who lets it be made, who sees it and who takes it away (L8)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import sealing
from audit.export import building, files, handout, requests, rules, selectors
from audit.export.rules import ExportState
from audit.models import Export, Record
from core.actor import Actor, system
from core.errors import (
    Conflict,
    Forbidden,
    FourEyesViolation,
    IllegalTransition,
    InvalidInput,
    NotFound,
    StepUpRequired,
)
from core.roles import Capability, Role
from tests.audit.builders import NOW, staff
from tests.audit.exports import approved, ready, requested
from tests.core.builders import make_user
from tests.recorded import recorded

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


def holding(actor: Actor, *more: Capability) -> Actor:
    return replace(actor, capabilities=actor.capabilities | frozenset(more))


# --- asking ---------------------------------------------------------------------------------


def test_asking_needs_the_right_and_a_fresh_second_factor(notice):
    auditor = staff(Role.AUDITOR)
    export = requested(notice=notice, by=auditor)
    assert export.state == ExportState.REQUESTED
    entry = Record.objects.get(action="export.requested")
    assert (entry.notice, entry.staff, entry.object) == (
        notice, auditor.user_id, f"export:{export.pk}",
    )  # fmt: skip
    key = sealing.key_of(auditor.user_id)
    assert sealing.unseal_text(key, entry.sealed, context="audit.typed") == "监管局\nLetter 12"
    with pytest.raises(StepUpRequired):
        requested(notice=notice, by=staff(Role.AUDITOR, now=None))
    for other in (staff(Role.AUTHOR), staff(Role.REGULATOR), system("exporter")):
        with pytest.raises(Forbidden):
            requested(notice=notice, by=other)


DAY = (NOW, NOW + dt.timedelta(1))


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("notice", {}),
        ("notice", {"notice": uuid.uuid4(), "investor": uuid.uuid4()}),
        ("notice", {"notice": uuid.uuid4()}),
        ("incident", {"incident": uuid.uuid4(), "period": DAY}),
        ("period_to", {"period": (NOW, NOW)}),
        ("reason", {"period": DAY, "reason": " "}),
        ("recipient", {"period": DAY, "recipient": " "}),
        ("recipient_user", {"period": DAY, "recipient_user": uuid.uuid4()}),
    ],
)
def test_a_bad_request_names_the_field(field, wanted):
    with pytest.raises(InvalidInput) as caught:
        requested(**wanted)
    assert caught.value.field == field
    assert Export.objects.count() == 0


def test_only_a_regulators_account_can_be_the_recipient():
    auditor, regulator = make_user(Role.AUDITOR), make_user(Role.REGULATOR)
    with pytest.raises(InvalidInput):
        requested(period=DAY, recipient_user=auditor.pk)
    assert requested(period=DAY, recipient_user=regulator.pk).recipient_user == regulator.pk


# --- deciding -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.PRIVACY_OFFICER])
def test_another_person_approves(role, notice):
    officer = staff(role)
    export = approved(notice=notice, by=officer)
    assert (export.state, export.decided_by) == (ExportState.APPROVED, officer.user_id)
    assert Record.objects.get(action="export.approved").staff == officer.user_id
    with pytest.raises(IllegalTransition):  # a second tab
        requests.approve_export(export_id=export.pk, actor=officer, now=NOW)
    with pytest.raises(NotFound):  # it no longer waits for the others
        requests.approve_export(export_id=export.pk, actor=staff(role), now=NOW)


def test_nobody_approves_their_own_request(notice):
    both = holding(staff(Role.AUDITOR), Capability.EXPORTS_APPROVE)
    export = requested(notice=notice, by=both)
    key = replace(both, kind="key", id=str(uuid.uuid4()))  # the same person behind an API key
    for actor in (both, key):
        with pytest.raises(FourEyesViolation):
            requests.approve_export(export_id=export.pk, actor=actor, now=NOW)
    assert not Record.objects.filter(action="export.approved").exists()


def test_the_recipient_does_not_approve(notice):
    regulator = make_user(Role.REGULATOR)
    export = requested(notice=notice, recipient_user=regulator.pk)
    officer = replace(staff(Role.PRIVACY_OFFICER), user_id=regulator.pk)
    with pytest.raises(FourEyesViolation):
        requests.approve_export(export_id=export.pk, actor=officer, now=NOW)


def test_approving_needs_the_right_and_a_fresh_second_factor(notice):
    export = requested(notice=notice)
    with pytest.raises(StepUpRequired):
        requests.approve_export(
            export_id=export.pk, actor=staff(Role.PRIVACY_OFFICER, now=None), now=NOW
        )
    for role in (Role.AUDITOR, Role.REGULATOR, Role.ADMINISTRATOR):
        with pytest.raises(Forbidden):
            requests.approve_export(export_id=export.pk, actor=staff(role), now=NOW)


def test_refusing_needs_a_reason_and_ends_it(notice):
    export = requested(notice=notice)
    options = {"export_id": export.pk, "actor": staff(Role.REVIEWER), "now": NOW}
    with pytest.raises(InvalidInput):
        requests.refuse_export(reason=" ", **options)
    refused = requests.refuse_export(reason="Too wide", **options)
    assert (refused.state, refused.decision_reason) == (ExportState.REFUSED, "Too wide")
    assert Record.objects.filter(action="export.refused").count() == 1
    with pytest.raises(IllegalTransition):
        building.build_export(export_id=export.pk, now=NOW)


# --- the same below Python ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "state = 'approved'",
        "state = 'approved', decided_by = requested_by, decided_at = now()",
        "state = 'approved', decided_by = recipient_user, decided_at = now()",
        "state = 'ready'",
        "state = 'building'",
        "decided_by = gen_random_uuid()",
        "requested_by = gen_random_uuid()",
        "notice = gen_random_uuid()",
        "recipient = 'somebody else'",
        "watermark = 'AAAA-AAAA-AAAA-AAAA'",
    ],
)
def test_the_database_refuses_too(change, notice, admin_conninfo):
    regulator = make_user(Role.REGULATOR)
    export = requested(notice=notice, recipient_user=regulator.pk)
    sql = f"UPDATE audit_export SET {change} WHERE id = %s"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [export.pk])
    with psycopg.connect(admin_conninfo) as admin, pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(sql, [export.pk])


def test_a_decision_and_what_was_made_cannot_change(notice):
    export = ready(notice=notice)
    for change in ("decided_by = gen_random_uuid()", "records = 1", "manifest = ''"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE audit_export SET {change} WHERE id = %s", [export.pk])


def test_an_export_is_not_deleted_and_does_not_start_approved(notice, admin_conninfo):
    export = requested(notice=notice)
    for statement in ("DELETE FROM audit_export", "TRUNCATE audit_export"):
        with psycopg.connect(admin_conninfo) as admin, pytest.raises(psycopg.Error):
            admin.execute(statement)
    export.pk, export.watermark = uuid.uuid4(), rules.new_watermark()
    export.state, export.decided_by, export.decided_at = "approved", uuid.uuid4(), NOW
    with pytest.raises(IntegrityError):
        export.save(force_insert=True)


# --- seeing ---------------------------------------------------------------------------------


def test_an_export_is_seen_by_its_people_and_by_auditors_only(notice):
    asker, officer, regulator = (
        staff(Role.AUDITOR), staff(Role.PRIVACY_OFFICER), make_user(Role.REGULATOR),
    )  # fmt: skip
    named = replace(staff(Role.REGULATOR), user_id=regulator.pk)
    export = requested(notice=notice, by=asker, recipient_user=regulator.pk)
    with pytest.raises(NotFound):  # not before it is made
        selectors.export_for(export.pk, named)
    assert selectors.export_for(export.pk, staff(Role.REVIEWER)) == export  # it waits for them
    requests.approve_export(export_id=export.pk, actor=officer, now=NOW)
    building.build_export(export_id=export.pk, now=NOW)
    for actor in (asker, officer, named, staff(Role.AUDITOR)):
        assert selectors.export_for(export.pk, actor) == export
    for actor in (staff(Role.REGULATOR), staff(Role.REVIEWER), staff(Role.PRIVACY_OFFICER)):
        with pytest.raises(NotFound):
            selectors.export_for(export.pk, actor)


PEOPLE = [uuid.UUID(int=n) for n in range(1, 4)]
person = st.sampled_from(PEOPLE)


@given(
    who=person,
    roles=st.frozensets(
        st.sampled_from([Role.AUDITOR, Role.REVIEWER, Role.REGULATOR, Role.AUTHOR])
    ),
    asker=person,
    officer=person,
    recipient=st.none() | person,
    steps=st.sampled_from(["requested", "refused", "approved", "failed", "ready", "withdrawn"]),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_rule_and_the_query_agree(who, roles, asker, officer, recipient, steps):
    if officer in {asker, recipient}:
        return
    with transaction.atomic():
        export = Export.objects.create(
            period_from=DAY[0], period_to=DAY[1], reason="x", recipient="x", requested_at=NOW,
            requested_by=asker, recipient_user=recipient,
        )  # fmt: skip
        path = {
            "requested": [], "refused": ["refused"], "approved": ["approved"],
            "failed": ["approved", "building", "failed"],
            "ready": ["approved", "building", "ready"],
            "withdrawn": ["approved", "building", "ready", "withdrawn"],
        }[steps]  # fmt: skip
        for state in path:
            export.state = state
            if state in {"refused", "approved"}:
                export.decided_by, export.decided_at = officer, NOW
            if state in {"failed", "ready"}:
                export.finished_at = NOW
            export.save()
        actor = replace(staff(*roles), user_id=who)
        seen = selectors.visible_exports(actor).filter(pk=export.pk).exists()
        assert seen == rules.may_see(actor, export.parties)
        transaction.set_rollback(True)


def test_the_system_sees_none(notice):
    requested(notice=notice)
    assert not selectors.visible_exports(system("exporter")).exists()


# --- handing out ----------------------------------------------------------------------------


def test_a_download_is_recorded_with_the_files_hash(notice):
    regulator = make_user(Role.REGULATOR)
    named = replace(staff(Role.REGULATOR), user_id=regulator.pk)
    made = ready(notice=notice, recipient_user=regulator.pk)
    handout.download_export(export_id=made.pk, actor=named, now=NOW)
    entry = Record.objects.get(action="export.downloaded")
    assert (entry.staff, entry.object) == (regulator.pk, f"export:{made.pk}")
    assert entry.content == {
        "archive_sha256": files.sha256_of(files.archive_of(made.pk)),
        "manifest_sha256": made.manifest,
        "watermark": made.watermark,
    }
    with pytest.raises(StepUpRequired):
        handout.download_export(
            export_id=made.pk, actor=replace(named, stepped_up_at=None), now=NOW
        )
    with pytest.raises(Forbidden):
        handout.download_export(export_id=made.pk, actor=staff(Role.PRIVACY_OFFICER), now=NOW)
    with pytest.raises(NotFound):
        handout.download_export(export_id=made.pk, actor=staff(Role.REGULATOR), now=NOW)
    assert Record.objects.filter(action="export.downloaded").count() == 1


def test_only_what_is_ready_and_whole_is_handed_out(notice):
    export, auditor = approved(notice=notice), staff(Role.AUDITOR)
    options = {"export_id": export.pk, "actor": auditor, "now": NOW}
    with pytest.raises(Conflict, match="not ready"):
        handout.download_export(**options)
    building.build_export(export_id=export.pk, now=NOW)
    archive = files.archive_of(export.pk)
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-1] + b"x")
    with pytest.raises(Conflict, match="not the one that was made"):
        handout.download_export(**options)
    archive.unlink()
    with pytest.raises(NotFound):
        handout.download_export(**options)
    assert not Record.objects.filter(action="export.downloaded").exists()


# --- its end --------------------------------------------------------------------------------


def test_files_go_when_their_time_is_over(notice, settings):
    settings.EXPORT_DAYS = 3
    made = ready(notice=notice)
    assert dt.timedelta(days=3) <= made.expires_at - NOW < dt.timedelta(days=3, minutes=5)
    bag = Path(made.path)
    assert requests.expire_exports(now=NOW + dt.timedelta(days=2)) == 0
    assert requests.expire_exports(now=NOW + dt.timedelta(days=4)) == 1
    made.refresh_from_db()
    assert (made.state, made.path, bag.exists()) == (ExportState.EXPIRED, "", False)
    assert not files.archive_of(made.pk).exists()
    assert Record.objects.get(action="export.expired").actor == "system:exporter"
    assert requests.expire_exports(now=NOW + dt.timedelta(days=5)) == 0
    with pytest.raises(Conflict, match="deleted"):
        handout.download_export(export_id=made.pk, actor=staff(Role.AUDITOR), now=NOW)


def test_files_that_a_dying_process_left_go_at_the_next_round(notice):
    made = ready(notice=notice)
    with recorded():
        Export.objects.filter(pk=made.pk).update(state=ExportState.WITHDRAWN)
    assert requests.expire_exports(now=NOW) == 0
    assert not Path(made.path).exists()


@pytest.mark.parametrize("when", ["requested", "approved", "ready"])
def test_who_asked_takes_it_back(when, notice):
    asker = staff(Role.AUDITOR)
    make = {"requested": requested, "approved": _approved_of, "ready": _ready_of}[when]
    export = make(notice=notice, by=asker)
    options = {"export_id": export.pk, "now": NOW}
    with pytest.raises(InvalidInput):
        requests.withdraw_export(reason="", actor=asker, **options)
    with pytest.raises(StepUpRequired):
        requests.withdraw_export(reason="x", actor=replace(asker, stepped_up_at=None), **options)
    with pytest.raises(Forbidden):
        requests.withdraw_export(reason="x", actor=staff(Role.AUDITOR), **options)
    ended = requests.withdraw_export(reason="Wrong notice", actor=asker, **options)
    assert (ended.state, ended.ended_reason) == (ExportState.WITHDRAWN, "Wrong notice")
    assert not files.bag_of(export.pk).exists()
    assert Record.objects.filter(action="export.withdrawn").count() == 1


def _approved_of(*, notice: uuid.UUID, by: Actor) -> Export:
    export = requested(notice=notice, by=by)
    return requests.approve_export(export_id=export.pk, actor=staff(Role.REVIEWER), now=NOW)


def _ready_of(*, notice: uuid.UUID, by: Actor) -> Export:
    return building.build_export(export_id=_approved_of(notice=notice, by=by).pk, now=NOW)


# --- pure rules -----------------------------------------------------------------------------


def test_a_watermark_is_read_as_people_copy_it():
    mark = rules.new_watermark()
    assert rules.read_watermark(f"  {mark.lower().replace('-', ' ')}") == mark
    assert rules.read_watermark("OIL0-0000-0000-0000") == "0110-0000-0000-0000"
    assert rules.read_watermark("") is None
    assert rules.read_watermark("U" * 16) is None


def test_the_pace_of_a_build():
    pace = rules.pace(done=500, total=2000, started=NOW, now=NOW + dt.timedelta(seconds=5))
    assert (pace.rate, pace.left) == (100.0, dt.timedelta(seconds=15))
    assert rules.pace(done=0, total=9, started=NOW, now=NOW + MINUTE).left is None
    assert rules.pace(done=1, total=9, started=None, now=NOW).rate is None
