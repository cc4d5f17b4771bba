"""The columns that every reviewed version has."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed import rules


def state_choices() -> list[tuple[str, Any]]:
    """Value and label of every state."""
    return [(state.value, label) for state, label in rules.STATE_LABELS.items()]


def _person(verbose_name: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )


class ReviewedVersion(models.Model):
    """One version of something that two people put in force.

    A subclass adds its content columns and the foreign key `parent_name` to what it is a version
    of, and says how the ledger calls it. `contributors` are all who edited or submitted it (a
    trigger adds them); none of them can decide about it. Shipped versions have no persons.
    """

    parent_name: ClassVar[str]
    content_names: ClassVar[tuple[str, ...]]
    record_prefix: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=20, choices=state_choices, default=rules.State.DRAFT.value
    )
    revision = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(_("content hash"), max_length=64)
    contributors = ArrayField(models.UUIDField(), default=list)
    edited_by = _person(_("edited by"))
    edited_at = models.DateTimeField(_("edited at"))
    submitted_by = _person(_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    decided_by = _person(_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        abstract = True

    @classmethod
    def constraints_for(cls, parent: str, prefix: str) -> list[models.BaseConstraint]:
        """A number once; at most one version in force and one in work."""
        return [
            models.UniqueConstraint(fields=[parent, "number"], name=f"{prefix}_number_once"),
            models.UniqueConstraint(
                fields=[parent],
                condition=models.Q(state="approved"),
                name=f"{prefix}_one_in_force",
            ),
            models.UniqueConstraint(
                fields=[parent],
                condition=models.Q(state__in=sorted(rules.IN_WORK)),
                name=f"{prefix}_one_in_work",
            ),
        ]

    def canonical(self) -> dict[str, Any]:
        """The content as the ledger and the hash see it."""
        raise NotImplementedError

    @property
    def object_ref(self) -> str:
        """`kind:id` of what this is a version of, for the ledger."""
        raise NotImplementedError

    @property
    def ledger_incident(self) -> UUID | None:
        """The incident that its records are about, if any."""
        return None

    @property
    def ledger_facts(self) -> dict[str, Any]:
        """What its records say besides: plain values, nothing personal."""
        return {}

    @property
    def parent_id(self) -> UUID:
        """The id of what this is a version of."""
        value: UUID = getattr(self, f"{self.parent_name}_id")
        return value

    @property
    def in_work(self) -> bool:
        """Whether it is a draft or in review."""
        return self.state in rules.IN_WORK
