"""What every API view stands on: authentication, problem details, cursor pages, throttling.

REST framework's settings name this module, so it must not import `rest_framework.views`, nor
anything that does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from core import clock, keys
from core.actor import Actor
from core.errors import RateLimited, VouchsafeError
from core.middleware import address_of
from core.models import ApiKey, User
from core.pages import PAGE_SIZE, KeysetPage, keyset_page, require_any
from core.problems import MEDIA_TYPE, problem, problem_of

log = logging.getLogger(__name__)


def actor_of(request: Request) -> Actor:
    """Who calls the API: a verified session's user, or a key. Views behind HasActor have one."""
    found: Actor | None = getattr(request._request, "actor", None)
    if found is None:
        raise exceptions.NotAuthenticated
    return found


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer vs_<prefix>_<secret>`. The key acts for its owner within its
    scopes, and never has a step-up."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The owner and the key; None without a bearer token; 401 for one that is not valid."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        address = address_of(request._request)
        key = keys.find(token.strip(), address=address, now=clock.now())
        if key is None:
            raise exceptions.AuthenticationFailed(_("This key is unknown, expired or revoked."))
        request._request.actor = keys.actor_for_key(key, ip=address)  # type: ignore[attr-defined]
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="vouchsafe"'


class VerifiedSessionAuthentication(SessionAuthentication):
    """The portal's own session, only after the second factor, and with the CSRF check."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The session's user; None before the second factor."""
        if getattr(request._request, "actor", None) is None:
            return None
        self.enforce_csrf(request)
        return request._request.user, None  # type: ignore[return-value]


class HasActor(BasePermission):
    """Lets known actors through, and where the view names `capabilities` only their holders.

    `capabilities` is a sequence, any of which is enough, or a mapping from method to such.
    """

    def has_permission(self, request: Request, view: object) -> bool:
        """False (401) for nobody; raises Forbidden for an actor without the capability."""
        actor = getattr(request._request, "actor", None)
        if actor is None:
            return False
        needed = getattr(view, "capabilities", ())
        if isinstance(needed, Mapping):
            needed = needed.get("GET" if request.method == "HEAD" else request.method, ())
        require_any(actor, needed)
        return True


class ActorThrottle(SimpleRateThrottle):
    """So many calls per actor (settings.API_RATE). Views open to all throttle for themselves."""

    scope = "actor"

    def get_rate(self) -> str | None:
        """The rate in force now, for example `1200/min`; None is no limit."""
        return settings.API_RATE or None

    def get_cache_key(self, request: Request, view: object) -> str | None:
        """One bucket per actor; visitors have none."""
        actor: Actor | None = getattr(request._request, "actor", None)
        return None if actor is None else f"throttle:{actor.ref}"


class CursorPages(BasePagination):
    """Keyset pages: `?cursor=…&size=…`; answers `next`, `previous` (addresses) and `results`.

    Subclasses set `ordering`; an `-id` is added where it does not end in the id.
    """

    ordering: str | Sequence[str] = "-id"
    _page: KeysetPage[Any]

    def paginate_queryset(self, queryset: Any, request: Request, view: object = None) -> list[Any]:
        """The rows of a QuerySet on the page that the request asks for."""
        order = (self.ordering,) if isinstance(self.ordering, str) else tuple(self.ordering)
        if order[-1].lstrip("-") not in {"id", "pk", "index"}:
            order = (*order, "-id")
        self._request = request
        self._page = keyset_page(
            queryset,
            request.query_params.get("cursor"),
            self.get_page_size(request),
            order=order,
        )
        return self._page.items

    def get_page_size(self, request: Request) -> int:
        """`size`, between 1 and 200; 50 where it is absent or no number."""
        try:
            return int(request.query_params.get("size", PAGE_SIZE))
        except ValueError:
            return PAGE_SIZE

    def get_paginated_response(self, data: object) -> Response:
        """The page as the API answers it."""
        return Response(
            {
                "next": self._link(self._page.next_cursor),
                "previous": self._link(self._page.previous_cursor),
                "results": data,
            }
        )

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = self._request.query_params.copy()
        query["cursor"] = cursor
        return f"{settings.PUBLIC_URL}{self._request.path}?{query.urlencode()}"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The page in OpenAPI."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:
        """`cursor` and `size` in OpenAPI."""
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where to go on; take it from `next` or `previous`.",
                "schema": {"type": "string"},
            },
            {
                "name": "size",
                "in": "query",
                "required": False,
                "description": "Rows per page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": PAGE_SIZE},
            },
        ]


def problem_details(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Any failure as problem details (RFC 9457). What nobody foresaw becomes a bare 500 whose
    cause is only in the log."""
    headers: dict[str, str] = {}
    if isinstance(exc, VouchsafeError):
        body = problem_of(exc)
        if isinstance(exc, RateLimited) and "retry_after" in exc.details:
            headers["Retry-After"] = str(exc.details["retry_after"])
    elif isinstance(exc, Http404):
        body = problem(404, "not_found")
    elif isinstance(exc, PermissionDenied):
        body = problem(403, "forbidden")
    elif isinstance(exc, exceptions.APIException):
        body = _framework_problem(exc)
        if header := getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = header
        if wait := getattr(exc, "wait", None):
            headers["Retry-After"] = str(-int(-wait // 1))
    elif settings.DEBUG:
        return None
    else:
        request = context.get("request")
        log.error("API failed: %s", getattr(request, "path", "?"), exc_info=exc)
        body = problem(500, "internal_error")
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


_CODES: tuple[tuple[type[exceptions.APIException], str], ...] = (
    (exceptions.ParseError, "bad_request"),
    (exceptions.AuthenticationFailed, "unauthenticated"),
    (exceptions.NotAuthenticated, "unauthenticated"),
    (exceptions.PermissionDenied, "forbidden"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.Throttled, "rate_limited"),
)


def _framework_problem(exc: exceptions.APIException) -> dict[str, Any]:
    """REST framework's own refusals; a validation error lists each field's path and message."""
    if isinstance(exc, exceptions.ValidationError):
        return problem(
            422,
            "invalid_input",
            detail=_("Some fields cannot be used; see “errors”."),
            errors=list(_field_errors(exc.detail)),
        )
    for kind, code in _CODES:
        if isinstance(exc, kind):
            return problem(exc.status_code, code, detail=force_str(exc.detail))
    return problem(exc.status_code, force_str(exc.default_code), detail=force_str(exc.detail))


def _field_errors(detail: Any, path: str = "") -> list[dict[str, str]]:
    if isinstance(detail, Mapping):
        return [
            error
            for name, inner in detail.items()
            for error in _field_errors(
                inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            )
        ]
    if isinstance(detail, list):
        found: list[dict[str, str]] = []
        for position, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list))
            found += _field_errors(inner, f"{path}.{position}" if nested else path)
        return found
    return [{"field": path, "message": force_str(detail), "code": getattr(detail, "code", "")}]
