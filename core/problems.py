"""Problem details (RFC 9457): how the API says no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from core.errors import Text, VouchsafeError

MEDIA_TYPE = "application/problem+json"

TITLES: dict[str, Text] = {
    "bad_request": _("The request could not be read"),
    "unauthenticated": _("Sign in or send a key"),
    "forbidden": _("Not allowed"),
    "csrf": _("The CSRF token is missing or wrong"),
    "not_found": _("Not found"),
    "method_not_allowed": _("This method is not allowed here"),
    "not_acceptable": _("No such representation"),
    "unsupported_media_type": _("Send JSON"),
    "invalid_input": _("Invalid input"),
    "rate_limited": _("Too many requests"),
    "internal_error": _("Something went wrong on our side"),
}
DETAILS: dict[str, Text] = {
    "bad_request": _("The address, a header or the body cannot be read."),
    "forbidden": _("Your account or key may not do this."),
    "not_found": _("There is nothing at this address, or nothing that you may know of."),
    "internal_error": _("The cause is in the server's log."),
}


def problem(
    status: int,
    code: str,
    *,
    title: Text | None = None,
    detail: Text = "",
    **members: Any,
) -> dict[str, Any]:
    """The members of one problem. `code` is stable and for programs; `type` is `about:blank`,
    so `title` is the HTTP phrase unless this code has words of its own. Without a `detail` it
    is the code's own, or else repeats the title."""
    title = force_str(title or TITLES.get(code) or HTTPStatus(status).phrase)
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": force_str(detail or DETAILS.get(code) or title),
    }
    return found | {name: value for name, value in members.items() if value}


def problem_of(error: VouchsafeError) -> dict[str, Any]:
    """A service's refusal as a problem: the field at fault under `errors`, facts in `details`."""
    errors = [{"field": error.field, "message": force_str(error.message)}] if error.field else []
    return problem(
        error.status,
        error.code,
        title=error.title,
        detail=error.message,
        errors=errors,
        details=error.details,
    )


def problem_response(
    status: int, code: str, *, detail: str = "", headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A problem outside of REST framework, for Django's own error handlers."""
    body = json.dumps(problem(status, code, detail=detail), cls=DjangoJSONEncoder)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)
