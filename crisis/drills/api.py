"""Drills under /api/v1/: list, plan, read, start, measure, end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import read
from core.roles import Capability
from crisis.drills import rules, selectors, services
from crisis.drills.models import Drill

TAGS = ["crisis"]
SEE = (Capability.CRISIS_VIEW,)
LOG = (Capability.CRISIS_LOG,)
RUN = (Capability.CRISIS_RUN,)
KINDS = [each.value for each in rules.Kind]
STATES = [each.value for each in rules.State]
FILTERS = [
    OpenApiParameter("kind", str, enum=KINDS, required=False, description="Only of this kind."),
    OpenApiParameter("state", str, enum=STATES, required=False, description="Only in this state."),
]


class DrillStepSerializer(serializers.Serializer[Any]):
    """A step whose time is measured from the start."""

    name = serializers.CharField(max_length=120)
    seconds = serializers.IntegerField(min_value=1, max_value=rules.MAX_SECONDS)


class DrillScopeSerializer(serializers.Serializer[Any]):
    """What is hit in the scenario."""

    def get_fields(self) -> dict[str, Any]:
        return {
            name: serializers.ListField(
                child=serializers.CharField(max_length=100), required=False, max_length=200
            )
            for name in ("systems", "branches", "products", "channels")
        }


class DrillSerializer(serializers.ModelSerializer[Drill]):
    """A drill. Its score is empty until it has ended."""

    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    scope = DrillScopeSerializer()
    steps = DrillStepSerializer(many=True)
    participants = serializers.ListField(child=serializers.UUIDField())
    exercise = serializers.SerializerMethodField()

    class Meta:
        model = Drill
        fields = [
            "id", "kind", "title", "scenario", "nature", "scope", "steps", "planned_for",
            "participants", "state", "reason", "incident", "exercise", "planned_at", "planned_by",
            "started_at", "ended_at", "summary", "score",
        ]  # fmt: skip
        read_only_fields = fields

    def get_exercise(self, drill: Drill) -> bool:
        """Always: a drill is nothing else."""
        return True


class DrillInput(serializers.Serializer[Any]):
    """The plan of a drill."""

    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.CharField(max_length=200)
    scenario = serializers.CharField(max_length=10_000)
    planned_for = serializers.DateTimeField()
    participants = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=services.MAX_PEOPLE
    )
    nature = serializers.CharField(max_length=20, required=False, allow_blank=True)
    scope = DrillScopeSerializer(required=False)
    steps = DrillStepSerializer(many=True, required=False)


class DrillReason(serializers.Serializer[Any]):
    """Why it is called off."""

    reason = serializers.CharField(max_length=2000)


class DrillSummary(serializers.Serializer[Any]):
    """How it went."""

    summary = serializers.CharField(max_length=10_000)


class DrillsView(GenericAPIView[Drill]):
    """Drills."""

    capabilities = {"GET": SEE, "POST": RUN}
    serializer_class = DrillSerializer
    queryset = Drill.objects.none()

    @extend_schema(tags=TAGS, operation_id="drills_list", parameters=FILTERS,
                   responses=DrillSerializer(many=True))  # fmt: skip
    def get(self, request: Request) -> Response:
        """Drills, newest first."""
        asked = {name: request.query_params.get(name, "")[:20] for name in ("kind", "state")}
        page = self.paginate_queryset(selectors.drills(actor_of(request), **asked))
        return self.get_paginated_response(DrillSerializer(page, many=True).data)

    @extend_schema(tags=TAGS, operation_id="drills_create", request=DrillInput,
                   parameters=[IDEMPOTENCY_KEY], responses={201: DrillSerializer})  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Plan one."""
        made = services.plan(
            **read(DrillInput, request.data), actor=actor_of(request), now=clock.now()
        )
        return Response(DrillSerializer(made).data, status=201)


class DrillView(APIView):
    """One drill."""

    capabilities = SEE

    @extend_schema(tags=TAGS, operation_id="drills_retrieve", responses=DrillSerializer)
    def get(self, request: Request, drill_id: UUID) -> Response:
        """One drill."""
        return Response(DrillSerializer(selectors.drill_for(actor_of(request), drill_id)).data)


class DrillStartView(APIView):
    """The alarm of a drill."""

    capabilities = RUN

    @extend_schema(tags=TAGS, operation_id="drills_start", request=None,
                   parameters=[IDEMPOTENCY_KEY], responses=DrillSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, drill_id: UUID) -> Response:
        """Open the incident, which is an exercise for good."""
        made = services.start(drill_id=drill_id, actor=actor_of(request), now=clock.now())
        return Response(DrillSerializer(made).data)


class DrillStepView(APIView):
    """A measured time."""

    capabilities = LOG

    @extend_schema(tags=TAGS, operation_id="drills_mark_step", request=None,
                   parameters=[IDEMPOTENCY_KEY], responses=DrillSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, drill_id: UUID, step: int) -> Response:
        """The step (from 0) is done now."""
        actor = actor_of(request)
        services.mark_step(drill_id=drill_id, step=step, actor=actor, now=clock.now())
        return Response(DrillSerializer(selectors.drill_for(actor, drill_id)).data)


class DrillEndView(APIView):
    """The end of a drill."""

    capabilities = RUN

    @extend_schema(tags=TAGS, operation_id="drills_end", request=DrillSummary,
                   parameters=[IDEMPOTENCY_KEY], responses=DrillSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, drill_id: UUID) -> Response:
        """End it and score it."""
        made = services.end(
            drill_id=drill_id, **read(DrillSummary, request.data), actor=actor_of(request),
            now=clock.now(),
        )  # fmt: skip
        return Response(DrillSerializer(made).data)


class DrillCancelView(APIView):
    """A planned drill called off."""

    capabilities = RUN

    @extend_schema(tags=TAGS, operation_id="drills_cancel", request=DrillReason,
                   parameters=[IDEMPOTENCY_KEY], responses=DrillSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, drill_id: UUID) -> Response:
        """With a reason."""
        made = services.cancel(
            drill_id=drill_id, **read(DrillReason, request.data), actor=actor_of(request),
            now=clock.now(),
        )  # fmt: skip
        return Response(DrillSerializer(made).data)


_one = "drills/<uuid:drill_id>/"
urlpatterns = [
    path("drills/", DrillsView.as_view(), name="api-drills"),
    path(_one, DrillView.as_view(), name="api-drill"),
    path(f"{_one}start/", DrillStartView.as_view(), name="api-drill-start"),
    path(f"{_one}steps/<int:step>/", DrillStepView.as_view(), name="api-drill-step"),
    path(f"{_one}end/", DrillEndView.as_view(), name="api-drill-end"),
    path(f"{_one}cancel/", DrillCancelView.as_view(), name="api-drill-cancel"),
]
