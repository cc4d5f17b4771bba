"""People, business lines and keys."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.clock import uuid7
from core.history import History
from core.roles import Role


class BusinessLine(models.Model):
    """A line of business (retail brokerage, wealth …); staff work in the lines given to them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    history = History()

    class Meta:
        verbose_name = _("business line")
        verbose_name_plural = _("business lines")
        ordering = ["code"]
        permissions = [("work_in_line", "May work in this business line")]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A member of staff. Roles are groups named by `core.roles.Role`.

    `session_epoch` is part of every session's hash: raising it ends all sessions at once.
    `set_up_by` is the administrator who made the account or reset its sign-in; while it is set,
    only another one may let the account in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    display_name = models.CharField(_("display name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    set_up_by = models.UUIDField(null=True, editable=False)
    history = History(
        excluded_fields=["password", "last_login", "email", "first_name", "last_name"]
    )

    def __str__(self) -> str:
        return self.display_name or self.get_username()

    def get_session_auth_hash(self) -> str:
        """Django's hash of the password, bound to the epoch so that a role change ends sessions."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under retired secret keys, so that rotating them ends no session."""
        for digest in super().get_session_auth_fallback_hash():
            yield f"{digest}.{self.session_epoch}"

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held now; groups that are no role are ignored."""
        names = {group.name for group in self.groups.all()}
        return frozenset(role for role in Role if role.value in names)


class ApiKey(models.Model):
    """A scoped key for the API. Only a keyed hash is stored; the key is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.BinaryField(editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    history = History(excluded_fields=["secret_hash", "last_used_at"])

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """The first answer to a keyed API request; the same key with the same body repeats it."""

    id = models.BigAutoField(primary_key=True)
    actor = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    request_hash = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    response = models.JSONField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="core_idempotency_once")
        ]

    def __str__(self) -> str:
        return self.key


class ThrottleWindow(models.Model):
    """How often something was tried in one window of time (`core.throttle`). The subject (an
    account, an address) is kept as a keyed hash only."""

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=60)
    subject = models.BinaryField()
    starts_at = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "subject", "starts_at"], name="core_throttle_window_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.count}"


from core.history.models import GrantHistory  # noqa: E402,F401  the model's own module
from core.lists.models import SavedView as SavedView  # noqa: E402
