"""Investors, how to reach them, what they agreed to, and the imports that brought them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.models import BusinessLine
from investors import rules


class Channel(models.TextChoices):
    """How an investor can be reached; a preference names one of these."""

    SMS = "sms", _("SMS")
    EMAIL = "email", _("E-mail")
    PUSH = "push", _("App push")
    INBOX = "inbox", _("Portal inbox")
    WECHAT = "wechat", _("WeChat")


class Topic(models.Model):
    """What a notice is about. A mandatory topic cannot be switched off; `rule` says why."""

    code = models.SlugField(_("code"), primary_key=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120)
    mandatory = models.BooleanField(_("mandatory"), default=False)
    rule = models.TextField(_("rule that makes it mandatory"), blank=True)
    rule_zh = models.TextField(_("the rule in Chinese"), blank=True)
    history = History()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["-mandatory", "code"]
        constraints = [
            models.CheckConstraint(
                name="investors_topic_mandatory_says_why",
                condition=models.Q(mandatory=False) | ~models.Q(rule=""),
            )
        ]

    def __str__(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name

    @property
    def why(self) -> str:
        """The rule in the reader's language; empty for a topic that is a matter of choice."""
        chinese = (get_language() or "").startswith("zh")
        return (self.rule_zh or self.rule) if chinese else self.rule


class InvestorQuerySet(models.QuerySet["Investor"]):
    """Chainable filters over investors."""

    def active(self) -> InvestorQuerySet:
        """Those whose relationship with the firm goes on."""
        return self.filter(status=Investor.Status.ACTIVE)

    def in_lines(self, line_ids: frozenset[uuid.UUID]) -> InvestorQuerySet:
        """Those of the given business lines."""
        return self.filter(business_line_id__in=line_ids)


def touched(name: Any) -> ArrayField[list[str], list[str]]:
    """What an investor uses or holds, in the normal form of `vocabulary.attributes`: by it an
    incident finds exactly those whom it hits (C9)."""
    return ArrayField(
        models.CharField(max_length=100),
        verbose_name=name,
        default=list,
        db_default=models.Value([], output_field=ArrayField(models.CharField(max_length=100))),
        blank=True,
    )


class Investor(models.Model):
    """One investor under a pseudonym.

    The firm's customer number and the name lie in `profile`, sealed under the investor's own
    data key (`audit.sealing`, context "profile"); `ref_hash` finds the customer number again.
    `fingerprint` is a keyed hash of the last imported row, so that the same row is recognised.
    `reach` counts which of SMS and e-mail can be used now (a contact that is not suppressed, and
    consent); services keep it with every change that touches it.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSED = "closed", _("Closed")

    class Language(models.TextChoices):
        SIMPLIFIED = "zh-hans", _("Chinese (simplified)")
        TRADITIONAL = "zh-hant", _("Chinese (traditional)")
        ENGLISH = "en", _("English")

    class Cadence(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        DAILY = "daily", _("Daily digest")
        WEEKLY = "weekly", _("Weekly digest")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business_line = models.ForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="investors", db_index=False
    )
    ref_hash = models.BinaryField(unique=True)
    profile = models.BinaryField()
    language = models.CharField(
        _("language"), max_length=10, choices=Language, default=Language.SIMPLIFIED
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default=rules.DEFAULT_TIME_ZONE)
    risk_level = models.CharField(_("risk level"), max_length=2, blank=True, default="")
    cadence = models.CharField(
        _("cadence"), max_length=10, choices=Cadence, default=Cadence.AT_ONCE
    )
    preferred_channels = ArrayField(
        models.CharField(max_length=10, choices=Channel),
        verbose_name=_("preferred channels"),
        default=list,
        blank=True,
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet to"), null=True, blank=True)
    account_flags = ArrayField(
        models.SlugField(), verbose_name=_("account flags"), default=list, blank=True
    )
    systems = touched(_("systems"))
    branches = touched(_("branches"))
    products = touched(_("products"))
    access_channels = touched(_("trading channels"))
    opened_on = models.DateField(_("account opened on"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    reach = models.PositiveSmallIntegerField(_("usable channels"), default=0)
    fingerprint = models.BinaryField(default=b"")
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = InvestorQuerySet.as_manager()

    class Meta:
        verbose_name = _("investor")
        verbose_name_plural = _("investors")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="investors_investor_quiet_hours_whole",
                condition=models.Q(quiet_from=None, quiet_to=None)
                | models.Q(quiet_from__isnull=False, quiet_to__isnull=False),
            ),
            models.CheckConstraint(
                name="investors_investor_risk_level",
                condition=models.Q(risk_level__in=["", *rules.RISK_LEVELS]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ContactPoint(models.Model):
    """A phone number or an e-mail address of an investor, sealed under the investor's key
    (context "contact"). `rank` 0 is the one in use; replaced ones keep higher ranks, because
    old deliveries point at them. Why one is suppressed stands in `suppressed_reason` if the system
    says so, and in `reason_sealed` (context "reason") if a person wrote it. As for consent, the
    database does not check for every row that the investor exists: no role that the application
    runs under can delete one."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")

    class State(models.TextChoices):
        UNVERIFIED = "unverified", _("Unverified")
        VERIFIED = "verified", _("Verified")
        SUPPRESSED = "suppressed", _("Suppressed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    investor = models.ForeignKey(
        Investor,
        on_delete=models.PROTECT,
        related_name="contacts",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(_("kind"), max_length=5, choices=Kind)
    rank = models.PositiveSmallIntegerField(default=0)
    value_sealed = models.BinaryField()
    value_hash = models.BinaryField()
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UNVERIFIED)
    suppressed_reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    reason_sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            # Led by the hash, so that the same index answers the search for a value.
            models.UniqueConstraint(
                fields=["value_hash", "investor"], name="investors_contact_once"
            ),
            models.UniqueConstraint(
                fields=["investor", "kind", "rank"], name="investors_contact_rank"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class ConsentNotice(models.Model):
    """A text as it is shown to investors when consent is asked for; never edited. It appears, by
    a trigger, only with the approved ConsentTextVersion of the same id and the same words."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(_("purpose"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=10, choices=Investor.Language)
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        ordering = ["purpose", "language", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "version", "language"], name="investors_consentnotice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} v{self.version} ({self.language})"


class ConsentEntry(models.Model):
    """One act of consent, withdrawal or refusal. Append-only: by grants and by trigger.

    `place` is a truncated IP address (/24 or /48), never a whole one. As in the ledger, and for
    the same reason (bulk speed), the database does not check that the investor exists; no role
    that the application runs under can delete one.
    """

    class Action(models.TextChoices):
        GIVEN = "given", _("Given")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    investor = models.ForeignKey(
        Investor,
        on_delete=models.PROTECT,
        related_name="consent_entries",
        db_index=False,
        db_constraint=False,
    )
    purpose = models.CharField(_("purpose"), max_length=40)
    action = models.CharField(_("action"), max_length=10, choices=Action)
    notice = models.ForeignKey(
        ConsentNotice, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    method = models.CharField(_("method"), max_length=40)
    legal_basis = models.CharField(_("legal basis"), max_length=40)
    place = models.CharField(_("place"), max_length=50, blank=True, default="")
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    source = models.CharField(_("source"), max_length=80)

    class Meta:
        verbose_name = _("consent entry")
        verbose_name_plural = _("consent entries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["investor", "-id"], name="investors_entry_investor")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.action}"

    @property
    def method_words(self) -> str:
        """How it came about, in the reader's language."""
        return str(rules.METHODS.get(self.method, self.method))


class ConsentState(models.Model):
    """What the last entry of each purpose says; written with it, and what bulk SQL joins."""

    pk = models.CompositePrimaryKey("investor_id", "purpose")
    investor = models.ForeignKey(
        Investor,
        on_delete=models.PROTECT,
        related_name="consents",
        db_index=False,
        db_constraint=False,
    )
    purpose = models.CharField(_("purpose"), max_length=40)
    granted = models.BooleanField(_("granted"))
    entry = models.ForeignKey(
        ConsentEntry,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    since = models.DateTimeField(_("since"))

    def __str__(self) -> str:
        return f"{self.purpose} {'granted' if self.granted else 'not granted'}"


class Preference(models.Model):
    """Whether an investor wants a topic on a channel. No row: wanted. A mandatory topic is sent
    whatever stands here, and services refuse to write one."""

    investor = models.ForeignKey(
        Investor, on_delete=models.PROTECT, related_name="preferences", db_index=False
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    wanted = models.BooleanField(_("wanted"))
    updated_at = models.DateTimeField()
    history = History()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["investor", "topic", "channel"], name="investors_preference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.channel} {'wanted' if self.wanted else 'not wanted'}"


class ImportBatch(models.Model):
    """One run of the importer over one file. `totals` counts rows: read = created + updated +
    unchanged + merged + rejected; it is brought up to date with every chunk that commits, so a
    batch that was killed still says how far it came. Importing the file again finishes it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        QUEUED = "queued", _("Queued")
        CHECKED = "checked", _("Checked")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file_name = models.CharField(_("file"), max_length=255)
    stored = models.CharField(max_length=400, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.BigIntegerField(default=0)
    encoding = models.CharField(_("encoding"), max_length=40, blank=True, default="")
    mapping = models.JSONField(default=dict)
    business_line = models.ForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", null=True
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED)
    dry_run = models.BooleanField(_("dry run"), default=False)
    totals = models.JSONField(default=dict)
    by_reason = models.JSONField(default=dict)
    rows_expected = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class ImportRejection(models.Model):
    """A row that was not imported, and why. `line` is the line of the file on which the row
    begins; `problems` lists {column, code, args} in column order, and `column` and `code` repeat
    the first. Nothing here is personal: the row lies in `row_sealed`, under the batch's key."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rejections")
    line = models.BigIntegerField(_("line"))
    column = models.CharField(_("column"), max_length=120, blank=True, default="")
    code = models.CharField(_("reason"), max_length=40)
    problems = models.JSONField(default=list)
    row_sealed = models.BinaryField()

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"line {self.line}: {self.code}"


from investors.consent_texts.models import ConsentText, ConsentTextVersion  # noqa: E402, F401
from investors.erasure.models import ErasureRequest  # noqa: E402, F401
