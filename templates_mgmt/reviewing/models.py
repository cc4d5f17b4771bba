"""Review plans, groups, absences, who took a review, and comments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.reviewed.models import ReviewedVersion
from templates_mgmt import rules as template_rules
from templates_mgmt.reviewing import rules


def _person(verbose_name: Any, related_name: str = "+", **options: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name=related_name,
        **options,
    )


class ReviewPlan(models.Model):
    """The stages that a category's versions go through."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    category = models.CharField(
        _("category"), max_length=20, unique=True, choices=template_rules.category_choices
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("review plan")
        verbose_name_plural = _("review plans")
        ordering = ["category"]

    def __str__(self) -> str:
        return str(self.get_category_display())


class ReviewPlanVersion(ReviewedVersion):
    """One form of a plan; frozen onto every version that is submitted while it is in force."""

    parent_name = "plan"
    content_names = ("stages",)
    record_prefix = "review_plan"

    plan = models.ForeignKey(ReviewPlan, on_delete=models.PROTECT, related_name="versions")
    stages = models.JSONField(_("stages"), default=list)

    class Meta:
        verbose_name = _("review plan version")
        verbose_name_plural = _("review plan versions")
        ordering = ["plan", "-number"]
        constraints = ReviewedVersion.constraints_for("plan", "templates_plan")

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    def canonical(self) -> dict[str, Any]:
        return {"v": 1, "category": self.plan.category, "stages": self.stages}

    @property
    def object_ref(self) -> str:
        return f"reviewplan:{self.plan.category}"

    @property
    def stages_shown(self) -> rules.Plan:
        """The stages as the rules see them."""
        return rules.from_json(self.stages) if self.stages else ()


class ReviewGroup(models.Model):
    """Reviewers who speak for one function, for example legal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=120)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("members"), related_name="review_groups"
    )

    class Meta:
        verbose_name = _("review group")
        verbose_name_plural = _("review groups")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """From `starts` to `ends` somebody else decides for an absent reviewer, in her groups."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = _person(_("person"), "absences")
    delegate = _person(_("delegate"), "stands_in")
    starts = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                name="templates_absence_forwards", condition=models.Q(ends__gt=models.F("starts"))
            ),
            models.CheckConstraint(
                name="templates_absence_two_persons",
                condition=~models.Q(person=models.F("delegate")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.delegate_id}"


class Comment(models.Model):
    """A remark on a place in a version's text. Its words never change; it can be settled once.

    `place` is a reference such as `sms/en/body`; `start` and `end` count characters of the text as
    written there, `excerpt` is what stood there.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="comments"
    )
    place = models.CharField(_("place"), max_length=80, blank=True)
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    excerpt = models.CharField(_("excerpt"), max_length=200, blank=True)
    text = models.TextField(_("comment"))
    user = _person(_("person"))
    at = models.DateTimeField(_("at"))
    settled_by = _person(_("settled by"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.place} {self.at:%Y-%m-%d %H:%M}"
