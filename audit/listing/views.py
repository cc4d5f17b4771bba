"""The answer that carries a list as a file."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.http import FileResponse, HttpResponse
from django.utils import timezone

from audit.listing.services import ListFile


def download(made: ListFile) -> HttpResponse:
    """The file, streamed; the SHA-256 that the ledger holds comes along."""
    answer = FileResponse(
        made.file, as_attachment=True, filename=made.name, content_type="text/csv; charset=utf-8"
    )
    answer["X-Rows"] = str(made.rows)
    answer["X-Content-SHA256"] = made.sha256
    return cast(HttpResponse, answer)


def local(instant: dt.datetime | None) -> dt.datetime | None:
    """An instant in the reader's zone, as the list shows it."""
    return timezone.localtime(instant) if instant else None
