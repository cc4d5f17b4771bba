"""The retention schedule and its versions, legal holds, proposals. What each row may become is
held by triggers too (migration `retention`)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit.retention import rules
from core.clock import uuid7
from core.history import History


class ScheduleState(models.TextChoices):
    """How far a version of the schedule is. The approved one with the highest number rules."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("In review")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class RetentionSchedule(models.Model):
    """One version of the whole table. `jurisdictions` are those that the firm is under, `lines`
    the narrower lists of single business lines ({line id: [code]}); `assignments` say which
    kind the records of an action (its longest prefix) are. `editors` are all who had a hand in
    it: none of them may approve it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.PositiveIntegerField(_("version"), unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ScheduleState, default=ScheduleState.DRAFT
    )
    jurisdictions = ArrayField(models.CharField(max_length=2), verbose_name=_("jurisdictions"))
    lines = models.JSONField(default=dict)
    assignments = models.JSONField(default=list)
    reason = models.TextField(_("reason"))
    editors = ArrayField(models.UUIDField(), default=list)
    drafted_at = models.DateTimeField()
    submitted_by = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True, default="")
    history = History(excluded_fields=["decision_reason"])

    class Meta:
        verbose_name = _("retention schedule")
        verbose_name_plural = _("retention schedules")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                name="audit_retentionschedule_decided",
                condition=Q(state__in=["draft", "submitted"])
                | Q(number=1)
                | Q(decided_by__isnull=False, submitted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class RetentionRule(models.Model):
    """One class of one version. `to_check`: the primary text was not at hand; such a rule is
    switched off until a version says otherwise."""

    id = models.BigAutoField(primary_key=True)
    schedule = models.ForeignKey(RetentionSchedule, on_delete=models.PROTECT, related_name="rules")
    code = models.SlugField(_("code"))
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120)
    kinds = ArrayField(models.CharField(max_length=20), verbose_name=_("record kinds"))
    jurisdictions = ArrayField(
        models.CharField(max_length=2), verbose_name=_("jurisdictions"), default=list, blank=True
    )
    bound = models.CharField(_("bound"), max_length=10)
    amount = models.PositiveIntegerField(_("period"))
    unit = models.CharField(_("unit"), max_length=6)
    basis = models.CharField(_("counted from"), max_length=12)
    source = models.CharField(_("source"), max_length=200)
    note = models.CharField(_("note"), max_length=400, blank=True, default="")
    active = models.BooleanField(_("in force"), default=True)
    to_check = models.BooleanField(_("to be checked"), default=False)
    history = History()

    class Meta:
        verbose_name = _("retention class")
        verbose_name_plural = _("retention classes")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "code"], name="audit_retentionrule_once"),
            models.CheckConstraint(
                name="audit_retentionrule_words",
                condition=Q(
                    bound__in=[each.value for each in rules.Bound],
                    unit__in=[each.value for each in rules.Unit],
                    basis__in=[each.value for each in rules.Basis],
                    amount__gte=1,
                    amount__lte=40000,
                ),
            ),
            models.CheckConstraint(
                name="audit_retentionrule_unchecked_is_off",
                condition=Q(to_check=False) | Q(active=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name

    @property
    def rule(self) -> rules.Rule:
        """The row as the pure rules take it, named in the reader's language."""
        return rules.Rule(
            code=self.code,
            name=str(self),
            source=self.source,
            kinds=frozenset(self.kinds),
            jurisdictions=frozenset(self.jurisdictions),
            amount=self.amount,
            unit=rules.Unit(self.unit),
            bound=rules.Bound(self.bound),
            basis=rules.Basis(self.basis),
            active=self.active,
        )


class HoldScope(models.TextChoices):
    """What a legal hold freezes."""

    INVESTOR = "investor", _("Investor")
    NOTICE = "notice", _("Notice")
    STAFF = "staff", _("Member of staff")
    PERIOD = "period", _("Period")


class LegalHold(models.Model):
    """An order to keep: placed by one person, released only by another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.CharField(_("scope"), max_length=10, choices=HoldScope)
    investor = models.UUIDField(_("investor"), null=True)
    notice = models.UUIDField(_("notice"), null=True)
    staff = models.UUIDField(_("member of staff"), null=True)
    period_from = models.DateTimeField(_("from"), null=True)
    period_to = models.DateTimeField(_("to"), null=True)
    matter = models.CharField(_("matter"), max_length=120)
    reason = models.TextField(_("reason"))
    placed_by = models.UUIDField()
    placed_at = models.DateTimeField()
    released_by = models.UUIDField(null=True)
    released_at = models.DateTimeField(null=True)
    release_reason = models.TextField(blank=True, default="")
    history = History(excluded_fields=["matter", "reason", "release_reason"])

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="audit_legalhold_second_person",
                condition=Q(released_by__isnull=True, released_at__isnull=True)
                | (
                    Q(released_by__isnull=False, released_at__isnull=False)
                    & ~Q(released_by=F("placed_by"))
                    & ~Q(release_reason="")
                ),
            ),
            models.CheckConstraint(
                name="audit_legalhold_one_scope",
                condition=Q(scope="investor", investor__isnull=False, notice=None, staff=None,
                            period_from=None, period_to=None)
                | Q(scope="notice", notice__isnull=False, investor=None, staff=None,
                    period_from=None, period_to=None)
                | Q(scope="staff", staff__isnull=False, investor=None, notice=None,
                    period_from=None, period_to=None)
                | Q(scope="period", period_from__isnull=False, period_to__gt=F("period_from"),
                    investor=None, notice=None, staff=None),
            ),
            models.CheckConstraint(
                name="audit_legalhold_says_why", condition=~Q(reason="") & ~Q(matter="")
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                name="audit_legalhold_in_force",
                fields=["scope"],
                condition=Q(released_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.matter


class ProposalState(models.TextChoices):
    """How far a proposal to shred is."""

    PROPOSED = "proposed", _("Proposed")
    SUBMITTED = "submitted", _("Put forward")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    DONE = "done", _("Shredded")
    SUPERSEDED = "superseded", _("Replaced by a newer one")


class RetentionProposal(models.Model):
    """What is due on one night: put forward by one person, approved by another, then shredded.
    The system only counts; nothing is deleted before the approval."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(RetentionSchedule, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        _("state"), max_length=10, choices=ProposalState, default=ProposalState.PROPOSED
    )
    made_at = models.DateTimeField(_("made at"))
    submitted_by = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("shredding proposal")
        verbose_name_plural = _("shredding proposals")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="audit_retentionproposal_second_person",
                condition=~Q(state__in=["approved", "done"])
                | (
                    Q(submitted_by__isnull=False, decided_by__isnull=False)
                    & ~Q(decided_by=F("submitted_by"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.made_at:%Y-%m-%d}"


class ProposalItem(models.Model):
    """One store of material in a proposal: how much is due, a sample of ids, how much is done.
    ."""

    id = models.BigAutoField(primary_key=True)
    proposal = models.ForeignKey(RetentionProposal, on_delete=models.PROTECT, related_name="items")
    store = models.CharField(_("material"), max_length=30)
    kind = models.CharField(_("record kind"), max_length=20)
    due = models.BigIntegerField(_("due"))
    held = models.BigIntegerField(_("held"), default=0)
    sample = models.JSONField(default=list)
    shredded = models.BigIntegerField(_("shredded"), default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "store"], name="audit_proposalitem_once")
        ]

    def __str__(self) -> str:
        return f"{self.store}: {self.due}"
