"""The history of what has no model of its own: who held which role, who worked in which line."""

from __future__ import annotations

from django.db import models

from core.history import Tied


class GrantHistory(Tied):
    """A role or a business line given to a member of staff (`+`) or taken away (`-`). Written by
    a trigger alone. `name` is the role's, or the line's id."""

    class Kind(models.TextChoices):
        ROLE = "role"
        LINE = "line"

    history_id = models.UUIDField(primary_key=True, editable=False)
    history_date = models.DateTimeField()
    history_type = models.CharField(max_length=1)
    history_change_reason = models.CharField(max_length=100, null=True)
    history_user_id = models.UUIDField(null=True)
    user_id = models.UUIDField()
    kind = models.CharField(max_length=4, choices=Kind)
    name = models.CharField(max_length=150)

    class Meta:
        db_table = "core_historicalgrant"
        ordering = ["-history_date", "-history_id"]
        indexes = [
            models.Index(name="core_historicalgrant_user", fields=["user_id", "history_date"])
        ]

    def __str__(self) -> str:
        return f"{self.history_type}{self.kind} {self.name}"
