"""The states of an import."""

from __future__ import annotations

from core.transitions import Machine, Move

IMPORTS = Machine(
    name="import",
    moves={
        ("uploaded", "queued"): Move("ask for a run"),
        ("checked", "queued"): Move("ask for a run"),
        ("failed", "queued"): Move("ask for a run"),
        ("queued", "running"): Move("start"),
        ("running", "running"): Move("start again after an interruption"),
        ("queued", "failed"): Move("fail"),
        ("running", "checked"): Move("finish a dry run"),
        ("running", "done"): Move("finish"),
        ("running", "failed"): Move("fail"),
        ("uploaded", "discarded"): Move("discard"),
        ("checked", "discarded"): Move("discard"),
        ("failed", "discarded"): Move("discard"),
    },
)
