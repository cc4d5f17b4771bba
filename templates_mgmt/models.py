"""Templates, their versions and what was decided about them.

Versions never change once submitted; decisions and contributors are append-only. Migration
0002 holds both below Python.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.models import BusinessLine
from templates_mgmt import rules


def _person(verbose_name: Any, **options: Any) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
        on_delete=models.PROTECT,
        related_name="+",
        **options,
    )


class TemplateQuerySet(models.QuerySet["Template"]):
    """Chains for lists of templates."""

    def with_standing(self) -> TemplateQuerySet:
        """Adds `newest_number`, `newest_state`, `newest_at`, `newest_id` and `approved_number`."""
        versions = TemplateVersion.objects.filter(template=models.OuterRef("pk"))
        newest = versions.order_by("-number")
        approved = versions.filter(state=rules.State.APPROVED).order_by("-number")
        return self.annotate(
            newest_id=models.Subquery(newest.values("pk")[:1]),
            newest_number=models.Subquery(newest.values("number")[:1]),
            newest_state=models.Subquery(newest.values("state")[:1]),
            newest_at=models.Subquery(newest.values("edited_at")[:1]),
            approved_number=models.Subquery(approved.values("number")[:1]),
        )


class Template(models.Model):
    """A message with many versions. All but its name is fixed when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=120)
    category = models.CharField(_("category"), max_length=20, choices=rules.category_choices)
    topic_code = models.SlugField(_("topic"), max_length=60)
    business_line = models.ForeignKey(
        BusinessLine,
        verbose_name=_("business line"),
        on_delete=models.PROTECT,
        related_name="templates",
    )
    created_by = _person(_("created by"))
    created_at = models.DateTimeField(_("created at"))
    history = History()
    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One wording of a template in all its channels and languages.

    `facts` is `{language: {"title", "key_points": [...], "action", "deadline", "risk"}}`;
    `placeholders` is `[{"name", "type", "example", "personal", "source"}]`. `content_hash` is
    the hex SHA-256 of the canonical content, set when the version is submitted. `revision`
    counts the saves of a draft, so that a stale save is noticed. `review_plan` are the stages of
    its review, frozen when it is submitted; `due_at` is when the open stage should be done,
    `taken_by` the reviewer who has taken it up.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=20, choices=rules.state_choices, default=rules.State.DRAFT.value
    )
    facts = models.JSONField(_("facts"), default=dict)
    placeholders = models.JSONField(_("placeholders"), default=list)
    note = models.TextField(_("note to the reviewer"), blank=True)
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="successors"
    )
    revision = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(_("content hash"), max_length=64, blank=True)
    created_by = _person(_("created by"))
    created_at = models.DateTimeField(_("created at"))
    edited_by = _person(_("edited by"))
    edited_at = models.DateTimeField(_("edited at"))
    submitted_by = _person(_("submitted by"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    decided_by = _person(_("decided by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    review_plan = models.JSONField(_("review plan"), default=list, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken by"),
        on_delete=models.PROTECT,
        related_name="taken_reviews",
        null=True,
        blank=True,
    )
    history = History()

    class Meta:
        verbose_name = _("template version")
        verbose_name_plural = _("template versions")
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"], name="templates_version_number_once"
            ),
            models.CheckConstraint(
                name="templates_version_hash_when_submitted",
                condition=models.Q(state="draft", content_hash="", submitted_by__isnull=True)
                | (
                    ~models.Q(state="draft")
                    & models.Q(
                        content_hash__regex=r"^[0-9a-f]{64}$",
                        submitted_by__isnull=False,
                        submitted_at__isnull=False,
                    )
                ),
            ),
        ]
        indexes = [models.Index(name="templates_version_state", fields=["state", "-id"])]

    def __str__(self) -> str:
        return f"{self.template.name} v{self.number}"


class Variant(models.Model):
    """The wording of a version for one channel in one language.

    `body_html` is only used by e-mail and inbox; when blank, the HTML is made from `body`.
    `subject` is the title of a push; SMS, chat and hotline scripts have none.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="variants")
    channel = models.CharField(_("channel"), max_length=20, choices=rules.channel_choices)
    language = models.CharField(_("language"), max_length=10, choices=rules.language_choices)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"))
    body_html = models.TextField(_("HTML"), blank=True)
    history = History()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["channel", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "channel", "language"], name="templates_variant_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.language}"


class Contributor(models.Model):
    """Someone whose words or submission are in a version; such a person cannot approve it (T2).
    A trigger adds whoever created, edited or submitted the version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, related_name="contributors"
    )
    user = _person(_("person"))

    class Meta:
        verbose_name = _("contributor")
        verbose_name_plural = _("contributors")
        constraints = [
            models.UniqueConstraint(fields=["version", "user"], name="templates_contributor_once")
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class Decision(models.Model):
    """What a person decided about exactly this content. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="decisions")
    user = _person(_("person"))
    decision = models.CharField(_("decision"), max_length=20, choices=rules.verb_choices)
    content_hash = models.CharField(_("content hash"), max_length=64)
    reason = models.TextField(_("reason"), blank=True)
    stage = models.PositiveSmallIntegerField(_("stage"), default=0)
    on_behalf_of = _person(_("on behalf of"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="templates_decision_has_reason",
                condition=models.Q(decision="approve") | models.Q(reason__regex=r"\S"),
            ),
            models.UniqueConstraint(
                fields=["version", "user"],
                condition=models.Q(decision="approve"),
                name="templates_decision_approves_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.version_id}"

    @property
    def decision_state(self) -> str:
        """The state that the decision led to."""
        return rules.VERB_STATES[rules.Verb(self.decision)].value


from templates_mgmt.clauses.models import Clause as Clause  # noqa: E402
from templates_mgmt.clauses.models import ClauseVersion as ClauseVersion  # noqa: E402
from templates_mgmt.filing.models import CarrierTemplate as CarrierTemplate  # noqa: E402
from templates_mgmt.filing.models import ClassChange as ClassChange  # noqa: E402
from templates_mgmt.filing.models import Filing as Filing  # noqa: E402
from templates_mgmt.filing.models import Reminder as Reminder  # noqa: E402
from templates_mgmt.filing.models import ReminderMail as ReminderMail  # noqa: E402
from templates_mgmt.filing.models import ReReview as ReReview  # noqa: E402
from templates_mgmt.lexicon.models import WordList as WordList  # noqa: E402
from templates_mgmt.lexicon.models import WordListVersion as WordListVersion  # noqa: E402
from templates_mgmt.reviewing.models import Absence as Absence  # noqa: E402
from templates_mgmt.reviewing.models import Comment as Comment  # noqa: E402
from templates_mgmt.reviewing.models import ReviewGroup as ReviewGroup  # noqa: E402
from templates_mgmt.reviewing.models import ReviewPlan as ReviewPlan  # noqa: E402
from templates_mgmt.reviewing.models import ReviewPlanVersion as ReviewPlanVersion  # noqa: E402
from templates_mgmt.writing.models import Justification as Justification  # noqa: E402
from templates_mgmt.writing.models import UnsavedWords as UnsavedWords  # noqa: E402
