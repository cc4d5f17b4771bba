"""Uploads: sealed while they wait, gone when they are done, and not kept for ever."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Record, SubjectKey
from core.crypto import SealBroken
from core.errors import Conflict, InvalidInput
from investors.importing import uploads
from investors.models import ImportBatch, ImportRejection, Investor
from tests.investors import builders
from tests.investors.builders import NOW

pytestmark = pytest.mark.django_db
TEXT = "客户号,姓名,手机,邮箱\n900001,王小明,13812345678,wang@example.com\n900002,李雷,12,\n"


@pytest.fixture(autouse=True)
def directory(settings, tmp_path: Path) -> Path:
    settings.IMPORT_DIR = tmp_path / "imports"
    return settings.IMPORT_DIR


def upload(content: bytes = TEXT.encode("gb18030"), *, now: dt.datetime = NOW) -> UUID:
    return uploads.store_upload(
        upload=SimpleUploadedFile("in.csv", content),
        line_id=builders.line().pk,
        actor=builders.importer(),
        now=now,
    )


def imported() -> UUID:
    from core.roles import Role
    from tests.core.builders import actor_of, make_user

    batch_id = upload()
    actor = actor_of(make_user(Role.DISPATCHER, lines=[builders.line()]))
    uploads.request_run(batch_id=batch_id, dry_run=False, actor=actor, now=NOW)
    uploads.run_requested(batch_id=batch_id, now=NOW)
    return batch_id


def test_an_upload_lies_sealed_and_private_and_is_still_read(directory: Path) -> None:
    batch_id = upload()
    path = uploads.path_of(batch_id)
    raw = path.read_bytes()
    for secret in ("13812345678", "wang@example.com", "王小明"):
        assert secret.encode("gb18030") not in raw
        assert secret.encode() not in raw
    assert path.stat().st_mode & 0o077 == 0
    facts = uploads.facts_of(ImportBatch.objects.get())
    assert facts is not None
    assert (facts.encoding, facts.rows) == ("gb18030", 2)
    assert facts.sample[0][1] == "王小明"


def test_an_upload_that_was_changed_on_disk_is_not_imported(directory: Path) -> None:
    path = uploads.path_of(upload())
    raw = bytearray(path.read_bytes())
    raw[-20] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SealBroken):
        uploads.facts_of(ImportBatch.objects.get())


def test_a_finished_import_leaves_no_file(directory: Path) -> None:
    imported()
    assert Investor.objects.count() == 1
    assert list(directory.iterdir()) == []


def test_what_cannot_be_used_leaves_no_file_and_no_key(directory: Path) -> None:
    before = SubjectKey.objects.count()
    with pytest.raises(InvalidInput):
        upload(b"\0\0\0")
    assert list(directory.iterdir()) == []
    assert SubjectKey.objects.count() == before


def test_discarding_destroys_the_key_with_the_file(
    directory: Path, django_capture_on_commit_callbacks
) -> None:
    batch_id = upload()
    with django_capture_on_commit_callbacks(execute=True):
        uploads.discard_upload(batch_id=batch_id, actor=builders.importer(), now=NOW)
    assert list(directory.iterdir()) == []
    assert SubjectKey.objects.get(subject=batch_id).wrapped is None


def test_the_sweep_discards_old_uploads_and_leaves_young_ones(
    directory: Path, django_capture_on_commit_callbacks
) -> None:
    old, young = upload(now=NOW - dt.timedelta(days=8)), upload(now=NOW - dt.timedelta(days=6))
    stray = directory / "stray"
    stray.write_bytes(b"left by a crash")
    os.utime(stray, (0, 0))
    with django_capture_on_commit_callbacks(execute=True):
        assert uploads.sweep_uploads(now=NOW) == (1, 0)
    states = dict(ImportBatch.objects.values_list("pk", "state"))
    assert states == {old: "discarded", young: "uploaded"}
    assert [path.name for path in directory.iterdir()] == [str(young)]
    told = Record.objects.get(action="import.discarded")
    assert told.actor == "system:import-sweep"
    assert uploads.sweep_uploads(now=NOW) == (0, 0)


def test_the_sweep_forgets_rejected_rows_after_their_time(directory: Path) -> None:
    batch_id = imported()
    assert ImportRejection.objects.count() == 1
    assert uploads.sweep_uploads(now=NOW + dt.timedelta(days=89)) == (0, 0)
    assert uploads.sweep_uploads(now=NOW + dt.timedelta(days=91)) == (0, 1)
    assert not ImportRejection.objects.exists()
    assert SubjectKey.objects.get(subject=batch_id).wrapped is None
    assert Record.objects.filter(action="import.rejections_forgotten").count() == 1
    with pytest.raises(Conflict):
        uploads.record_error_download(batch_id=batch_id, actor=builders.privacy_officer(), now=NOW)
