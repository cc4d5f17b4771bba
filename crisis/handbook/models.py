"""The handbook, its versions, and who confirmed that they read one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion

FIRM = "operations_risk"


class Handbook(models.Model):
    """The one handbook of the firm (`code` FIRM)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=20)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("handbook")
        verbose_name_plural = _("handbooks")

    def __str__(self) -> str:
        return self.code


class HandbookVersion(ReviewedVersion):
    """One wording. `words` by language; `changes` says in a few words what is new."""

    parent_name = "handbook"
    content_names = ("words", "changes")
    record_prefix = "handbook"

    handbook = models.ForeignKey(Handbook, on_delete=models.PROTECT, related_name="versions")
    words = models.JSONField(_("words"), default=dict)
    changes = models.CharField(_("what is new"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("version of the handbook")
        verbose_name_plural = _("versions of the handbook")
        ordering = ["-number"]
        constraints = ReviewedVersion.constraints_for("handbook", "crisis_handbook")

    def __str__(self) -> str:
        return f"v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return {"v": 1, "words": self.words, "changes": self.changes}

    @property
    def object_ref(self) -> str:
        return f"handbook:{self.handbook.code}"


class Attestation(models.Model):
    """Somebody of the staff confirmed that they read a version. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        HandbookVersion, on_delete=models.PROTECT, related_name="attestations"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("confirmation of reading")
        verbose_name_plural = _("confirmations of reading")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "user"], name="crisis_attestation_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.version_id}"
