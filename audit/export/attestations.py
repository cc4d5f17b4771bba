"""What others say about the log, put into a bag: cosignatures of witnesses, time-stamps, and
proofs that the log still begins with what older checkpoints held."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import psycopg

from audit import merkle, note, store
from audit.export.bag import Bag
from audit.keyring.statement import Keyring
from audit.timestamping.selectors import tokens_for
from audit.witnessing.policy import witnesses
from audit.witnessing.selectors import cosigned_note_on
from core.clock import isoformat

_OLDER = 200  # older sizes whose consistency is proved, the newest ones


@dataclass(frozen=True, slots=True)
class Attested:
    """What the report says about it: witnesses asked for a cosignature, those that gave one for
    this checkpoint, the newest time-stamp (log size, instant), older sizes proved."""

    witnesses: int
    cosigned: tuple[str, ...]
    stamped: tuple[int, str] | None
    older: tuple[int, ...]
    older_keys: tuple[str, ...]


def write(
    bag: Bag,
    checkpoint: note.Checkpoint,
    signed: str,
    ring: Keyring,
    driver: psycopg.Connection[Any],
) -> Attested:
    """Write the checkpoint, the keys and how they changed, witnesses, time-stamps, and the
    consistency proofs."""
    bag.add("data/key", "".join(f"{period.key}\n" for period in ring.periods).encode())
    _write_rotations(bag, ring, driver)
    full = cosigned_note_on(driver, checkpoint.size, signed)
    bag.add("data/checkpoint", full.encode())
    trusted = [str(witness.key) for witness in witnesses()]
    bag.add("data/witnesses", "".join(f"{key}\n" for key in trusted).encode())
    names = {key.split("+", 1)[0] for key in trusted}
    lines = full.removeprefix(signed).splitlines()
    cosigned = tuple(name for name in (line.split(" ")[1] for line in lines) if name in names)
    stamped = _write_stamp(bag, checkpoint.size, driver)
    older = _write_consistency(bag, checkpoint.size, stamped, driver)
    older_keys = tuple(str(period.key) for period in ring.periods[1:])
    return Attested(len(trusted), cosigned, stamped, older, older_keys)


def _write_rotations(bag: Bag, ring: Keyring, driver: psycopg.Connection[Any]) -> None:
    """Write the statements by which each of the log's keys handed over to the next, the newest
    first, as far as they can be believed."""
    rows = driver.execute(
        "SELECT note FROM audit_keyrotation ORDER BY size DESC LIMIT %s", [len(ring.statements)]
    )
    text = "".join(json.dumps({"note": row[0]}, ensure_ascii=False) + "\n" for row in rows)
    bag.add("data/rotations.jsonl", text.encode())


def _write_stamp(bag: Bag, size: int, driver: psycopg.Connection[Any]) -> tuple[int, str] | None:
    """The newest time-stamp of a checkpoint that the log of `size` leaves covers."""
    row = driver.execute(
        "SELECT size FROM audit_timestamp WHERE size <= %s ORDER BY size DESC LIMIT 1", [size]
    ).fetchone()
    if row is None or not (tokens := tokens_for(row[0])):
        return None
    token = tokens[0]
    bag.add(f"data/timestamps/{row[0]}.tsr", token.response)
    bag.add(f"data/timestamps/{row[0]}.checkpoint", token.data)
    return row[0], isoformat(token.timestamp.attested_at)


def _write_consistency(
    bag: Bag, size: int, stamped: tuple[int, str] | None, driver: psycopg.Connection[Any]
) -> tuple[int, ...]:
    """Proofs from the sizes of earlier exports, and from the time-stamped one."""
    rows = driver.execute(
        "SELECT DISTINCT checkpoint FROM audit_export WHERE checkpoint > 0 AND checkpoint < %s "
        "ORDER BY 1 DESC LIMIT %s",
        [size, _OLDER],
    )
    sizes = sorted({row[0] for row in rows} | ({stamped[0]} if stamped else set()))

    def read(tiles: Any) -> Any:
        return store.read_tiles(tiles, driver)

    lines = [
        {
            "size": older,
            "root": b64encode(merkle.tree_root(older, read)).decode(),
            "proof": [
                b64encode(node).decode() for node in merkle.consistency_proof(older, size, read)
            ],
        }
        for older in sizes
    ]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    bag.add("data/proofs/consistency.jsonl", text.encode())
    return tuple(sizes)
