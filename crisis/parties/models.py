"""Third parties, their contacts, and what is proven about them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from crisis.parties import rules


def kind_choices() -> list[tuple[str, Any]]:
    return [(kind.value, label) for kind, label in rules.KIND_LABELS.items()]


def proof_choices() -> list[tuple[str, Any]]:
    return [(kind.value, label) for kind, label in rules.PROOF_LABELS.items()]


class Party(models.Model):
    """A firm or an office that a crisis needs. `systems` are what of ours hangs on it; `stands_in`
    says for which supplier this one is the backup."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=kind_choices)
    does = models.CharField(_("what it does for us"), max_length=300, blank=True)
    systems = ArrayField(models.CharField(max_length=100), verbose_name=_("systems"), default=list)
    stands_in = models.ForeignKey(
        "self",
        verbose_name=_("backup of"),
        on_delete=models.PROTECT,
        related_name="backups",
        null=True,
        blank=True,
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    history = History()

    class Meta:
        verbose_name = _("third party")
        verbose_name_plural = _("third parties")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="crisis_party_not_its_own_backup",
                condition=~models.Q(stands_in=models.F("id")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PartyContact(models.Model):
    """Whom to call there, in the order of `rank`. `sealed` holds name, phone and address under
    the contact's own data key (subject: the contact's id), so that one person can be forgotten.
    Rows do not change: a new number is a new row, and the old one has ended."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contacts")
    duty = models.CharField(_("duty"), max_length=120)
    rank = models.PositiveSmallIntegerField(_("order"))
    sealed = models.BinaryField()
    added_at = models.DateTimeField(_("added"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact of a third party")
        verbose_name_plural = _("contacts of third parties")
        ordering = ["party", "rank", "id"]

    def __str__(self) -> str:
        return f"{self.party_id} {self.duty}"


class Proof(models.Model):
    """A certificate, contract, test or audit: when it was, and through which day it holds. A
    newer one of the same kind and title takes its place. `reminded` is the last reminder made
    (days before the end, -1 after it)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="proofs")
    kind = models.CharField(_("kind"), max_length=12, choices=proof_choices)
    title = models.CharField(_("title"), max_length=160)
    held_on = models.DateField(_("date"))
    ends_on = models.DateField(_("holds through"))
    reference = models.CharField(_("where it is kept"), max_length=300, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(_("added"))
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    reminded = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("proof about a third party")
        verbose_name_plural = _("proofs about third parties")
        ordering = ["party", "ends_on"]
        constraints = [
            models.CheckConstraint(
                name="crisis_proof_ends_after_it_was",
                condition=models.Q(ends_on__gte=models.F("held_on")),
            ),
            models.UniqueConstraint(
                fields=["party", "kind", "title"],
                condition=models.Q(replaced_at__isnull=True),
                name="crisis_proof_one_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.title
