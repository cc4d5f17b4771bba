"""Asking the witnesses for cosignatures, outside any transaction of the log.

Cosignatures are statements about the log, like its checkpoints, and no events in it: they make
no records, or each would ask for the next one. What goes wrong does make records.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from audit import alarms, merkle, store
from audit.merkle import ProofError, TileError
from audit.models import Attestor, AttestorKind, Checkpoint, Cosignature
from audit.note import Note, Signature, parse_note
from audit.witness.protocol import write_request
from audit.witnessing import attestors, client
from audit.witnessing.client import OtherSize, WitnessRefused, WitnessUnavailable
from audit.witnessing.policy import Witness, witnesses
from core.actor import system

WITNESSING = system("witnessing")
_TRIES = 3


def ask_witnesses(*, now: dt.datetime) -> int:
    """Ask every witness that is due to cosign the newest checkpoint; returns how many did.

    Never raises for a witness that fails: that is shown, logged, recorded and tried again. Must
    not run inside a transaction.
    """
    newest = Checkpoint.objects.first()
    if newest is None:
        return 0
    return sum(ask_one(witness, newest, now=now) for witness in witnesses() if witness.url)


def ask_one(witness: Witness, newest: Checkpoint, *, now: dt.datetime) -> bool:
    """Ask one witness to cosign `newest`, unless it did or rests after a failure."""
    row = attestors.due(str(witness.key), AttestorKind.WITNESS, now=now)
    if row is None or row.size >= newest.size:
        return False
    note = parse_note(newest.note.encode())
    try:
        signature, timestamp = _negotiate(witness, newest, note, known=row.size)
    except WitnessRefused as error:
        attestors.failed(row, str(error), actor=WITNESSING, now=now)
        alarms.sound(
            "audit.witness_refused",
            actor=WITNESSING,
            now=now,
            payload={"witness": witness.key.name, "cosigned": row.size},
        )
        return False
    except (WitnessUnavailable, ProofError, TileError) as error:
        attestors.failed(row, str(error), actor=WITNESSING, now=now)
        return False
    _keep(row, newest, signature, timestamp, now=now)
    return True


def _negotiate(
    witness: Witness, newest: Checkpoint, note: Note, *, known: int
) -> tuple[Signature, int]:
    """Ask from the size that we believe the witness has seen, then from the one that it names."""
    size = known
    for _try in range(_TRIES):
        proof = (
            merkle.consistency_proof(size, newest.size, store.read_tiles)
            if 0 < size < newest.size
            else []
        )
        try:
            body = write_request(size, proof, bytes(note))
            return client.ask(witness.url, witness.key, body, note)
        except OtherSize as error:
            if error.size > newest.size:
                _look_again(error.size, newest)
            size = error.size
    raise WitnessUnavailable(_("The witness names another size each time."))


def _look_again(size: int, newest: Checkpoint) -> None:
    """The witness is ahead: of this look at the log, or of the whole log, which was cut then."""
    ours = Checkpoint.objects.values_list("size", flat=True).first() or 0
    if ours < size:
        raise WitnessRefused(
            f"the witness cosigned {size} leaves, the log holds checkpoints up to {ours}: it was "
            "restored from an older backup, or cut off"
        )
    raise WitnessUnavailable(f"the witness cosigned {size} leaves already, beyond {newest.size}")


def _keep(
    row: Attestor, newest: Checkpoint, signature: Signature, timestamp: int, *, now: dt.datetime
) -> None:
    Cosignature.objects.bulk_create(
        [
            Cosignature(
                size=newest.size,
                key=row.name,
                line=signature.line,
                cosigned_at=dt.datetime.fromtimestamp(timestamp, dt.UTC),
                received_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    attestors.succeeded(row, size=newest.size, now=now)
