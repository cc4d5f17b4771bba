"""The crisis plan and its versions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion

HOUSE = "house"  # the one plan of the firm


class CrisisPlan(models.Model):
    """A plan. There is one, of the firm; its versions say what it was when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=40)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("crisis plan")
        verbose_name_plural = _("crisis plans")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class CrisisPlanVersion(ReviewedVersion):
    """One form of a plan: `content` as `rules` reads it. The one in force is frozen onto every
    incident that starts."""

    parent_name = "plan"
    content_names = ("content",)
    record_prefix = "crisis_plan"

    plan = models.ForeignKey(CrisisPlan, on_delete=models.PROTECT, related_name="versions")
    content = models.JSONField(_("content"), default=dict)

    class Meta:
        verbose_name = _("crisis plan version")
        verbose_name_plural = _("crisis plan versions")
        ordering = ["plan", "-number"]
        constraints = ReviewedVersion.constraints_for("plan", "crisis_plan")

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return dict(self.content)

    @property
    def object_ref(self) -> str:
        return f"crisisplan:{self.plan.code}"
