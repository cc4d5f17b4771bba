"""The log over HTTP (C2SP tlog-tiles): `/checkpoint`, `/tile/…`, `/tile/entries/…`.

What is served is byte for byte what `manage.py ledger_tiles` writes as static files.
"""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from audit import merkle, selectors
from audit.merkle import Tile, TileError
from audit.witnessing import selectors as witnessing
from core.roles import Capability as C

TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
_FOR_EVER: Final = f"public, max-age={365 * 24 * 3600}, immutable"
_GZIP: Final = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([0-9.]+))?\s*(?:,|$)", re.IGNORECASE)


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """The newest published checkpoint with its cosignatures: open to everybody, asked for again
    each time (an ETag saves the bytes). `?cosigned`: the newest one that a witness cosigned."""
    text = witnessing.published_note(cosigned="cosigned" in request.GET)
    if text is None:
        return HttpResponse(status=404)
    headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
    return _answer(request, text.encode(), TEXT, headers)


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponseBase:
    """A tile of hashes: open to everybody, good for ever. Entry bundles hold what the records
    say, so only those who may browse them get them, compressed if they ask."""
    try:
        wanted = Tile.parse(f"tile/{path}")
    except TileError:
        return HttpResponse(status=404)
    if wanted.level == merkle.ENTRIES_LEVEL:
        return _entries(request, wanted)
    data = _published(wanted)
    if data is None:
        return HttpResponse(status=404)
    headers = {"Cache-Control": _FOR_EVER, "Access-Control-Allow-Origin": "*"}
    return _answer(request, data, BYTES, headers)


def _entries(request: HttpRequest, wanted: Tile) -> HttpResponseBase:
    actor = getattr(request, "actor", None)
    allowed = actor is not None and C.AUDIT_BROWSE in actor.capabilities
    # A bundle exists where its tile of hashes does: full ones, and those of published sizes.
    if not allowed or _published(wanted._replace(level=0)) is None:
        return HttpResponse(status=404)
    data = selectors.tile_bytes(wanted)
    if data is None:
        return HttpResponse(status=404)
    headers = {"Cache-Control": "private, no-store"}
    if _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        data = gzip.compress(data, compresslevel=6, mtime=0)
    answer = _answer(request, data, BYTES, headers)
    patch_vary_headers(answer, ["Accept-Encoding", "Cookie", "Authorization"])
    return answer


def _published(wanted: Tile) -> bytes | None:
    """The bytes of a tile that the newest signed tree has; None for what lies beyond."""
    newest = selectors.latest_checkpoint()
    if newest is None or not covered(wanted, newest.size):
        return None
    return selectors.tile_bytes(wanted)


def covered(wanted: Tile, size: int) -> bool:
    """Whether a signed tree of `size` leaves has that tile: nothing unsigned is shown."""
    end = wanted.number * merkle.TILE_WIDTH + wanted.width
    return end <= size >> merkle.TILE_HEIGHT * wanted.level


def _takes_gzip(request: HttpRequest) -> bool:
    match = _GZIP.search(request.headers.get("Accept-Encoding", ""))
    return match is not None and float(match[1] or 1) > 0


def _answer(
    request: HttpRequest, data: bytes, content_type: str, headers: dict[str, str]
) -> HttpResponseBase:
    """The bytes with a strong ETag; 304 when the caller has them."""
    etag = f'"{sha256(data).hexdigest()[:32]}"'
    answer = HttpResponse(data, content_type=content_type, headers={**headers, "ETag": etag})
    conditional = get_conditional_response(request, etag=etag, response=answer)
    assert conditional is not None  # an answer was given
    for name in ("Cache-Control", "Access-Control-Allow-Origin"):
        if name in answer:
            conditional[name] = answer[name]
    return conditional
