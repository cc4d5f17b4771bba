"""A regulator export: what it holds, and who may have it (L8)."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import json
import uuid
import zipfile
from pathlib import Path

import psycopg
import pytest

from audit import keys, sealing, sequencer, store
from audit.export import service, verifier
from audit.models import Export, ExportState, Record
from audit.services import download_export
from core.actor import system
from core.errors import Conflict, Forbidden, InvalidInput, StepUpRequired
from core.roles import Role
from tests.audit.builders import NOW, as_superuser, grow, staff, write
from tests.audit.exports import built, lines, run_verifier

pytestmark = pytest.mark.django_db(transaction=True)

# --- what it holds --------------------------------------------------------------------------


def test_a_notice_with_its_trail_is_exported_and_proves_itself(notice):
    bag = built(notice)
    records = lines(bag / "data/records.jsonl")
    assert len(records) == 4 + 1 + 100 + 1
    assert {each["action"] for each in records} == {
        "template.drafted", "notice.created", "delivery.accepted", "export.requested",
    }  # fmt: skip
    done = run_verifier(bag, "--key", str(keys.verifier_key()))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Records: 106, each one proved" in done.stdout
    assert "The key is the one that you gave" in done.stdout


def test_records_are_the_exact_leaf_bytes(notice):
    bag = built(notice)
    exported = set((bag / "data/records.jsonl").read_bytes().splitlines())
    logged = dict(store.leaf_rows(0, 1000))
    assert exported <= set(logged.values())


def test_the_table_is_neutralised(bag):
    rows = list(csv.reader(io.StringIO((bag / "data/records.csv").read_text("utf-8-sig"))))
    assert rows[0] == verifier.COLUMNS
    assert len(rows) == 107
    for text in ("=1+1", "+1", "-1", "@x", "\tx", "\0x", "\rx", "＝1"):
        assert verifier.cell(text) == "'" + text
    assert verifier.cell("1=1") == "1=1"


def test_the_report_is_a_pdf_with_content(bag):
    data = (bag / "data/report.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(data) > 10_000


def test_a_period_is_half_open():
    for minute in range(4):
        write(2, action=f"test.minute{minute}", now=NOW + dt.timedelta(minutes=minute))
    period = (NOW + dt.timedelta(minutes=1), NOW + dt.timedelta(minutes=3))
    export = service.create_export(period=period, reason="Quarter", actor=system("test"), now=NOW)
    made = service.build_export(export_id=export.pk, now=NOW)
    found = {each["action"] for each in lines(Path(made.path) / "data/records.jsonl")}
    assert (made.records, found) == (4, {"test.minute1", "test.minute2"})
    assert run_verifier(Path(made.path)).returncode == 0


def test_an_empty_period_is_an_honest_empty_bag():
    grow(3)
    period = (NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1))
    export = service.create_export(period=period, reason="Quarter", actor=system("test"), now=NOW)
    made = service.build_export(export_id=export.pk, now=NOW)
    assert made.records == 0
    assert run_verifier(Path(made.path)).returncode == 0


def test_records_not_yet_in_the_log_are_counted(notice, admin_conninfo, monkeypatch):
    impatient = functools.partial(sequencer.catch_up, patience=0.1)
    monkeypatch.setattr(sequencer, "catch_up", impatient)
    write(2, action="notice.late", notice=notice)
    with psycopg.connect(admin_conninfo) as other:
        other.execute("SELECT * FROM audit_sequencerstate FOR UPDATE")
        bag = built(notice)
    statement = json.loads((bag / "data/statement.json").read_bytes())
    assert statement["records_not_yet_in_the_log"] == 3  # the request itself is one
    assert "not yet in the log: 3." in run_verifier(bag).stdout


def test_progress_is_told(notice):
    seen: list[tuple[int, int]] = []
    built(notice, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]


def test_a_record_altered_in_the_database_stops_the_export(notice, admin_conninfo):
    victim = Record.objects.filter(notice=notice).first()
    as_superuser(
        admin_conninfo, f"UPDATE audit_record SET payload = '{{}}' WHERE id = '{victim.pk}'"
    )
    with pytest.raises(Conflict, match=str(victim.pk)):
        built(notice)
    failed = Export.objects.get()
    assert (failed.state, str(victim.pk) in failed.error) == (ExportState.FAILED, True)
    assert Record.objects.get(action="export.failed").content == {"error": "record_altered"}
    assert not any(Path(failed.path or ".").glob(".*.unfinished"))


# --- who may --------------------------------------------------------------------------------


def test_asking_needs_the_right_and_a_fresh_second_factor(notice):
    options = {"notice_id": notice, "reason": "Letter 12", "now": NOW}
    auditor = staff(Role.AUDITOR)
    export = service.create_export(actor=auditor, recipient="监管局", **options)
    assert export.state == ExportState.REQUESTED
    entry = Record.objects.get(action="export.requested")
    assert (entry.notice, entry.staff, entry.object) == (
        notice, auditor.user_id, f"export:{export.pk}",
    )  # fmt: skip
    key = sealing.key_of(auditor.user_id)
    assert sealing.unseal_text(key, entry.sealed, context="audit.typed") == "监管局\nLetter 12"
    with pytest.raises(StepUpRequired):
        service.create_export(actor=staff(Role.AUDITOR, now=None), **options)
    with pytest.raises(Forbidden):
        service.create_export(actor=staff(Role.AUTHOR), **options)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("notice", {}),
        ("notice", {"notice_id": uuid.uuid4(), "period": (NOW, NOW + dt.timedelta(1))}),
        ("notice", {"notice_id": uuid.uuid4()}),
        ("period_to", {"period": (NOW, NOW)}),
        ("reason", {"period": (NOW, NOW + dt.timedelta(1)), "reason": " "}),
    ],
)
def test_a_bad_request_names_the_field(field, options):
    with pytest.raises(InvalidInput) as caught:
        service.create_export(**{"reason": "x", **options}, actor=system("test"), now=NOW)
    assert caught.value.field == field
    assert Export.objects.count() == 0


def test_downloads_are_recorded_and_only_of_what_is_ready(notice):
    regulator = staff(Role.REGULATOR)
    export = service.create_export(notice_id=notice, reason="x", actor=system("test"), now=NOW)
    with pytest.raises(Conflict):
        download_export(export_id=export.pk, actor=regulator, now=NOW)
    service.build_export(export_id=export.pk, now=NOW)
    got = download_export(export_id=export.pk, actor=regulator, now=NOW)
    assert Record.objects.get(action="export.downloaded").staff == regulator.user_id
    with pytest.raises(StepUpRequired):
        download_export(export_id=export.pk, actor=staff(Role.REGULATOR, now=None), now=NOW)
    with pytest.raises(Forbidden):
        download_export(export_id=export.pk, actor=staff(Role.AUTHOR), now=NOW)
    with zipfile.ZipFile(service.archive_of(got)) as archive:
        target = Path(got.path).parent / "unpacked"
        archive.extractall(target)
    assert run_verifier(next(target.iterdir())).returncode == 0


def test_lost_work_is_taken_up_again(notice):
    options = {"notice_id": notice, "reason": "x", "actor": system("test")}
    fresh = service.create_export(now=NOW, **options)
    crashed = service.create_export(now=NOW, **options)
    Export.objects.filter(pk=crashed.pk).update(state=ExportState.BUILDING)
    assert service.build_waiting(now=NOW) == 1
    assert service.build_waiting(now=NOW + dt.timedelta(minutes=1)) == 1
    assert set(Export.objects.values_list("state", flat=True)) == {ExportState.READY}
    assert service.build_export(export_id=fresh.pk, now=NOW).state == ExportState.READY
