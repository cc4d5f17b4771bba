"""Turns refusals of the services into pages that say what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import clock, pages
from core.errors import RateLimited, StepUpRequired, VouchsafeError
from core.problems import MEDIA_TYPE, problem_of
from core.views import HELD_FORM_KEY
from portal.errors import API

HELD_FORM_LIMIT = 100_000  # characters


class MethodNotAllowed(VouchsafeError):
    """A page opened by a method that it does not know, for instance a form's address typed."""

    status = 405
    code = "method_not_allowed"
    title = _("This address takes forms only")


class ErrorPagesMiddleware:
    """Renders `error.html` for a VouchsafeError that a view let through, and sends people who
    need a fresh second factor to step up and back again with their form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path:
            # PostgreSQL stores no U+0000, so no answer could depend on it.
            raise BadRequest("U+0000 in the address")
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path.startswith(API):
            error = MethodNotAllowed(_("Go back and use the button on the page."))
            page = error_page(request, error)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, VouchsafeError):
            return None
        if request.path.startswith(API):
            return JsonResponse(problem_of(error), status=error.status, content_type=MEDIA_TYPE)
        if isinstance(error, StepUpRequired) and getattr(request, "actor", None) is not None:
            return to_step_up(request)
        return error_page(request, error)


def error_page(request: HttpRequest, error: VouchsafeError) -> HttpResponse:
    """`error` as a page, or as a part of one for HTMX."""
    context = {"error": error, "back_url": _back(request)}
    response = render(request, "error.html", context, status=error.status)
    if isinstance(error, RateLimited) and "retry_after" in error.details:
        response["Retry-After"] = str(error.details["retry_after"])
    return response


def to_step_up(request: HttpRequest) -> HttpResponse:
    """Send a member of staff to confirm the second factor; a form sent by POST is kept."""
    request.session.pop(HELD_FORM_KEY, None)
    if request.method == "POST":
        hold_form(request)
    url = pages.with_next(reverse("step-up"), pages.return_path(request))
    return pages.redirect_to(request, url)


def hold_form(request: HttpRequest) -> None:
    """Keep a form's fields in the session until the step-up is done: never files or passwords,
    and nothing of a form too large to keep."""
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    secret = any("password" in name for name, _value in fields)
    if secret or request.FILES or sum(len(n) + len(v) for n, v in fields) > HELD_FORM_LIMIT:
        return
    request.session[HELD_FORM_KEY] = {
        "path": request.get_full_path(),
        "fields": fields,
        "at": clock.now().isoformat(),
    }


def _back(request: HttpRequest) -> str:
    return pages.safe_path(request, request.headers.get("Referer", ""), fallback="")
