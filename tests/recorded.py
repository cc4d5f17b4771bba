"""Tests that put rows where a service would have: the database asks them for a record too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from audit.record import record
from core import clock
from core.actor import system


@contextmanager
def recorded() -> Iterator[None]:
    """One transaction with a ledger record in it, as a service's has."""
    with transaction.atomic():
        record(action="test.arranged", actor=system("test"), now=clock.now())
        yield
