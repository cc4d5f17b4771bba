"""What drf-spectacular cannot see by itself: security schemes, idempotency keys, and with which
problems an operation may refuse."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter

from core.problems import MEDIA_TYPE

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Repeat a request with the same key and body to get the same answer once more.",
)

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "details": {"type": "object", "additionalProperties": True},
    },
}
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_REFUSALS = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in, or the key is not valid.",
    "403": "Not allowed: the role, a second person or a fresh second factor is missing.",
    "404": "It does not exist, or the caller may not know of it.",
    "406": "The answer is JSON or, for files, what it says.",
    "409": "Not in a state that allows this, or changed meanwhile.",
    "413": "Too long.",
    "415": "The body is of another type than this operation reads.",
    "422": "A value cannot be used; `errors` names it.",
    "429": "Too many requests; `Retry-After` is in seconds.",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Bearer keys."""

    target_class = "core.api.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "vs_<prefix>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The portal's session."""

    target_class = "core.api.VerifiedSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def document_problems(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Postprocessing hook: names the refusals of each operation; `default` is the unforeseen."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if method not in _METHODS:
                continue
            answers = operation.setdefault("responses", {})
            for status in _refusals_of(method, operation):
                answers.setdefault(status, {"description": _REFUSALS[status]})
            answers.setdefault("default", {"description": "A problem."})
            for status, answer in answers.items():
                if status in _REFUSALS or status == "default":
                    answer.setdefault("content", content)
    return result


def _refusals_of(method: str, operation: dict[str, Any]) -> list[str]:
    """Status codes that follow from the shape of an operation; others it must declare."""
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    changes, body = method != "get", "requestBody" in operation
    given = {
        "400": True,
        "401": any(operation.get("security", [])),
        "403": any(operation.get("security", [])),
        "404": "path" in places or body,
        "406": True,
        "409": changes,
        "415": changes,
        "422": changes or "query" in places,
        "429": any(operation.get("security", [])),
    }
    return [status for status, possible in given.items() if possible]
