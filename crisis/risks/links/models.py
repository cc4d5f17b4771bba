"""Links and their ends. Both tables are append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from crisis.risks.links import rules
from crisis.risks.links.rules import End
from crisis.risks.salted import Salted


def kind_choices() -> list[tuple[str, Any]]:
    return [(kind.value, label) for kind, label in rules.KIND_LABELS.items()]


def _person() -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )


class LinkQuerySet(models.QuerySet["Link"]):
    """Chainable questions about links."""

    def standing(self) -> LinkQuerySet:
        """Those that nobody has taken back."""
        return self.filter(unlink=None)

    def touching(self, *ends: End) -> LinkQuerySet:
        """Those with one of `ends` at either side."""
        wanted = Q(pk__in=[])
        for end in ends:
            wanted |= Q(one_kind=end.kind, one_id=end.id)
            wanted |= Q(other_kind=end.kind, other_id=end.id)
        return self.filter(wanted)


class Link(Salted):
    """That two things belong together, and why. `one` stands before `other` in the order of
    `rules.Kind`, so that a pair is stored one way only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    one_kind = models.CharField(max_length=10, choices=kind_choices)
    one_id = models.UUIDField()
    other_kind = models.CharField(max_length=10, choices=kind_choices)
    other_id = models.UUIDField()
    why = models.TextField(_("why"), blank=True)
    at = models.DateTimeField(_("at"))
    by = _person()
    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["one_kind", "one_id"], name="crisis_link_one"),
            models.Index(fields=["other_kind", "other_id"], name="crisis_link_other"),
        ]

    def __str__(self) -> str:
        return f"{self.one_kind}:{self.one_id} – {self.other_kind}:{self.other_id}"

    @property
    def ends(self) -> tuple[End, End]:
        """Both ends."""
        return End(self.one_kind, self.one_id), End(self.other_kind, self.other_id)

    def far_end(self, here: End) -> End:
        """The other end, seen from `here`."""
        one, other = self.ends
        return other if one == here else one


class Unlink(models.Model):
    """That somebody took a link back, and why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    link = models.OneToOneField(Link, on_delete=models.PROTECT, related_name="unlink")
    why = models.TextField(_("why"))
    at = models.DateTimeField(_("at"))
    by = _person()

    class Meta:
        verbose_name = _("unlinking")
        verbose_name_plural = _("unlinkings")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.link_id}"
