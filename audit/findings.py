"""What a verification of the log may find, and the words for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_KEPT = 25  # findings of one kind that are written out; all are counted

MESSAGES: dict[str, Promise] = {
    "leaf_gap": _("Leaf %(index)s is missing; the next one stored is %(next)s."),
    "leaf_without_record": _("The record of leaf %(index)s (%(record)s) is gone."),
    "leaf_hash": _("Leaf %(index)s does not match its record %(record)s."),
    "record_twice": _("Record %(record)s has two leaves: %(index)s and %(other)s."),
    "record_unplaced": _("Record %(record)s is neither in the log nor queued for it."),
    "queue_without_record": _("The queue names record %(record)s, which does not exist."),
    "queue_already_placed": _("Record %(record)s is queued, but is leaf %(index)s already."),
    "tile_missing": _("The tile %(tile)s is missing."),
    "tile_wrong": _(
        "The tile %(tile)s does not hold the hashes of its leaves, first at leaf %(index)s."
    ),
    "tile_stray": _("The tile %(tile)s does not belong to a log of %(size)s leaves."),
    "checkpoint_signature": _("The checkpoint at %(size)s leaves is not genuine: %(why)s."),
    "checkpoint_row": _("The checkpoint row at %(size)s leaves contradicts its own note."),
    "checkpoint_root": _(
        "The checkpoint at %(size)s leaves has another root: something among leaves %(first)s "
        "to %(last)s was changed after it was signed."
    ),
    "checkpoint_beyond": _(
        "The checkpoint at %(size)s leaves is beyond the log, which has %(leaves)s: the last "
        "%(lost)s were cut off."
    ),
    "key_rotation": _(
        "The change of the log's key at %(size)s leaves is not genuine (%(why)s); the checkpoints "
        "signed before it cannot be checked."
    ),
    "key_rotation_row": _(
        "The row of the change of key at %(size)s leaves contradicts its own statement."
    ),
    "remembered_missing": _("The last signed checkpoint is missing from %(path)s."),
    "remembered_signature": _("The last signed checkpoint (%(path)s) is not genuine: %(why)s."),
    "against_signature": _("The checkpoint to check against is not this log's: %(why)s."),
    "cosignature_wrong": _(
        "The cosignature of %(witness)s at %(size)s leaves is not genuine: %(why)s."
    ),
    "cosignature_stray": _(
        "%(witness)s cosigned a checkpoint of %(size)s leaves that is not in the log."
    ),
    "timestamp_wrong": _(
        "The time-stamp by %(authority)s at %(size)s leaves is not genuine: %(why)s."
    ),
    "timestamp_stray": _(
        "%(authority)s time-stamped a checkpoint of %(size)s leaves that is not in the log."
    ),
    "state_frontier": _("The sequencer's state does not belong to the %(leaves)s leaves."),
    "state_size": _("The sequencer counts %(state)s leaves; the log has %(leaves)s."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where. `place` has leaf indices, record ids, sizes."""

    code: str
    place: dict[str, Any]

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % self.place


@dataclass(slots=True)
class Findings:
    """Findings so far: all counted, some kept."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, **place: Any) -> None:
        self.counts[code] += 1
        if self.counts[code] <= _KEPT:
            self.kept.append(Finding(code, place))
