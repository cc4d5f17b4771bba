"""Checkpoints with the cosignatures that came in, and how the witnesses stand."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from django.db.models import Count

from audit import store
from audit.models import Attestor, AttestorKind, Checkpoint, Cosignature
from audit.note import VerifierKey
from audit.witnessing.policy import Witness, quorum, witnesses


def published() -> Checkpoint | None:
    """The checkpoint to show to everybody: the newest that enough witnesses have cosigned (the
    newest of all without a quorum); None before the first."""
    return _newest(0, cosignatures=quorum())


def published_note(*, cosigned: bool = False) -> str | None:
    """The published checkpoint as `/checkpoint` shows it, with its cosignatures; or the newest
    one that the quorum, and at least one witness, has `cosigned`."""
    row = _newest(0, cosignatures=max(quorum(), 1)) if cosigned else published()
    return cosigned_note(row.size, row.note) if row else None


def covering(index: int) -> Checkpoint | None:
    """The checkpoint to prove leaf `index` by: the newest cosigned one that covers it, else the
    newest one; None while none covers it."""
    cosigned = _newest(index + 1, cosignatures=max(quorum(), 1)) if witnesses() else None
    return cosigned or _newest(index + 1, cosignatures=0)


def _newest(size: int, *, cosignatures: int) -> Checkpoint | None:
    rows = Checkpoint.objects.filter(size__gte=size)
    if cosignatures:
        trusted = [str(witness.key) for witness in witnesses()]
        enough = (
            Cosignature.objects.filter(size__gte=size, key__in=trusted)
            .values("size")
            .annotate(count=Count("id"))
            .filter(count__gte=cosignatures)
            .order_by("-size")
            .values_list("size", flat=True)
        )
        rows = rows.filter(size__in=list(enough[:1]))
    return rows.order_by("-size").first()


def cosigned_note(size: int, note: str) -> str:
    """A checkpoint's note with the cosignatures that trusted witnesses put on it."""
    return note + "".join(row.line for row in cosignatures_at(size))


def cosignatures_at(size: int) -> list[Cosignature]:
    """The cosignatures of trusted witnesses on the checkpoint of `size` leaves."""
    trusted = [str(witness.key) for witness in witnesses()]
    return list(Cosignature.objects.filter(size=size, key__in=trusted).order_by("key"))


def cosigned_note_on(driver: psycopg.Connection[object], size: int, note: str) -> str:
    """`cosigned_note` as another connection sees it: one on a snapshot, for exports."""
    trusted = {str(witness.key) for witness in witnesses()}
    with store.binary(driver) as cursor:
        cursor.execute(
            "SELECT key, line FROM audit_cosignature WHERE size = %s ORDER BY key", [size]
        )
        return note + "".join(line for key, line in cursor if key in trusted)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """A witness, the newest checkpoint it cosigned, and how the last try went."""

    witness: Witness
    newest: Cosignature | None
    attempts: Attestor | None

    @property
    def state(self) -> str:
        """failed, ok, or pending before the first answer; archived when it is not asked."""
        if not self.witness.url:
            return "archived"
        if self.attempts and self.attempts.failures:
            return "failed"
        return "ok" if self.newest else "pending"


def witness_states() -> list[WitnessState]:
    """How each configured witness stands, in two queries."""
    listed = witnesses()
    names = [str(witness.key) for witness in listed]
    newest = {
        row.key: row
        for row in Cosignature.objects.filter(key__in=names)
        .order_by("key", "-size")
        .distinct("key")
    }
    rows = Attestor.objects.filter(kind=AttestorKind.WITNESS).in_bulk(names)
    return [
        WitnessState(each, newest.get(str(each.key)), rows.get(str(each.key))) for each in listed
    ]


def trusted_keys() -> dict[str, VerifierKey]:
    """The witnesses' keys by their text."""
    return {str(witness.key): witness.key for witness in witnesses()}
