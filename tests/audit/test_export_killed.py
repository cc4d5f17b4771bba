"""A worker that dies while it builds an export (L8): nothing half-made is handed out, another
worker goes on by itself after what was kept, and makes the bag that one worker would have made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as live
from django.db import connection

from audit import sequencer
from audit.export import building, files, writing
from audit.export.models import ExportBuild
from audit.export.rules import ExportState
from audit.models import Export, Record
from tests.audit.builders import NOW, write
from tests.audit.exports import approved, run_verifier
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import os, sys, uuid
import django
django.setup()
from django.conf import settings
from pathlib import Path
from django.db import connections
name, user, host, port, export_dir, ledger_dir, key_dir, export = sys.argv[1:9]
connections["default"].settings_dict.update(
    NAME=name, USER=user, HOST=host, PORT=port, PASSWORD=os.environ["TEST_PASSWORD"], OPTIONS={}
)
settings.EXPORT_DIR, settings.LEDGER_DIR = Path(export_dir), Path(ledger_dir)
settings.KEY_DIR = Path(key_dir)
from audit.export import building, files, parts, rules, streaming, writing
from core import clock
streaming._BATCH, rules.PART = 10, 20
def halt(module, name, word):  # says the word before each call, goes on when told to
    original = getattr(module, name)
    def halting(*arguments, **named):
        print(word, flush=True)
        sys.stdin.readline()
        return original(*arguments, **named)
    setattr(module, name, halting)
halt(streaming, "_fetch", "batch")
halt(parts.Parts, "keep", "keep")
halt(writing.attestations, "write", "proved")
halt(writing, "_check", "check")
halt(files, "pack", "pack")
halt(building, "_finish", "finish")
building.build_export(export_id=uuid.UUID(export), now=clock.now())
"""


def start_worker(export_id: object) -> subprocess.Popen[str]:
    there = connection.settings_dict
    places = (live.EXPORT_DIR, live.LEDGER_DIR, live.KEY_DIR, export_id)
    where = [there["NAME"], there["USER"], there["HOST"], there["PORT"], *map(str, places)]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "TEST_PASSWORD": there["PASSWORD"] or "",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def run_until(worker: subprocess.Popen[str], word: str, times: int = 1) -> None:
    """Let the worker go on until it is about to do this for that many times."""
    assert worker.stdout is not None and worker.stdin is not None
    while times:
        said = worker.stdout.readline().strip()
        assert said, f"ended before {word}"
        times -= said == word
        if times:
            worker.stdin.write("\n")
            worker.stdin.flush()


def kill(worker: subprocess.Popen[str]) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()


def in_one_go(build: ExportBuild, directory: Path) -> dict[str, bytes]:
    """The files of a bag that is made from what a build fixed, by one worker, anew."""
    build.save(force_insert=True)
    writing.write_bag(Export.objects.get(pk=build.pk), build, directory)
    build.delete()
    return contents(directory)


def assert_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []


def contents(bag: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(bag)): path.read_bytes() for path in bag.rglob("*") if path.is_file()
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("points", "kept"),
    [
        ([("batch", 1)], 0),
        ([("batch", 5)], 40),
        ([("keep", 2)], 20),
        ([("batch", 4), ("batch", 3), ("keep", 1)], 40),
        ([("keep", 8)], 140),  # the last part is written, not kept
        ([("proved", 1)], "all"),
        ([("check", 1), ("check", 1)], "all"),
        ([("pack", 1)], "all"),
        ([("finish", 1)], "all"),
    ],
)
def test_another_worker_goes_on_and_makes_the_same_bag(points, kept, notice, tmp_path):
    write(50, notice=notice)
    export = approved(notice=notice)
    for word, times in points:
        worker = start_worker(export.pk)
        try:
            run_until(worker, word, times)
            export.refresh_from_db()
            assert export.state == ExportState.BUILDING
            assert building.build_waiting(now=NOW) == 0  # it lives: nobody else takes it
        finally:
            kill(worker)
        assert not files.archive_of(export.pk).exists() or word == "finish"
        write(5, notice=notice)  # the log grows on; the bag does not
        sequencer.catch_up(now=NOW)
        until(lambda: idle(export.pk))
    build = ExportBuild.objects.get(pk=export.pk)
    assert building.build_waiting(now=NOW) == 1
    export.refresh_from_db()
    assert (export.state, export.records) == (ExportState.READY, export.total)
    assert export.checkpoint == build.size
    assert run_verifier(Path(export.path)).returncode == 0
    assert not files.unfinished_of(export.pk).exists()
    assert_same(contents(Path(export.path)), in_one_go(build, tmp_path / "again"))
    assert Record.objects.filter(action="export.started").count() == 1
    resumed = Record.objects.filter(action="export.resumed").order_by("id").last()
    assert resumed is not None and Record.objects.filter(action="export.built").count() == 1
    held = json.loads(resumed.payload)["records"]
    assert held == (export.total if kept == "all" else kept)


@pytest.mark.parametrize("spoil", ["flip", "cut", "gone"])
def test_a_part_that_is_not_as_it_was_kept_is_made_anew(spoil, notice, tmp_path):
    write(50, notice=notice)
    export = approved(notice=notice)
    worker = start_worker(export.pk)
    try:
        run_until(worker, "keep", 4)
    finally:
        kill(worker)
    path = files.unfinished_of(export.pk) / "data/records.csv"
    data = bytearray(path.read_bytes())
    if spoil == "flip":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif spoil == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
    until(lambda: idle(export.pk))
    build = ExportBuild.objects.get(pk=export.pk)
    assert building.build_waiting(now=NOW) == 1
    export.refresh_from_db()
    assert run_verifier(Path(export.path)).returncode == 0
    assert_same(contents(Path(export.path)), in_one_go(build, tmp_path / "again"))


def idle(export_id: object) -> bool:
    """Whether nobody holds this export's lock any more."""
    with building._building_alone(export_id, wait=False) as alone:
        return alone
