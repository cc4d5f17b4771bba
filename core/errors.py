"""One family of errors. Services raise them; pages, API and commands render them.

Each carries a stable `code`, a translated `message` for people, and `details` that name
the field, row or byte at fault. `status` is the HTTP status the edges answer with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class VouchsafeError(Exception):
    """Base of all refusals a user can cause and mend."""

    status = 400
    code = "error"
    title: Text = _("Request refused")

    def __init__(
        self,
        message: Text,
        *,
        code: str | None = None,
        field: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(VouchsafeError):
    """Input that cannot be used; `field` names it."""

    status = 422
    code = "invalid_input"
    title = _("Invalid input")


class NotFound(VouchsafeError):
    """The object does not exist, or this actor may not know that it does."""

    status = 404
    code = "not_found"
    title = _("Not found")


class Forbidden(VouchsafeError):
    """The actor lacks the capability."""

    status = 403
    code = "forbidden"
    title = _("Not allowed")


class FourEyesViolation(Forbidden):
    """The same person may not do both steps; nobody is exempt."""

    code = "four_eyes"
    title = _("A second person is needed")


class StepUpRequired(Forbidden):
    """The actor must confirm a second factor again (P1: not older than five minutes)."""

    code = "step_up_required"
    title = _("Confirm that it is you")


class Conflict(VouchsafeError):
    """The object is not in a state that allows this, or it changed meanwhile."""

    status = 409
    code = "conflict"
    title = _("Conflict")


class IllegalTransition(Conflict):
    """A move that the state machine does not know."""

    code = "illegal_transition"


class RateLimited(VouchsafeError):
    """Too many attempts; `details["retry_after"]` is in seconds."""

    status = 429
    code = "rate_limited"
    title = _("Too many attempts")


class Misconfigured(VouchsafeError):
    """The installation lacks something that this step needs (a key, a provider)."""

    status = 503
    code = "misconfigured"
    title = _("Not configured")
