"""What every API view stands on: authentication, problem details, cursor pages."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request):
        return None


class VerifiedSessionAuthentication(SessionAuthentication):
    pass


class HasActor(BasePermission):
    def has_permission(self, request: Request, view: object) -> bool:
        return getattr(request._request, "actor", None) is not None


class CursorPages(CursorPagination):
    ordering = "-id"


def problem_details(exc: Exception, context: dict) -> Response | None:
    from rest_framework.views import exception_handler  # views import this module's settings

    return exception_handler(exc, context)
