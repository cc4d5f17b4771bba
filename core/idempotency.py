"""Idempotency keys for POST: the same key and request gives the same answer, and acts once.

1. An advisory lock on (actor, key) is tried: if another request holds it, 409.
2. A stored answer for the same request is repeated; for another request, 422.
3. Otherwise the handler runs, and a success is stored in the same transaction as the change.
A crash or a refusal rolls both back, so that the key can be used again.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http.request import RawPostDataException
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import actor_of
from core.errors import Conflict, InvalidInput
from core.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = dt.timedelta(days=7)
Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Decorates a view's `post` (or `create`): honours an Idempotency-Key header where there
    is one. The handler runs in one transaction and must not call other systems itself."""

    @functools.wraps(handler)
    def once(view: object, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
            raise InvalidInput(_("Use 1 to 255 printable ASCII characters."), field=HEADER)
        actor, digest = actor_of(request).ref, _digest(request)
        with transaction.atomic():
            _lock(actor, key)
            stored = IdempotencyKey.objects.filter(actor=actor, key=key).first()
            if stored is not None:
                return _repeat(stored, digest)
            response = handler(view, request, *args, **kwargs)
            if response.status_code < 400:
                _store(actor, key, digest, response)
            return response

    once.idempotent = True  # type: ignore[attr-defined]
    return once


def _lock(actor: str, key: str) -> None:
    """Held until the transaction ends; nobody waits for it."""
    number = hashlib.sha256(f"{actor}\0{key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(number, "big", signed=True)]
        )
        if not cursor.fetchone()[0]:
            raise Conflict(
                _("A request with this idempotency key is running; ask again in a moment."),
                code="idempotency_in_flight",
            )


def _digest(request: Request) -> bytes:
    """SHA-256 over method, address and body. A multipart body that was parsed already counts
    by its fields and files."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    try:
        digest.update(request._request.body)
    except RawPostDataException:
        for name in sorted(request.data):
            value = request.data[name]
            digest.update(f"\n{name}=".encode())
            for chunk in value.chunks() if isinstance(value, UploadedFile) else [_bytes(value)]:
                digest.update(chunk)
            if isinstance(value, UploadedFile):
                value.seek(0)
    return digest.digest()


def _bytes(value: object) -> bytes:
    return str(value).encode()


def _repeat(stored: IdempotencyKey, digest: bytes) -> Response:
    if bytes(stored.request_hash) != digest:
        raise InvalidInput(
            _("This idempotency key was used for another request."),
            code="idempotency_key_reused",
            field=HEADER,
        )
    headers = {"Idempotent-Replayed": "true", **stored.response["headers"]}
    return Response(stored.response["body"], status=stored.status, headers=headers)


def _store(actor: str, key: str, digest: bytes, response: Response) -> None:
    now = clock.now()
    location = {"Location": response["Location"]} if response.has_header("Location") else {}
    IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()
    IdempotencyKey.objects.create(
        actor=actor,
        key=key,
        request_hash=digest,
        status=response.status_code,
        response={"body": json.loads(JSONRenderer().render(response.data) or "null"),
                  "headers": location},
        created_at=now,
    )  # fmt: skip
