"""Rows whose words the ledger binds without telling them."""

from __future__ import annotations

import secrets

from django.db import models

from crisis.risks import rules


def new_salt() -> bytes:
    """Sixteen random bytes."""
    return secrets.token_bytes(16)


class Salted(models.Model):
    """A row with a salt for the commitments to its words; the salt never changes."""

    salt = models.BinaryField(max_length=16, default=new_salt, editable=False)

    class Meta:
        abstract = True

    def proof(self, **words: str) -> str:
        """The commitment to `words` that goes into the ledger."""
        return rules.words_proof(bytes(self.salt), **words)
