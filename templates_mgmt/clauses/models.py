"""Clauses, their versions, and the reviews that a change of one asks for."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.reviewed.models import ReviewedVersion
from templates_mgmt.clauses import rules


class Clause(models.Model):
    """Fixed wording that many templates include."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(_("created at"))
    history = History()

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class ClauseVersion(ReviewedVersion):
    """One wording of a clause; `texts` by language, `source` the rule it comes from."""

    parent_name = "clause"
    content_names = ("source", "texts")
    record_prefix = "clause"

    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="versions")
    source = models.CharField(_("source"), max_length=300, blank=True)
    texts = models.JSONField(_("texts"), default=dict)
    history = History()

    class Meta:
        verbose_name = _("clause version")
        verbose_name_plural = _("clause versions")
        ordering = ["clause", "-number"]
        constraints = ReviewedVersion.constraints_for("clause", "templates_clause")

    def __str__(self) -> str:
        return f"{self.clause} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return rules.canonical(code=self.clause.code, source=self.source, texts=self.texts)

    @property
    def object_ref(self) -> str:
        return f"clause:{self.clause.code}"
