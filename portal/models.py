"""Sign-in of investors: one-time codes and bound devices."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from investors.models import ContactPoint, Investor


class InvestorLoginCode(models.Model):
    """A one-time code on its way to a contact, or a decoy (`contact` is null) when nobody has
    that contact: what the visitor sees is the same.

    `value_hash` is the blind index of what was typed. `code_hash` is keyed by the installation;
    `code_sealed` holds the code until it was handed over.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=5, choices=ContactPoint.Kind)
    value_hash = models.BinaryField()
    contact = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    code_hash = models.BinaryField()
    code_sealed = models.BinaryField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sign-in code")
        verbose_name_plural = _("sign-in codes")
        indexes = [models.Index(name="portal_code_expiry", fields=["expires_at"])]

    def __str__(self) -> str:
        return str(self.id)


class BoundDevice(models.Model):
    """A browser that an investor signed in with; removing it ends its session."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    investor = models.ForeignKey(Investor, on_delete=models.PROTECT, related_name="devices")
    token_hash = models.BinaryField(unique=True)
    label = models.CharField(_("device"), max_length=80)
    created_at = models.DateTimeField(_("first used"))
    last_seen_at = models.DateTimeField(_("last used"))
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return self.label
