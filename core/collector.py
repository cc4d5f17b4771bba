"""Python's cycle collector in processes that make rows by the hundred thousand."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000  # Python's own: 700, which a batch of a thousand messages passes often


def spare() -> None:
    """Look for cycles less often, and never again among what is loaded already. Batches are
    tuples and texts that end with their last reference; only what refers to itself waits longer,
    some megabytes at most."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 50)
