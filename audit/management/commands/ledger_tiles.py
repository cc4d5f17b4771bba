"""Write the log as static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import merkle, selectors, store
from audit.log.public import covered
from audit.merkle import Tile
from audit.models import Tile as StoredTile
from audit.witnessing import selectors as witnessing


class Command(BaseCommand):
    help = (
        "Write the checkpoint and all tiles as static files (C2SP tlog-tiles), for any web "
        "server. Entry bundles hold the records' leaf data; leave them out with --no-entries."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument("--no-entries", action="store_true", help="hash tiles only")

    def handle(self, *, out: Path, no_entries: bool, **options: Any) -> None:
        checkpoint = selectors.latest_checkpoint()
        if checkpoint is None:
            raise CommandError("the log has no signed checkpoint yet")
        written = 0
        with store.binary() as cursor:
            rows = cursor.stream(
                "SELECT level, index, width, hashes FROM audit_tile ORDER BY id", binary=True
            )
            for level, number, width, hashes in rows:
                tile = Tile(level, number, width)
                written += _write(out, tile, hashes) if covered(tile, checkpoint.size) else 0
        if not no_entries:
            for tile in _bottom(checkpoint.size):
                data = selectors.tile_bytes(tile.bundle)
                assert data is not None
                written += _write(out, tile.bundle, data)
        published = witnessing.published_note()
        if published is not None:
            (out / "checkpoint").write_text(published)
        self.stdout.write(
            f"checkpoint of {checkpoint.size:,} leaves; {written:,} new files in {out}"
        )


def _bottom(size: int) -> list[Tile]:
    """The level 0 tiles that have an entry bundle: full ones, and each stored partial one."""
    partial = StoredTile.objects.filter(level=0, width__lt=merkle.TILE_WIDTH)
    return [
        *(Tile(0, number) for number in range(size // merkle.TILE_WIDTH)),
        *(
            Tile(0, number, width)
            for number, width in partial.values_list("index", "width")
            if number * merkle.TILE_WIDTH + width <= size
        ),
    ]


def _write(out: Path, tile: Tile, data: bytes) -> int:
    """Write a tile unless it is there: a tile never changes. Returns how many were written."""
    path = out / tile.path
    if path.exists():
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return 1
