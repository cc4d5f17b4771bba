"""The timeline: lines, files, times, and two people writing at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from audit import sealing
from audit.models import Record
from core import clock
from core.errors import Forbidden, InvalidInput, NotFound
from core.roles import ROLE_CAPABILITIES, Capability, Role
from crisis.incidents import files
from crisis.incidents.services import ending, writing
from crisis.models import Attachment, Entry, Incident
from tests.crisis.builders import make_actor, make_incident, make_verified

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


@pytest.fixture(autouse=True)
def own_directory(settings: Any, tmp_path: Any) -> None:
    settings.INCIDENT_DIR = tmp_path / "incidents"


@pytest.fixture
def writer() -> Any:
    return make_actor(Role.DISPATCHER)


def upload(data: bytes, name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def log(incident: Incident, actor: Any, text: str = "Gateway restarted.", **given: Any) -> Entry:
    return writing.log(incident_id=incident.pk, text=text, actor=actor, now=clock.now(), **given)


@pytest.mark.django_db
class TestLines:
    def test_a_line_of_now_is_not_backdated_and_one_of_an_hour_ago_is(self, writer: Any) -> None:
        incident = make_incident()
        assert not log(incident, writer).backdated
        earlier = log(incident, writer, at=clock.now() - dt.timedelta(hours=1))
        assert earlier.backdated
        assert earlier.recorded_at - earlier.at >= dt.timedelta(hours=1)

    def test_a_line_written_offline_keeps_both_times(self, writer: Any) -> None:
        typed = clock.now() - dt.timedelta(minutes=40)
        entry = log(make_incident(), writer, written_at=typed, client_id=uuid4())
        assert (entry.at, entry.written_at) == (typed, typed)
        assert entry.recorded_at - typed >= dt.timedelta(minutes=40)
        assert entry.written_offline

    def test_a_device_whose_clock_is_ahead_loses_no_line(self, writer: Any) -> None:
        ahead = clock.now() + dt.timedelta(hours=2)
        entry = log(make_incident(), writer, written_at=ahead)
        assert entry.at <= entry.recorded_at
        assert entry.written_at == ahead

    def test_what_lies_in_the_future_is_refused(self, writer: Any) -> None:
        with pytest.raises(InvalidInput) as refused:
            log(make_incident(), writer, at=clock.now() + dt.timedelta(minutes=5))
        assert refused.value.field == "at"

    @pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
    def test_a_line_has_words_within_its_bounds(self, writer: Any, text: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            log(make_incident(), writer, text)
        assert refused.value.field == "text"

    def test_a_closed_incident_still_takes_lines(self, writer: Any) -> None:
        officer = make_actor(Role.CRISIS_OFFICER)
        incident = make_verified(officer)
        given = {"incident_id": incident.pk, "actor": officer, "now": clock.now()}
        ending.restore(**given)
        ending.close(**given, words="Mended.")
        assert log(incident, writer, "One more thing.").pk

    @pytest.mark.parametrize("role", list(Role))
    def test_who_may_write(self, role: Role) -> None:
        incident = make_incident()
        if Capability.CRISIS_LOG in ROLE_CAPABILITIES[role]:
            assert log(incident, make_actor(role)).pk
        else:
            with pytest.raises(Forbidden):
                log(incident, make_actor(role))


@pytest.mark.django_db
class TestFiles:
    def test_a_photo_lies_sealed_under_its_hash(self, writer: Any) -> None:
        incident = make_incident()
        entry = log(incident, writer, "", uploads=[upload(PNG, "C:\\fakepath\\bild\u202egnp.png")])
        kept = Attachment.objects.get(entry=entry)
        assert kept.sha256 == hashlib.sha256(PNG).hexdigest()
        assert (kept.content_type, kept.name) == ("image/png", "bildgnp.png")
        path = files.path_of(incident.pk, kept.sha256)
        assert PNG not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        assert files.sealed(kept).open().read() == PNG

    def test_the_ledger_knows_the_hash_and_not_the_name(self, writer: Any) -> None:
        log(make_incident(), writer, uploads=[upload(PNG, "mr-wang.png")])
        payload = Record.objects.get(action="incident.logged").payload
        assert hashlib.sha256(PNG).hexdigest() in payload
        assert "wang" not in payload

    def test_the_same_file_twice_in_a_line_is_one(self, writer: Any) -> None:
        entry = log(make_incident(), writer, uploads=[upload(PNG), upload(PNG, "again.png")])
        assert entry.attachments.count() == 1

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "file_empty"),
            (b"MZ\x90\0\x03\0\0\0", "file_type"),
            (b"\x89PNG" + b"x" * (10 << 20), "file_too_large"),
        ],
    )
    def test_a_file_that_is_refused_leaves_nothing(
        self, writer: Any, data: bytes, code: str
    ) -> None:
        incident = make_incident()
        lines = incident.entries.count()
        with pytest.raises(InvalidInput) as refused:
            log(incident, writer, uploads=[upload(PNG), upload(data)])
        assert (refused.value.field, refused.value.code) == ("file", code)
        assert incident.entries.count() == lines
        assert not Attachment.objects.exists()

    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            (b"%PDF-1.7\n", "application/pdf"),
            (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
            ("时间,事件\n".encode(), "text/plain"),
            (b"<html><script>alert(1)</script>", "text/plain"),
            (b"PK\x03\x04....xl/workbook.xml", files._OFFICE[b"xl/"]),
            (b"\0\0\0\x18ftypheic", "image/heic"),
        ],
    )
    def test_a_type_is_what_the_bytes_show(self, data: bytes, kind: str) -> None:
        assert files.type_of(data) == kind

    def test_a_download_is_recorded(self, writer: Any) -> None:
        kept = log(make_incident(), writer, uploads=[upload(PNG)]).attachments.get()
        _found, sealed = writing.download(attachment_id=kept.pk, actor=writer, now=clock.now())
        assert sealed.open().read() == PNG
        record = Record.objects.get(action="incident.file_downloaded")
        assert (record.staff, record.content["sha256"]) == (writer.user_id, kept.sha256)

    def test_an_erased_file_is_gone(self, writer: Any) -> None:
        kept = log(make_incident(), writer, uploads=[upload(PNG)]).attachments.get()
        sealing.destroy_key(kept.entry.incident_id, now=clock.now())
        with pytest.raises(NotFound):
            writing.download(attachment_id=kept.pk, actor=writer, now=clock.now())

    def test_who_sees_no_crisis_gets_no_file(self, writer: Any) -> None:
        kept = log(make_incident(), writer, uploads=[upload(PNG)]).attachments.get()
        with pytest.raises(Forbidden):
            writing.download(attachment_id=kept.pk, actor=make_actor(Role.AUTHOR), now=clock.now())


def _together(*calls: Any) -> list[Any]:
    """Run each call on a connection of its own, all at once; answers or errors."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Any) -> None:
        gate.wait()
        try:
            answers[number] = call()
        except Exception as error:
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_people_writing_at_once_lose_nothing() -> None:
    incident = make_incident()
    first, second = make_actor(Role.DISPATCHER), make_actor(Role.CRISIS_OFFICER)
    calls = [
        lambda actor=actor, n=n: log(incident, actor, f"{actor.label} {n}")
        for n in range(6)
        for actor in (first, second)
    ]
    answers = _together(*calls)
    assert {type(answer) for answer in answers} == {Entry}
    assert incident.entries.filter(kind="note").count() == 12
    assert Record.objects.filter(action="incident.logged").count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_line_sent_by_two_windows_at_once_is_kept_once() -> None:
    incident, actor, name = make_incident(), make_actor(Role.DISPATCHER), uuid4()
    answers = _together(*[lambda: log(incident, actor, client_id=name)] * 4)
    assert len({answer.pk for answer in answers}) == 1
    assert incident.entries.filter(kind="note").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_restore_at_once_one_does() -> None:
    officers = [make_actor(Role.CRISIS_OFFICER) for _ in range(2)]
    incident = make_verified(officers[0])
    answers = _together(
        *[
            lambda actor=actor: ending.restore(
                incident_id=incident.pk, actor=actor, now=clock.now()
            )
            for actor in officers
        ]
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["IllegalTransition", "Incident"]
    assert incident.entries.filter(detail__to="restored").count() == 1
