"""Words that are not saved yet, and the reasons why a finding may stand."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7


class UnsavedWords(models.Model):
    """What a person has typed into the editor of a draft and not saved: the fields of the form.

    One row for each opening of the editor (`session`), so that two windows never overwrite each
    other. `revision` is the one that the editor started from. Rows of `writing.rules.KEPT_DAYS`
    and more are removed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="unsaved"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    session = models.UUIDField()
    revision = models.PositiveIntegerField()
    fields = models.JSONField(default=dict)
    since = models.DateTimeField(_("since"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("unsaved words")
        verbose_name_plural = _("unsaved words")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "user", "session"], name="templates_unsaved_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.at}"


class Justification(models.Model):
    """Why a finding may stand, in the author's words. Append-only, and only while the version is
    a draft. `fingerprint` (`lint.fingerprint`) binds it to the code, the place and the text."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="justifications"
    )
    fingerprint = models.CharField(max_length=64)
    code = models.CharField(_("code"), max_length=40)
    place = models.CharField(_("place"), max_length=80, blank=True)
    excerpt = models.CharField(_("excerpt"), max_length=200, blank=True)
    reason = models.TextField(_("reason"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("justification")
        verbose_name_plural = _("justifications")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "fingerprint"], name="templates_justified_once"
            ),
            models.CheckConstraint(
                name="templates_justified_with_reason", condition=models.Q(reason__regex=r"\S")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.place}"
