"""What Django itself refuses: pages for people, problem details (RFC 9457) under /api/."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.csrf import csrf_failure as default_csrf_failure

from core.problems import problem_response

API = "/api/"
_PLAIN = b"<!doctype html><title>Vouchsafe</title><h1>Something went wrong on our side</h1>"

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a host, a header or a body that cannot be read."""
    if request.path.startswith(API):
        return problem_response(400, "bad_request")
    return defaults.bad_request(request, exception, "400.html")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 raised as PermissionDenied."""
    if request.path.startswith(API):
        return problem_response(403, "forbidden")
    return defaults.permission_denied(request, exception, "403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of the CSRF check."""
    if request.path.startswith(API):
        return problem_response(403, "csrf", detail=reason)
    return default_csrf_failure(request, reason, "403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such route, or an object that this actor may not know of."""
    if request.path.startswith(API):
        return problem_response(404, "not_found")
    return defaults.page_not_found(request, exception, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: says nothing about the cause, and needs neither database nor session."""
    if request.path.startswith(API):
        return problem_response(500, "internal_error")
    try:
        return defaults.server_error(request, "500.html")
    except Exception:
        log.exception("the page for errors failed itself")
        return HttpResponse(_PLAIN, status=500)
