"""Word lists and their versions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.reviewed.models import ReviewedVersion
from templates_mgmt.lexicon import rules


def severity_choices() -> list[tuple[str, Any]]:
    """Value and label of every severity."""
    return [(severity.value, label) for severity, label in rules.SEVERITY_LABELS.items()]


class WordList(models.Model):
    """A list of terms with one reason."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=120)
    created_at = models.DateTimeField(_("created at"))
    history = History()

    class Meta:
        verbose_name = _("word list")
        verbose_name_plural = _("word lists")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class WordListVersion(ReviewedVersion):
    """One wording of a list."""

    parent_name = "word_list"
    content_names = ("severity", "why", "fix", "terms", "exceptions", "examples")
    record_prefix = "lexicon"

    word_list = models.ForeignKey(WordList, on_delete=models.PROTECT, related_name="versions")
    severity = models.CharField(
        _("severity"), max_length=10, choices=severity_choices, default=rules.Severity.ERROR.value
    )
    why = models.JSONField(_("why"), default=dict)
    fix = models.JSONField(_("what to write instead"), default=dict)
    terms = models.JSONField(_("terms"), default=list)
    exceptions = models.JSONField(_("exceptions"), default=list)
    examples = models.JSONField(_("examples"), default=list)
    history = History()

    class Meta:
        verbose_name = _("word list version")
        verbose_name_plural = _("word list versions")
        ordering = ["word_list", "-number"]
        constraints = ReviewedVersion.constraints_for("word_list", "templates_wordlist")

    def __str__(self) -> str:
        return f"{self.word_list} v{self.number}"

    @property
    def words(self) -> rules.Words:
        """The content as the rules see it."""
        return rules.Words(
            code=self.word_list.code,
            severity=self.severity,
            why=self.why,
            fix=self.fix,
            terms=tuple(self.terms),
            exceptions=tuple(self.exceptions),
            examples=tuple(rules.Example(**item) for item in self.examples),
        )

    def canonical(self) -> dict[str, Any]:
        return rules.canonical(self.words)

    @property
    def object_ref(self) -> str:
        return f"wordlist:{self.word_list.code}"
