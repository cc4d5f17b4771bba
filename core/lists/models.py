"""Views of lists that people saved for themselves."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.models import User


class SavedView(models.Model):
    """Filters of one list under a name of a person's own. Made and removed, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    list_name = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_name", "name"], name="core_savedview_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
