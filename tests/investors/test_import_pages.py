"""The import wizard through HTTP: upload, columns, check, run, rejected rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import Record
from core import clock
from core.roles import Role
from investors import tasks
from investors.importing import uploads
from investors.models import ImportBatch, Investor
from tests.core.builders import make_line, make_user, sign_in
from tests.investors.builders import HEADER, row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def import_dir(settings, tmp_path: Path) -> Path:
    settings.IMPORT_DIR = tmp_path / "imports"
    return settings.IMPORT_DIR


@pytest.fixture
def client() -> Client:
    user = make_user(Role.DISPATCHER, lines=[make_line("retail")])
    return sign_in(Client(), user, stepped_up=True)


def content(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode("gb18030")


def upload(client: Client, data: bytes) -> ImportBatch:
    file = SimpleUploadedFile("extract.csv", data)
    answer = client.post(reverse("import-new"), {"file": file, "line": str(make_line("retail").pk)})
    assert answer.status_code == 302, answer.content.decode()
    return ImportBatch.objects.get(pk=UUID(answer["Location"].strip("/").split("/")[-1]))


def columns_of(batch: ImportBatch, **more: str) -> dict[str, str]:
    chosen = {f"column_{name}": header for name, header in batch.mapping["columns"].items()}
    return {**chosen, **more}


def step(client: Client, name: str, batch: ImportBatch, data: dict[str, str] | None = None):
    """Send a form of the wizard, and do the worker's part of it."""
    answer = client.post(reverse(name, args=[batch.pk]), data or {})
    tasks.run_import.apply(args=[str(batch.pk)])
    batch.refresh_from_db()
    return answer


def test_from_upload_to_result(client: Client, import_dir: Path) -> None:
    batch = upload(client, content(row(), row(ref="2", phone="12"), row(ref="3", time_zone="EST")))
    page = client.get(reverse("import-detail", args=[batch.pk])).content.decode()
    assert "gb18030" in page
    assert "王小明" in page  # the sample, from which the columns are judged
    step(client, "import-check", batch, columns_of(batch))
    assert (batch.state, batch.totals["created"], Investor.objects.count()) == ("checked", 1, 0)
    page = client.get(reverse("import-detail", args=[batch.pk])).content.decode()
    assert "too few digits (2)" in page
    assert "“EST” can mean more than one time zone" in page
    assert "Import now" in page

    mended = columns_of(batch, substitutions="time_zone: EST = America/New_York")
    step(client, "import-check", batch, {name: value for name, value in mended.items() if value})
    assert (batch.state, batch.totals["created"]) == ("checked", 2)

    step(client, "import-run", batch)
    assert (batch.state, Investor.objects.count()) == ("done", 2)
    assert not list(import_dir.iterdir())
    page = client.get(reverse("import-detail", args=[batch.pk])).content.decode()
    assert "Download the rejected rows" in page


def test_the_rejected_rows_are_downloaded_with_reasons_and_that_is_recorded(client: Client) -> None:
    batch = upload(client, content(row(), row(ref="2", phone="12")))
    step(client, "import-check", batch, columns_of(batch))
    answer = client.get(reverse("import-errors", args=[batch.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["客户号"], line["_line"], line["_column"]) for line in lines] == [
        ("2", "3", "手机")
    ]
    assert Record.objects.filter(action="import.errors_downloaded").count() == 1


def test_a_column_left_out_stays_left_out_in_the_run(client: Client) -> None:
    batch = upload(client, content(row(opened="2021-02-30")))
    step(client, "import-check", batch, columns_of(batch, column_opened_on=""))
    step(client, "import-run", batch)
    assert Investor.objects.get().opened_on is None


def test_progress_is_polled_and_ends_by_itself(client: Client) -> None:
    batch = upload(client, content(row()))
    client.post(reverse("import-check", args=[batch.pk]), columns_of(batch))
    url = reverse("import-progress", args=[batch.pk])
    assert 'hx-trigger="every 1s"' in client.get(url).content.decode()
    tasks.run_import.apply(args=[str(batch.pk)])
    assert client.get(url)["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "neither a text file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_once(
    client: Client, import_dir: Path, data: bytes, said: str
) -> None:
    answer = client.post(
        reverse("import-new"),
        {"file": SimpleUploadedFile("x.csv", data), "line": str(make_line("retail").pk)},
    )
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ImportBatch.objects.exists()
    assert not list(import_dir.iterdir())


def test_a_mapping_that_cannot_be_read_names_the_line(client: Client) -> None:
    batch = upload(client, content(row()))
    answer = client.post(
        reverse("import-check", args=[batch.pk]), columns_of(batch, substitutions="nonsense")
    )
    assert answer.status_code == 422
    assert "Line 1" in answer.content.decode()


def test_an_upload_can_be_thrown_away(
    client: Client, import_dir: Path, django_capture_on_commit_callbacks
) -> None:
    batch = upload(client, content(row()))
    with django_capture_on_commit_callbacks(execute=True):
        step(client, "import-discard", batch)
    assert batch.state == "discarded"
    assert not list(import_dir.iterdir())
    assert client.post(reverse("import-run", args=[batch.pk])).status_code == 409


def test_an_import_of_another_line_is_not_found(client: Client) -> None:
    batch = upload(client, content(row()))
    other = sign_in(Client(), make_user(Role.DISPATCHER, lines=[make_line("wealth", "Wealth")]))
    assert other.get(reverse("import-detail", args=[batch.pk])).status_code == 404
    assert other.post(reverse("import-run", args=[batch.pk])).status_code == 404


def test_a_message_that_comes_twice_does_nothing_the_second_time(client: Client) -> None:
    batch = upload(client, content(row()))
    step(client, "import-check", batch, columns_of(batch))
    before = Record.objects.count()
    tasks.run_import.apply(args=[str(batch.pk)])
    assert Record.objects.count() == before


def test_the_one_who_asked_must_still_have_the_right_when_it_runs(client: Client) -> None:
    batch = upload(client, content(row()))
    client.post(reverse("import-check", args=[batch.pk]), columns_of(batch))
    from core.models import User

    User.objects.update(is_active=False)
    assert uploads.run_requested(batch_id=batch.pk, now=clock.now()) is None
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert batch.error
