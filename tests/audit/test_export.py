"""A regulator export: what it holds (L8)."""

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

from audit import keys, merkle, sequencer, store
from audit.export import building, files, verifier
from audit.models import Export, ExportState, Record
from core.errors import Conflict, IllegalTransition
from tests.audit.builders import NOW, as_superuser, grow, write
from tests.audit.exports import approved, built, lines, ready, requested, run_verifier
from tests.recorded import recorded

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


def test_a_notice_with_its_trail_is_exported_and_proves_itself(notice):
    bag = built(notice)
    records = lines(bag / "data/records.jsonl")
    assert len(records) == 4 + 1 + 100 + 3
    assert {each["action"] for each in records} == {
        "template.drafted", "notice.created", "delivery.accepted", "export.requested",
        "export.approved", "export.started",
    }  # fmt: skip
    done = run_verifier(bag, "--key", str(keys.verifier_key()))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Records: 108, each one proved" in done.stdout
    assert "The key is the one that you gave" in done.stdout


def test_records_are_the_exact_leaf_bytes(notice):
    bag = built(notice)
    exported = set((bag / "data/records.jsonl").read_bytes().splitlines())
    logged = dict(store.leaf_rows(0, 1000))
    assert exported <= set(logged.values())


def test_each_record_has_its_own_inclusion_proof_too(notice):
    bag = built(notice)
    checkpoint = verifier.Checkpoint((bag / "data/checkpoint").read_bytes(), "checkpoint")
    proofs = lines(bag / "data/proofs/inclusion.jsonl")[:-1]
    for proof in (proofs[0], proofs[7], proofs[-1]):
        index = proof["index"]
        text = verifier.proof_of(bag, index)
        rows = text.split("\n\n")[0].split("\n")
        assert rows[:2] == ["c2sp.org/tlog-proof@v1", f"index {index}"]
        path = [verifier.decode(row, "proof") for row in rows[2:]]
        leaf = merkle.leaf_hash(dict(store.leaf_rows(index, index + 1))[index])
        merkle.verify_inclusion(leaf, index, checkpoint.size, path, checkpoint.root)
    with pytest.raises(verifier.Wrong, match="no record of this bag"):
        verifier.proof_of(bag, checkpoint.size)


def test_the_table_is_neutralised(bag):
    rows = list(csv.reader(io.StringIO((bag / "data/records.csv").read_text("utf-8-sig"))))
    assert rows[0] == verifier.COLUMNS
    assert len(rows) == 109
    for text in ("=1+1", "+1", "-1", "@x", "\tx", "\0x", "\rx", "\nx", "＝1"):
        assert verifier.cell(text) == "'" + text
    assert verifier.cell("1=1") == "1=1"


# --- scopes ---------------------------------------------------------------------------------


def found(export: Export) -> set[str]:
    bag = Path(export.path)
    assert run_verifier(bag).returncode == 0
    return {
        each["action"]
        for each in lines(bag / "data/records.jsonl")
        if not each["action"].startswith("export.")
    }


@pytest.mark.parametrize("subject", ["notice", "investor", "template", "incident"])
def test_one_subject(subject):
    mine, other = uuid.uuid4(), uuid.uuid4()
    write(3, action="test.mine", **{subject: mine})
    write(3, action="test.other", **{subject: other})
    assert found(ready(**{subject: mine})) == {"test.mine"}


def test_a_template_with_what_its_versions_did():
    template, version = uuid.uuid4(), uuid.uuid4()
    write(1, action="template.drafted", template=template, version=version)
    write(1, action="notice.created", notice=uuid.uuid4(), version=version)
    write(1, action="notice.other", notice=uuid.uuid4(), version=uuid.uuid4())
    assert found(ready(template=template)) == {"template.drafted", "notice.created"}


def test_a_period_is_half_open():
    for minute in range(4):
        write(2, action=f"test.minute{minute}", now=NOW + minute * MINUTE)
    made = ready(period=(NOW + MINUTE, NOW + 3 * MINUTE))
    assert (made.records, found(made)) == (4, {"test.minute1", "test.minute2"})


def test_a_subject_within_a_period():
    mine = uuid.uuid4()
    for minute in range(3):
        write(1, action=f"test.minute{minute}", investor=mine, now=NOW + minute * MINUTE)
        write(1, action="test.other", now=NOW + minute * MINUTE)
    assert found(ready(investor=mine, period=(NOW + MINUTE, NOW + 2 * MINUTE))) == {"test.minute1"}


def test_an_empty_period_is_an_honest_empty_bag():
    grow(3)
    made = ready(period=(NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1)))
    assert made.records == 0
    assert run_verifier(Path(made.path)).returncode == 0


def test_the_whole_log_needs_no_hash_beside_its_records():
    grow(256, 300)
    bag = Path(ready(period=(NOW - MINUTE, NOW + MINUTE)).path)
    proofs = lines(bag / "data/proofs/inclusion.jsonl")
    assert not any(line.get("before") or line.get("after") for line in proofs)
    assert run_verifier(bag).returncode == 0


def test_records_not_yet_in_the_log_are_counted(notice, admin_conninfo, monkeypatch):
    impatient = functools.partial(sequencer.catch_up, patience=0.1)
    monkeypatch.setattr(sequencer, "catch_up", impatient)
    write(2, action="notice.late", notice=notice)
    with psycopg.connect(admin_conninfo) as other:
        other.execute("SELECT * FROM audit_sequencerstate FOR UPDATE")
        bag = built(notice)
    statement = json.loads((bag / "data/statement.json").read_bytes())
    assert statement["records_not_yet_in_the_log"] == 5  # with request, approval, start
    assert "not yet in the log: 5." in run_verifier(bag).stdout


# --- the watermark --------------------------------------------------------------------------


def test_the_watermark_stands_wherever_a_reader_looks(notice):
    made = ready(notice=notice)
    bag = Path(made.path)
    for name in ("bag-info.txt", "data/README.txt", "data/statement.json"):
        assert made.watermark in (bag / name).read_text(), name
    assert made.watermark in run_verifier(bag).stdout
    assert Record.objects.get(action="export.built").content["watermark"] == made.watermark
    assert ready(notice=notice).watermark != made.watermark


# --- building -------------------------------------------------------------------------------


def test_progress_is_told(notice):
    seen: list[tuple[int, int]] = []
    export = approved(notice=notice)
    building.build_export(
        export_id=export.pk, now=NOW, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (108, 108)


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
    assert not files.unfinished_of(failed.pk).exists()


def test_nothing_is_built_without_approval(notice):
    export = requested(notice=notice)
    with pytest.raises(IllegalTransition):
        building.build_export(export_id=export.pk, now=NOW)
    assert building.build_waiting(now=NOW + MINUTE) == 0
    export.refresh_from_db()
    assert export.state == ExportState.REQUESTED


def test_lost_work_is_taken_up_again(notice):
    fresh, crashed = approved(notice=notice), approved(notice=notice)
    with recorded():
        Export.objects.filter(pk=crashed.pk).update(state=ExportState.BUILDING)
    files.unfinished_of(crashed.pk).mkdir(parents=True)
    (files.unfinished_of(crashed.pk) / "half").write_text("x")
    assert building.build_waiting(now=NOW) == 1
    assert building.build_waiting(now=NOW + MINUTE) == 1
    assert set(Export.objects.values_list("state", flat=True)) == {ExportState.READY}
    assert building.build_export(export_id=fresh.pk, now=NOW).state == ExportState.READY
    assert not files.unfinished_of(crashed.pk).exists()


def test_the_archive_holds_the_bag(notice, tmp_path):
    made = ready(notice=notice)
    with zipfile.ZipFile(files.archive_of(made.pk)) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert run_verifier(tmp_path / "unpacked" / files.name_of(made.pk)).returncode == 0
    assert files.sha256_of(files.archive_of(made.pk)) == made.archive
