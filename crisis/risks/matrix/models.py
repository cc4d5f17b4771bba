"""The matrix and its versions. There is one matrix; a migration ships it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.reviewed.models import ReviewedVersion
from crisis.risks.matrix import rules


class RiskMatrix(models.Model):
    """What versions of the matrix hang on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=40)

    class Meta:
        verbose_name = _("risk matrix")
        verbose_name_plural = _("risk matrices")

    def __str__(self) -> str:
        return self.code


class RiskMatrixVersion(ReviewedVersion):
    """One version: the bands of both axes and the level of each cell."""

    parent_name = "matrix"
    content_names = ("likelihood", "impact", "cells")
    record_prefix = "risk_matrix"

    matrix = models.ForeignKey(RiskMatrix, on_delete=models.PROTECT, related_name="versions")
    likelihood = models.JSONField(_("likelihood"), default=list)
    impact = models.JSONField(_("impact"), default=list)
    cells = models.JSONField(_("cells"), default=list)
    history = History()

    class Meta:
        verbose_name = _("version of the risk matrix")
        verbose_name_plural = _("versions of the risk matrix")
        ordering = ["matrix", "-number"]
        constraints = ReviewedVersion.constraints_for("matrix", "crisis_riskmatrix")

    def __str__(self) -> str:
        return f"{self.matrix} v{self.number}"

    @property
    def content(self) -> rules.Matrix:
        """The matrix as the rules see it."""
        return rules.matrix_of(
            {"likelihood": self.likelihood, "impact": self.impact, "cells": self.cells}
        )

    def canonical(self) -> dict[str, Any]:
        return rules.canonical(self.content)

    @property
    def object_ref(self) -> str:
        return f"risk_matrix:{self.matrix.code}"
