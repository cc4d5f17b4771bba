"""The computing part of an import: the same in this process and in a helper, which ends with us."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from uuid import UUID

import pytest

from audit.canonical import canonical_text
from audit.models import Record, SubjectKey
from core import crypto
from core.errors import InvalidInput, VouchsafeError
from investors import selectors
from investors.importing import service, working
from investors.models import ConsentEntry, ConsentState, ContactPoint, ImportBatch, Investor
from tests.investors.builders import row, run, write_csv

ROWS = [
    row(),
    row(ref="100002", phone="", sms=""),
    row(ref="100003", phone="12"),
    row(),
    row(ref="100002", name="别人"),
    row(ref="100004", email="", phone="+852 61234567"),
    row(ref="100005", phone="138 0000 0005", email="five@example.com"),
]


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[working.Helper]:
    """A helper process for files of any length, chunks of two rows; the helpers that ran."""
    made: list[working.Helper] = []
    start = working.Helper.__init__

    def noted(self: working.Helper, job: working.Job) -> None:
        start(self, job)
        made.append(self)

    monkeypatch.setattr(working, "_FEWER", 0)
    monkeypatch.setattr(working.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(working.Helper, "__init__", noted)
    monkeypatch.setattr(service, "CHUNK", 2)
    return made


def written() -> dict[str, object]:
    """All that an import of ROWS wrote, as far as it is not random."""
    people = selectors.open_profiles(Investor.objects.values_list("pk", flat=True))
    contacts = selectors.open_contacts(ContactPoint.objects.values_list("pk", flat=True))
    return {
        "people": sorted(people.values()),
        "contacts": sorted(contacts.values()),
        "acts": sorted(ConsentEntry.objects.values_list("purpose", "action", "method")),
        "states": sorted(ConsentState.objects.values_list("purpose", "granted")),
        "lines": sorted(
            json.loads(text)["line"]
            for text in Record.objects.filter(action="investor.imported").values_list(
                "payload", flat=True
            )
        ),
        "keys": SubjectKey.objects.count(),
        "totals": ImportBatch.objects.get().totals,
        "reasons": ImportBatch.objects.get().by_reason,
    }


@pytest.mark.django_db
def test_a_helper_writes_what_this_process_would(
    tmp_path: Path, helped: list[working.Helper], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    path = write_csv(tmp_path / "in.csv", ROWS)
    with transaction.atomic():
        run(path)
        beside = written()
        transaction.set_rollback(True)
    assert len(helped) == 1
    assert helped[0]._process.returncode == 0
    monkeypatch.setattr(working, "_FEWER", 1000)
    run(path)
    assert len(helped) == 1
    assert written() == beside
    assert beside["totals"] == {
        "read": 7, "created": 4, "updated": 0, "unchanged": 0, "merged": 1, "rejected": 2,
    }  # fmt: skip


@pytest.mark.django_db
def test_what_a_helper_writes_into_the_ledger_is_canonical(
    tmp_path: Path, helped: list[working.Helper]
) -> None:
    run(write_csv(tmp_path / "in.csv", ROWS))
    for record in Record.objects.filter(action="investor.imported"):
        assert record.payload == canonical_text(json.loads(record.payload))
        batch = ImportBatch.objects.get()
        assert json.loads(record.payload)["batch"] == str(batch.pk)
        assert (record.notice, record.object, record.sealed) == (None, None, None)
        assert isinstance(record.investor, UUID)


@pytest.mark.django_db(transaction=True)
def test_a_second_import_through_a_helper_changes_what_changed(
    tmp_path: Path, helped: list[working.Helper]
) -> None:
    path = write_csv(tmp_path / "in.csv", ROWS)
    run(path)
    again = run(path)
    assert (again.created, again.unchanged, again.rejected) == (0, 4, 2)
    write_csv(path, [row(phone="13900000001"), *ROWS[1:]])
    changed = run(path)
    assert (changed.created, changed.updated, changed.unchanged) == (0, 1, 3)


@pytest.mark.django_db(transaction=True)
def test_a_helper_that_is_killed_fails_the_batch_and_the_next_run_finishes(
    tmp_path: Path, helped: list[working.Helper]
) -> None:
    path = write_csv(tmp_path / "in.csv", [row(ref=str(n)) for n in range(1, 60)])

    def kill(read: int, expected: int) -> None:
        if read >= 8:
            os.kill(helped[0]._process.pid, signal.SIGKILL)
            helped[0]._process.wait()

    with pytest.raises(VouchsafeError) as ended:
        run(path, progress=kill)
    assert ended.value.code == "helper_gone"
    kept = Investor.objects.count()
    assert 0 < kept < 59
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.totals["created"]) == ("failed", kept)
    assert run(path).created == 59 - kept


@pytest.mark.django_db(transaction=True)
def test_a_helper_ends_with_an_import_that_is_interrupted(
    tmp_path: Path, helped: list[working.Helper]
) -> None:
    path = write_csv(tmp_path / "in.csv", [row(ref=str(n)) for n in range(1, 60)])

    def interrupt(read: int, expected: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, progress=interrupt)
    assert helped[0]._process.returncode is not None
    assert ImportBatch.objects.get().state == "failed"


def test_what_a_helper_refuses_is_refused_here(
    helped: list[working.Helper], tmp_path: Path
) -> None:
    from investors.importing.columns import Mapping
    from investors.importing.encoding import Origin
    from investors.importing.reading import FileFacts
    from tests.investors.builders import NOW

    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    facts = FileFacts(tmp_path / "no.xlsx", ["ref"], [], 1, 1, None)
    origin = Origin(UUID(int=1), UUID(int=2), "user:x", NOW)
    with working.worker(working.Job(facts, Mapping({"ref": "ref"}), origin, 2)) as work:
        work.ask_next()
        with pytest.raises(InvalidInput) as refused:
            work.take_next()
    assert refused.value.code == "file_kind"


def test_draws_are_never_repeated() -> None:
    draw = crypto.Draws()
    seen = [draw(12) for _ in range(5000)]
    assert len(set(seen)) == 5000
    assert {len(piece) for piece in seen} == {12}
