"""A regulator export proves itself, and any change to it is found (L8)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import bagit
import pytest
from django.core.management import CommandError, call_command

from audit import keys, sealing, sequencer
from audit.export import service, verifier
from audit.models import Export, ExportState, Leaf, Record
from audit.services import download_export
from core.actor import system
from core.errors import Conflict, Forbidden, InvalidInput, StepUpRequired
from core.roles import Role
from tests.audit.builders import NOW, as_superuser, grow, staff, write

pytestmark = pytest.mark.django_db(transaction=True)

VERIFIER = Path(verifier.__file__)


def run_verifier(bag: Path, *arguments: str, python: str = sys.executable):
    """The stand-alone verifier in a process without site packages or environment."""
    return subprocess.run(
        [python, "-I", "-S", str(VERIFIER), str(bag), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture
def notice() -> uuid.UUID:
    """A notice with its trail: drafting and approval, deliveries, and foreign records around."""
    notice, version, template = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    write(4, action="template.drafted", version=version, template=template)
    write(300)
    write(1, action="notice.created", notice=notice, version=version)
    for channel in range(5):
        write(20, action="delivery.accepted", notice=notice, delivery=uuid.uuid4())
        write(3, action="delivery.accepted", notice=uuid.uuid4(), version=version)
        assert channel >= 0
    sequencer.catch_up(now=NOW)
    return notice


@pytest.fixture
def bag(request, tmp_path, tmp_path_factory) -> Path:
    """A copy of one bag, built once for all tests that only read or damage it."""
    if not SAVED:
        made = built(request.getfixturevalue("notice"))
        SAVED.append(shutil.copytree(made, tmp_path_factory.mktemp("saved") / "bag"))
    return Path(shutil.copytree(SAVED[0], tmp_path / "copy"))


SAVED: list[Path] = []


def built(notice: uuid.UUID, **options: object) -> Path:
    export = service.create_export(
        notice_id=notice, reason="Letter 12", recipient="监管局", actor=system("test"), now=NOW
    )
    return Path(service.build_export(export_id=export.pk, now=NOW, **options).path)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


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


def test_the_bag_is_a_bag_to_the_library_of_congress(bag):
    bagit.Bag(str(bag)).validate()


def test_the_bags_own_copy_of_the_verifier_works_too(bag):
    done = subprocess.run(
        [sys.executable, "-I", "-S", "data/verify.py", "."],
        cwd=bag,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def interpreter(version: str) -> str:
    """A Python of that version on this machine, or skip."""
    homes = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for python in (shutil.which(f"python{version}"), *map(str, homes)):
        if (
            python
            and not subprocess.run([python, "-V"], check=False, capture_output=True).returncode
        ):
            return python
    pytest.skip(f"no python{version} here")


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.13"])
def test_the_verifier_runs_on_old_and_new_pythons(version, bag):
    done = run_verifier(bag, python=interpreter(version))
    assert done.returncode == 0, done.stderr


def test_records_are_the_exact_leaf_bytes(notice):
    from audit import store

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


def test_records_not_yet_in_the_log_are_counted(notice, admin_conninfo):
    import psycopg

    write(2, action="notice.late", notice=notice)
    with psycopg.connect(admin_conninfo) as other:
        other.execute("SELECT * FROM audit_sequencerstate FOR UPDATE")
        patience = sequencer.catch_up.__kwdefaults__
        before, patience["patience"] = patience["patience"], 0.1
        try:
            bag = built(notice)
        finally:
            patience["patience"] = before
    assert json.loads((bag / "data/statement.json").read_bytes())["records_not_yet_in_the_log"] == 3
    assert "not yet in the log: 3." in run_verifier(bag).stdout


def test_progress_is_told(notice):
    seen: list[tuple[int, int]] = []
    built(notice, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]


# --- what is found --------------------------------------------------------------------------


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))


def test_any_flipped_bit_is_found_and_its_file_named(bag):
    for path in [each for each in bag.rglob("*") if each.is_file()]:
        name = path.relative_to(bag).as_posix()
        whole = path.read_bytes()
        places = range(len(whole)) if name == "data/checkpoint" else (0, 7, len(whole) // 2, -1)
        for at in places:
            flip(path, at, bit=at % 8)
            with pytest.raises((verifier.Wrong, SystemExit)) as caught:
                verifier.check(bag, None)
            assert name in str(caught.value), (name, at, str(caught.value))
            path.write_bytes(whole)
    assert verifier.check(bag, None)


@pytest.mark.parametrize("name", [*verifier.PAYLOAD, *verifier.TAG_FILES, "tagmanifest-sha256.txt"])
def test_a_flip_makes_the_program_fail(name, bag):
    flip(bag / name, 20, bit=5)
    done = run_verifier(bag)
    assert done.returncode == 1
    assert name in done.stderr


def test_missing_extra_and_linked_files_are_named(bag):
    (bag / "data/report.pdf").rename(bag / "data/report2.pdf")
    done = run_verifier(bag)
    assert "data/report.pdf: is missing" in done.stderr
    assert "data/report2.pdf: does not belong to the bag" in done.stderr
    (bag / "data/report2.pdf").rename(bag / "data/report.pdf")
    (bag / "link").symlink_to("/etc/passwd")
    assert "link: is a link" in run_verifier(bag).stderr
    (bag / "link").unlink()
    (bag / "empty").mkdir()
    assert "empty: is an empty folder" in run_verifier(bag).stderr


def reseal(bag: Path) -> None:
    """Make the manifests fit whatever was changed, as a clever forger would."""
    for manifest, paths in (
        ("manifest-sha256.txt", verifier.PAYLOAD),
        ("tagmanifest-sha256.txt", verifier.TAG_FILES),
    ):
        text = "".join(f"{verifier.sha256_of(bag / path)}  {path}\n" for path in sorted(paths))
        (bag / manifest).write_text(text)


FORGERIES = {
    "edit a record": ("data/records.jsonl", b"notice.created", b"notice.crested"),
    "edit the table": ("data/records.csv", b"notice.created", b"notice.crested"),
    "edit a proof": ("data/proofs/inclusion.jsonl", b'"index":3', b'"index":4'),
    "edit the checkpoint": ("data/checkpoint", b"\n4", b"\n5"),
    "another count": ("data/statement.json", b'"records": 106', b'"records": 104'),
    "another scope": ("data/statement.json", b'"notice": "', b'"notice": "0'),
}


@pytest.mark.parametrize("deed", FORGERIES)
def test_a_forger_who_mends_the_manifests_is_found(deed, bag):
    name, old, new = FORGERIES[deed]
    data = (bag / name).read_bytes()
    assert old in data
    (bag / name).write_bytes(data.replace(old, new, 1))
    reseal(bag)
    done = run_verifier(bag)
    assert done.returncode == 1
    expected = "data/records.jsonl" if deed == "another scope" else name
    assert expected in done.stderr


def test_a_dropped_record_is_found(bag):
    for name in ("data/records.jsonl", "data/proofs/inclusion.jsonl"):
        kept = (bag / name).read_bytes().splitlines(keepends=True)
        (bag / name).write_bytes(b"".join(kept[:5] + kept[6:]))
    reseal(bag)
    assert "data/records.csv: differs" in run_verifier(bag).stderr


def test_a_bag_of_another_key_does_not_pass_for_ours(notice, settings, tmp_path):
    bag, ours = built(notice), str(keys.verifier_key())
    settings.KEY_DIR = tmp_path / "other-keys"
    theirs = str(keys.verifier_key())
    assert run_verifier(bag, "--key", ours).returncode == 0
    done = run_verifier(bag, "--key", theirs)
    assert (done.returncode, "data/key: is not the key that you gave" in done.stderr) == (1, True)


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


# --- commands -------------------------------------------------------------------------------


def test_the_command_writes_a_bag_where_asked(notice, tmp_path):
    out, target = io.StringIO(), tmp_path / "bag"
    call_command("export_regulator", notice=notice, out=target, json=True, stdout=out)
    facts = json.loads(out.getvalue())
    assert (facts["records"], facts["path"]) == (106, str(target))  # the request itself is one
    assert run_verifier(target).returncode == 0
    with pytest.raises(CommandError, match="not an empty folder") as caught:
        call_command("export_regulator", notice=notice, out=target)
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--from", "2026-01-01"],
        ["--from", "2026-01-01", "--to", "never"],
        ["--from", "2026-02-30", "--to", "2026-03-01"],
        ["--from", "2026-03-01", "--to", "2026-03-01"],
        ["--notice", str(uuid.uuid4())],
    ],
)
def test_the_command_refuses_wrong_usage(arguments, tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command("export_regulator", *arguments, "--out", str(tmp_path / "bag"))
    assert caught.value.returncode == 2


def test_tiles_and_checkpoint_as_static_files(tmp_path):
    from audit import merkle

    grow(255, 1, 300)
    call_command("ledger_tiles", "--out", str(tmp_path), stdout=io.StringIO())

    def read(tiles):
        return {tile: (tmp_path / tile.path).read_bytes() for tile in tiles}

    head = (tmp_path / "checkpoint").read_text().split("\n")
    root = merkle.tree_root(556, read)
    assert int(head[1]) == 556
    assert merkle.root_from_hashes(bytes(leaf.hash) for leaf in Leaf.objects.all()) == root
    bundle = merkle.decode_entries((tmp_path / "tile/entries/000").read_bytes())
    assert merkle.leaf_hashes(bundle) == [bytes(leaf.hash) for leaf in Leaf.objects.all()[:256]]


def test_the_key_is_printed_on_one_line():
    out = io.StringIO()
    call_command("ledger_key", stdout=out)
    assert out.getvalue() == f"{keys.verifier_key()}\n"


def test_production_makes_no_key_by_surprise(settings, tmp_path):
    from core.errors import Misconfigured

    settings.KEY_DIR, settings.PRODUCTION = tmp_path / "none", True
    with pytest.raises(Misconfigured):
        keys.signer()
    settings.PRODUCTION = False
    keys.signer()
    assert (tmp_path / "none" / "ledger.key").stat().st_mode & 0o777 == 0o600
