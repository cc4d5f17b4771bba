"""The readable history of mutable objects (L1, L6): django-simple-history's tables and questions
(`as_of`, `diff_against`), filled by the database.

`core.history.sql` puts a deferred trigger on each tracked table. It fires when the transaction
commits, writes one history row per change, whoever made it (a service, `update()`, raw SQL,
COPY), and ties it to the ledger record of the same transaction; without such a record the commit
is refused. docs/adr/0004-history.md says why.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords


class Tied(models.Model):
    """What every history row has besides the object's own columns. `ledger_record` is the record
    of the change, `history_date` the instant it was recorded, `history_change_reason` its action.
    Only rows that a schema migration wrote have no record."""

    ledger_record = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True


class History(HistoricalRecords):  # type: ignore[misc]
    """`history = History()` on a model keeps its history, once its migration has run
    `core.history.sql.track`. `excluded_fields` are neither kept nor do they make a row."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("bases", [Tied])
        super().__init__(**options)
