"""Consent texts and their versions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.reviewed.models import ReviewedVersion
from investors import rules


class ConsentText(models.Model):
    """The text about one purpose in one language."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(_("purpose"), max_length=40)
    language = models.CharField(_("language"), max_length=10)
    created_at = models.DateTimeField(_("created at"))
    history = History()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ["purpose", "-language"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "language"], name="investors_consenttext_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose_words} · {self.language_words}"

    @property
    def purpose_words(self) -> str:
        """The purpose, in the reader's language."""
        return str(rules.PURPOSES.get(self.purpose, self.purpose))

    @property
    def language_words(self) -> str:
        """The language, by its own name."""
        return rules.CONSENT_LANGUAGES.get(self.language, self.language)


class ConsentTextVersion(ReviewedVersion):
    """One wording of a consent text. Approved, it is published as the ConsentNotice of the same
    id and number."""

    parent_name = "consent_text"
    content_names = ("text",)
    record_prefix = "consent_text"

    consent_text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="versions")
    text = models.TextField(_("text"), blank=True, default="")
    history = History()

    class Meta:
        verbose_name = _("consent text version")
        verbose_name_plural = _("consent text versions")
        ordering = ["consent_text", "-number"]
        constraints = ReviewedVersion.constraints_for("consent_text", "investors_consenttext")

    def __str__(self) -> str:
        return f"{self.consent_text} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return rules.canonical_consent_text(
            purpose=self.consent_text.purpose, language=self.consent_text.language, text=self.text
        )

    @property
    def object_ref(self) -> str:
        return f"consent_text:{self.consent_text.purpose}:{self.consent_text.language}"
