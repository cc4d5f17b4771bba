"""Secrets of one-time-code apps, sealed in django-otp's own table: a dump gives nobody a second
factor. Secrets stored before are sealed when they are next saved, which each use does."""

from __future__ import annotations

import base64
from typing import Any

from django.db import models

from core import crypto

_MARK = "s:"
_CONTEXT = b"totp secret"


class OpenedSecret(str):
    """A secret as it was read, with the text that it was sealed as: saving it unchanged leaves
    the row as it is."""

    __slots__ = ("sealed",)
    sealed: str


class SealedSecretField(models.CharField):  # type: ignore[type-arg]
    """A short hexadecimal secret: plain in Python, sealed under the field key in the database.
    It cannot be searched by its value."""

    def get_prep_value(self, value: Any) -> Any:
        """Seal on the way in. Raises ValueError for a secret too long for the column."""
        if isinstance(value, OpenedSecret):
            return value.sealed
        value = super().get_prep_value(value)
        if not value:
            return value
        sealed = crypto.seal(crypto.kek(), bytes.fromhex(value), context=_CONTEXT)
        text = _MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        if self.max_length is not None and len(text) > self.max_length:
            raise ValueError("this secret is too long to be stored sealed: use 20 bytes")
        return text

    def from_db_value(self, value: str | None, *_args: object) -> str | None:
        """Open on the way out; raises core.crypto.SealBroken for altered bytes."""
        if not value or not value.startswith(_MARK):
            return value
        text = value.removeprefix(_MARK)
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        opened = OpenedSecret(crypto.unseal(crypto.kek(), sealed, context=_CONTEXT).hex())
        opened.sealed = value
        return opened

    def deconstruct(self) -> Any:
        """As the CharField that it is in django-otp's migrations: the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def seal_totp_secrets() -> None:
    """Have django-otp's model keep its secret sealed; called once, when applications are ready."""
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice._meta.get_field("key").__class__ = SealedSecretField
