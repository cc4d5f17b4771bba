"""The table of indicators and goals, what was read, and what was spent and gained."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion
from crisis.incidents.models import choices_of
from crisis.indicators import rules

FIRM = "firm"


def band_choices() -> list[tuple[str, Any]]:
    return choices_of(rules.BAND_LABELS)


class IndicatorTable(models.Model):
    """The one table of indicators of the firm (`code` FIRM)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=20)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("table of indicators")
        verbose_name_plural = _("tables of indicators")

    def __str__(self) -> str:
        return self.code


class IndicatorTableVersion(ReviewedVersion):
    """One wording of the table; `rows` and `goals` as `rules.stored` gives them."""

    parent_name = "table"
    content_names = ("rows", "goals")
    record_prefix = "indicator_table"

    table = models.ForeignKey(IndicatorTable, on_delete=models.PROTECT, related_name="versions")
    rows = models.JSONField(_("rows"), default=list)
    goals = models.JSONField(_("goals"), default=dict)

    class Meta:
        verbose_name = _("version of the indicators")
        verbose_name_plural = _("versions of the indicators")
        ordering = ["-number"]
        constraints = ReviewedVersion.constraints_for("table", "crisis_indicatortable")

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def indicators(self) -> list[rules.Indicator]:
        """The rows as the rules see them."""
        return [rules.indicator_of(row) for row in self.rows]

    @property
    def wanted(self) -> rules.Goals:
        """The goals as the rules see them."""
        return rules.goals_of(self.goals)

    def canonical(self) -> dict[str, Any]:
        return {"v": 1, "rows": self.rows, "goals": self.goals}

    @property
    def object_ref(self) -> str:
        return f"indicators:{self.table.code}"


class Reading(models.Model):
    """What an indicator showed in a month: `part` of `whole`, or a value that somebody wrote down
    (`by`, with a `note`). Append-only; a value put right is a new row, and the newest counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    month = models.DateField(_("month"))
    code = models.CharField(_("indicator"), max_length=40)
    value = models.DecimalField(_("percent"), max_digits=6, decimal_places=3)
    part = models.BigIntegerField(null=True, blank=True)
    whole = models.BigIntegerField(null=True, blank=True)
    band = models.CharField(_("band"), max_length=8, choices=band_choices)
    row = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    read_at = models.DateTimeField(_("read at"))

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-month", "code", "-id"]
        indexes = [models.Index(fields=["month", "code"], name="crisis_reading_month")]
        constraints = [
            models.CheckConstraint(
                name="crisis_reading_percent",
                condition=models.Q(value__gte=0, value__lte=100),
            ),
            models.UniqueConstraint(
                fields=["month", "code"],
                condition=models.Q(by__isnull=True),
                name="crisis_reading_measured_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.code}"


class Account(models.Model):
    """Money spent on risk control, or a loss avoided or saving made by it, in a year. Amounts in
    yuan, with the reckoning behind them. Append-only: `reverses` takes an earlier row back."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    year = models.PositiveSmallIntegerField(_("year"))
    is_benefit = models.BooleanField(_("benefit"))
    amount = models.DecimalField(_("amount in yuan"), max_digits=14, decimal_places=2)
    what = models.CharField(_("what"), max_length=200)
    reckoning = models.CharField(_("how it was reckoned"), max_length=500)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="reversed_by", null=True, blank=True
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("cost or benefit")
        verbose_name_plural = _("costs and benefits")
        ordering = ["-year", "-id"]

    def __str__(self) -> str:
        return self.what
