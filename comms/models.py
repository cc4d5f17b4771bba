"""Notices, deliveries and what happened to them. Workflow lives in services; legal moves and
the second person at release are held by triggers too (migration 0002)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from comms import rules
from comms.rules import Criticality, NoticeState
from core.actor import Actor
from core.clock import uuid7
from core.history import History
from core.roles import Capability


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, actor: Actor) -> NoticeQuerySet:
        """The notices of the actor's business lines; none without the capability."""
        if Capability.NOTICES_VIEW not in actor.capabilities:
            return self.none()
        if Capability.LINES_ALL in actor.capabilities:
            return self
        return self.filter(business_line__in=actor.lines)

    def real(self) -> NoticeQuerySet:
        """Without exercises: what figures, indicators and the public check count."""
        return self.filter(exercise=False)

    def going_out(self) -> NoticeQuerySet:
        """Those that workers may send now, most critical first, then first released."""
        rank = models.Case(
            *[models.When(criticality=c.value, then=n) for n, c in enumerate(Criticality)]
        )
        return self.filter(state=NoticeState.SENDING.value).order_by(rank, "released_at")


class Notice(models.Model):
    """One message to many investors: a pinned template version and a frozen audience.

    `code` is the check code that every message carries (D15). `audience` is the frozen query,
    `values` the placeholder values that all recipients share, `channels` the channel plan
    (`rules.ChannelPlan`), `dry_run` the summary that the preparer saw when submitting,
    `counts` the numbers per channel and state when it was done. Planning is over once
    `planned_at` is set. An `exercise` never reaches an investor (`channels.exercise`); what it is
    never changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("check code"), max_length=12, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    version = models.ForeignKey(
        "templates_mgmt.TemplateVersion", on_delete=models.PROTECT, related_name="notices"
    )
    content_hash = models.CharField(max_length=64)
    exercise = models.BooleanField(_("exercise"), default=False, editable=False)
    topic = models.CharField(_("topic"), max_length=50)
    criticality = models.CharField(
        _("criticality"), max_length=12, choices=rules.criticality_choices
    )
    business_line = models.ForeignKey("core.BusinessLine", on_delete=models.PROTECT)
    audience = models.JSONField(_("audience"), default=dict)
    values = models.JSONField(_("values"), default=dict)
    channels = models.JSONField(_("channels"), default=dict)
    reason = models.TextField(_("reason"))
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=rules.notice_state_choices,
        default=NoticeState.DRAFT.value,
    )
    state_reason = models.TextField(_("reason for the state"), blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    released_at = models.DateTimeField(null=True, blank=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    dry_run = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    history = History(excluded_fields=["counts"])
    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="comms_notice_second_person",
                condition=Q(released_by__isnull=True)
                | (
                    ~Q(released_by=models.F("prepared_by"))
                    & Q(submitted_by__isnull=False)
                    & ~Q(released_by=models.F("submitted_by"))
                ),
            ),
            models.CheckConstraint(
                name="comms_notice_released_by_someone",
                condition=Q(state__in=["draft", "ready", "cancelled"])
                | Q(released_by__isnull=False, released_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="comms_notice_active",
                fields=["state"],
                condition=Q(state__in=["released", "sending", "paused"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Delivery(models.Model):
    """One recipient on one channel of one notice. Written in bulk; the row is the truth.

    `rank` 0 goes out at once, higher ranks are fallbacks. `attempts` counts hand-overs,
    `key_group` counts definite refusals: the idempotency key is `<id>.<key_group>`, so an
    attempt whose outcome is unknown is repeated under the same key. `claimed_by` is the claim's
    own token: only its holder may write the claim's result. `commitment` binds the exact bytes
    handed over; `content_sealed` (values and opening key, under the investor's key, context
    "content") re-creates them. `evidence` only ever rises.

    References are checked by the insert trigger, a statement at a time; what they point at is
    never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(
        Notice,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
    )
    investor = models.ForeignKey(
        "investors.Investor",
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_constraint=False,
    )
    contact = models.ForeignKey(
        "investors.ContactPoint",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    channel = models.CharField(_("channel"), max_length=10, choices=rules.channel_choices)
    rank = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=10)
    state = models.CharField(_("state"), max_length=12, choices=rules.delivery_state_choices)
    evidence = models.PositiveSmallIntegerField(
        _("evidence"), choices=rules.evidence_choices, default=0
    )
    due_at = models.DateTimeField(_("due at"))
    held_reason = models.CharField(max_length=40, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    key_group = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(_("handed over at"), null=True)
    lease_until = models.DateTimeField(null=True)
    claimed_by = models.UUIDField(null=True)
    provider = models.CharField(max_length=40, blank=True, default="")
    provider_ref = models.CharField(max_length=200, blank=True, default="")
    commitment = models.BinaryField(null=True)
    content_sealed = models.BinaryField(null=True)
    last_error = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "investor", "channel"], name="comms_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                name="comms_delivery_open",
                fields=["notice", "state", "channel", "due_at", "id"],
                condition=Q(state__in=["standby", "queued", "held"]),
            ),
            models.Index(
                name="comms_delivery_leased", fields=["lease_until"], condition=Q(state="sending")
            ),
            models.Index(
                name="comms_delivery_trouble",
                fields=["notice", "state", "investor", "channel"],
                condition=Q(state__in=["failed", "refused", "unconfirmed", "cancelled"]),
            ),
            models.Index(
                name="comms_delivery_ref",
                fields=["provider_ref", "provider"],
                condition=~Q(provider_ref=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id}"

    @property
    def idempotency_key(self) -> str:
        """What the provider sees; the same for every attempt whose outcome is unknown."""
        return f"{self.id}.{self.key_group}"


class DeliveryEvent(models.Model):
    """Something that happened to a delivery. Append-only (grants and trigger).

    `dedupe` is the provider's event identity; the same event twice makes one row. `detail`
    holds nothing personal.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="events", db_constraint=False
    )
    notice = models.UUIDField()
    kind = models.CharField(_("kind"), max_length=20, choices=rules.event_choices)
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    provider = models.CharField(max_length=40, blank=True, default="")
    provider_ref = models.CharField(max_length=200, blank=True, default="")
    dedupe = models.CharField(max_length=200, null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("delivery event")
        verbose_name_plural = _("delivery events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe"], name="comms_event_once", condition=Q(dedupe__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"


class Exclusion(models.Model):
    """Why an investor of the audience does not get the notice on a channel.

    `channel` is empty when the reason holds for every channel. `reason` is a
    `rules.Reason`, or `missing_value:<placeholder>`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, related_name="exclusions", db_index=False
    )
    investor = models.ForeignKey("investors.Investor", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, blank=True, choices=rules.channel_choices)
    reason = models.CharField(_("reason"), max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "investor", "channel"], name="comms_exclusion_once"
            )
        ]
        indexes = [
            models.Index(
                name="comms_exclusion_why", fields=["notice", "reason", "investor", "channel"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.investor_id}"


class Tally(models.Model):
    """Changes in the number of a notice's deliveries per channel, state and evidence, one row
    per statement that moved some. A trigger on Delivery writes it, so sums are always exact and
    progress costs the same for a thousand and for a million deliveries."""

    id = models.BigAutoField(primary_key=True)
    notice = models.UUIDField()
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    evidence = models.PositiveSmallIntegerField()
    delta = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="comms_tally_notice", fields=["notice"])]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} {self.delta:+d}"


class RawReceipt(models.Model):
    """A provider's call as it came in, stored before anything is made of it (D11).

    `body` may hold addresses: it is sealed under the installation's own receipt key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=40)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    signature_ok = models.BooleanField()
    processed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-id"]
        indexes = [
            models.Index(
                name="comms_receipt_pending", fields=["id"], condition=Q(processed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.received_at:%Y-%m-%d %H:%M}"


class InboxMessage(models.Model):
    """A message in an investor's portal inbox. `body_sealed` is JSON {"subject", "text", "html"}
    under the investor's key, context "inbox"."""

    delivery = models.OneToOneField(
        Delivery, on_delete=models.PROTECT, primary_key=True, related_name="inbox_message"
    )
    investor = models.ForeignKey(
        "investors.Investor", on_delete=models.PROTECT, related_name="inbox", db_index=False
    )
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=10)
    body_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    viewed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("inbox message")
        verbose_name_plural = _("inbox messages")
        ordering = ["-created_at"]
        indexes = [
            models.Index(name="comms_inbox_of", fields=["investor", "-created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.delivery_id)


from comms.dryruns.models import DryRun, DryRunJob  # noqa: E402,F401
from comms.recreating.models import SendingStyle  # noqa: E402,F401  the model's own module
