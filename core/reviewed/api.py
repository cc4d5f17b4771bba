"""What all reviewed versions have in common under /api/v1/: their fields and their steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.rules import State
from core.roles import Capability

STATES = [state.value for state in State]
VERSION_FIELDS = [
    "id", "number", "state", "revision", "content_hash", "edited_by", "edited_at", "submitted_by",
    "submitted_at", "decided_by", "decided_at", "reason",
]  # fmt: skip
Serializer = type[serializers.BaseSerializer[Any]]


def read(kind: Serializer, data: Any) -> dict[str, Any]:
    """The fields of a request, checked."""
    form = kind(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def state_field() -> serializers.ChoiceField:
    """Where a version stands."""
    return serializers.ChoiceField(choices=STATES)


class ShownHashSerializer(serializers.Serializer[object]):
    """The hash of exactly what was looked at."""

    shown_hash = serializers.RegexField(r"^[0-9a-f]{64}$")


class BackReasonSerializer(serializers.Serializer[object]):
    """Why something is given back."""

    reason = serializers.CharField(max_length=2000)


def step_view(
    *,
    operation: str,
    service: Callable[..., Any],
    answer: Callable[[Request, UUID], Response],
    answers: Serializer,
    capabilities: tuple[Capability, ...],
    form: Serializer | None = None,
    key: str = "version_id",
    status: int = 200,
) -> type[APIView]:
    """One step as a POST of its own: reads `form`, calls `service` with the id in the address
    under the name `key`, and answers what `answer` says about the id of what came out."""
    needed = capabilities

    class StepView(APIView):
        capabilities = needed

        @extend_schema(
            operation_id=operation,
            description=(service.__doc__ or "").strip(),
            request=form,
            parameters=[IDEMPOTENCY_KEY],
            responses={status: answers},
        )
        @idempotent
        def post(self, request: Request, **kwargs: UUID) -> Response:
            fields = read(form, request.data) if form else {}
            made = service(**{key: kwargs[key]}, **fields, actor=actor_of(request), now=clock.now())
            return answer(request, made.pk)

    StepView.__name__ = f"{operation.title().replace('_', '')}View"
    return StepView


def steps_of(
    kind: str, prefix: str, services: Any, answer: Callable[[Request, UUID], Response],
    answers: Serializer, *, keep: tuple[Capability, ...], decide: tuple[Capability, ...],
) -> list[URLPattern]:  # fmt: skip
    """Submit (needs one of `keep`), approve and return (one of `decide`) of a version of `kind`,
    below `prefix`."""
    forms: dict[str, tuple[Callable[..., Any], Serializer | None, tuple[Capability, ...]]] = {
        "submit": (services.submit, None, keep),
        "approve": (services.approve, ShownHashSerializer, decide),
        "return": (services.return_version, BackReasonSerializer, decide),
    }
    return [
        path(
            f"{prefix}<uuid:version_id>/{name}/",
            step_view(
                operation=f"{kind}_versions_{name}", service=service, form=form, answer=answer,
                answers=answers, capabilities=capabilities,
            ).as_view(),
            name=f"api-{kind.replace('_', '-')}-version-{name}",
        )
        for name, (service, form, capabilities) in forms.items()
    ]  # fmt: skip
