"""How this installation looked to its readers when messages went out."""

from __future__ import annotations

from django.db import models


class SendingStyle(models.Model):
    """The installation's part of a message: `content` is {"kind", "mail_from", "mail_domain",
    "public_url"}. A delivery names the one it was sent in; a change of settings makes a new one.
    Append-only. The id is the beginning of the SHA-256 of the content's canonical JSON."""

    id = models.CharField(primary_key=True, max_length=16)
    content = models.JSONField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
