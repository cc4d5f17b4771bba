"""Calls under /api/v1/: what waits for me, and its answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability
from crisis.escalation import selectors, services
from crisis.escalation.models import Call
from crisis.escalation.rules import CallState

SEE = (Capability.CRISIS_VIEW,)
STATES = [each.value for each in CallState]


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call to me."""

    incident = serializers.UUIDField(source="page.incident_id")
    incident_code = serializers.CharField(source="page.incident.code")
    exercise = serializers.BooleanField(source="page.incident.exercise")
    role = serializers.CharField(source="page.role")
    state = serializers.ChoiceField(choices=STATES)

    class Meta:
        model = Call
        fields = [
            "id", "incident", "incident_code", "exercise", "role", "state", "at", "until",
            "ended_at",
        ]  # fmt: skip
        read_only_fields = fields


class DeclineSerializer(serializers.Serializer[Any]):
    """Why I cannot."""

    reason = serializers.CharField(max_length=500)


def _answer(request: Request, call_id: UUID) -> Response:
    return Response(CallSerializer(selectors.own_call(actor_of(request), call_id)).data)


class CallsView(APIView):
    """Calls to me."""

    capabilities = SEE

    @extend_schema(operation_id="calls_list", responses=CallSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The calls that wait for my answer."""
        return Response(CallSerializer(selectors.waiting_for(actor_of(request)), many=True).data)


class AcknowledgeView(APIView):
    """An acknowledgement."""

    capabilities = SEE

    @extend_schema(
        operation_id="calls_acknowledge", request=None, parameters=[IDEMPOTENCY_KEY],
        responses=CallSerializer,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, call_id: UUID) -> Response:
        """Take it on; the paging of the role stops at once."""
        services.acknowledge(call_id=call_id, actor=actor_of(request), now=clock.now())
        return _answer(request, call_id)


class DeclineView(APIView):
    """A refusal."""

    capabilities = SEE

    @extend_schema(
        operation_id="calls_decline", request=DeclineSerializer, parameters=[IDEMPOTENCY_KEY],
        responses=CallSerializer,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, call_id: UUID) -> Response:
        """Hand on to the next person, with a reason."""
        form = DeclineSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.decline(
            call_id=call_id, **form.validated_data, actor=actor_of(request), now=clock.now()
        )
        return _answer(request, call_id)


urlpatterns = [
    path("calls/", CallsView.as_view(), name="api-calls"),
    path(
        "calls/<uuid:call_id>/acknowledge/", AcknowledgeView.as_view(), name="api-call-acknowledge"
    ),
    path("calls/<uuid:call_id>/decline/", DeclineView.as_view(), name="api-call-decline"),
]
