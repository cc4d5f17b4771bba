"""Clocks and the clock table under /api/v1/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.reviewed.api import VERSION_FIELDS, state_field, step_view
from core.roles import Capability
from crisis.clocks import rules, selectors, services
from crisis.clocks.models import Clock, ClockTableVersion

SEE = (Capability.CRISIS_VIEW,)
RUN = (Capability.CRISIS_RUN,)
END = (Capability.CRISIS_RUN, Capability.CRISIS_APPROVE)


class ClockSerializer(serializers.ModelSerializer[Clock]):
    """A clock. `row` is the row of the table that it was started by."""

    incident_code = serializers.CharField(source="incident.code")
    exercise = serializers.BooleanField(source="incident.exercise")
    state = serializers.ChoiceField(choices=[state.value for state in rules.State])
    urgency = serializers.SerializerMethodField()
    row = serializers.DictField()

    class Meta:
        model = Clock
        fields = [
            "id", "incident", "incident_code", "exercise", "code", "jurisdiction", "round",
            "state", "urgency", "started_at", "due_at", "met_at", "breached_at", "ended_at",
            "reason", "version", "row",
        ]  # fmt: skip
        read_only_fields = fields

    def get_urgency(self, found: Clock) -> str:
        """How it stands now: overdue, soon, running, paused, met, met_late, cancelled, lapsed."""
        return found.urgency_at(clock.now()).value


class ClockReasonSerializer(serializers.Serializer[Any]):
    """Why a clock is paused, goes on or is called off."""

    reason = serializers.CharField(max_length=2000)


class ClockRowSerializer(serializers.Serializer[Any]):
    """A row of the clock table; docs/crisis-clocks.md says what the columns mean."""

    code = serializers.CharField()
    name = serializers.DictField(child=serializers.CharField())
    jurisdiction = serializers.ChoiceField(choices=list(rules.JURISDICTIONS))
    starts = serializers.ListField(child=serializers.CharField())
    amount = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=[unit.value for unit in rules.Unit])
    cap_hours = serializers.IntegerField()
    repeats = serializers.CharField(allow_blank=True)
    latest = serializers.BooleanField()
    tiers = serializers.ListField(child=serializers.CharField())
    natures = serializers.ListField(child=serializers.CharField())
    moments = serializers.ListField(child=serializers.CharField())
    infrastructure = serializers.ChoiceField(choices=[each.value for each in rules.Infrastructure])
    met_by = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    enabled = serializers.BooleanField()
    check = serializers.CharField(allow_blank=True)


class ClockTableVersionSerializer(serializers.ModelSerializer[ClockTableVersion]):
    """A version of the clock table."""

    state = state_field()
    rows = ClockRowSerializer(many=True)

    class Meta:
        model = ClockTableVersion
        fields = [*VERSION_FIELDS, "operator", "rows"]
        read_only_fields = fields


class ClockPages(CursorPages):
    """Clocks, nearest first."""

    ordering = ("due_at", "id")


class ClocksView(APIView):
    """Clocks of all incidents."""

    capabilities = SEE
    pagination_class = ClockPages

    @extend_schema(
        operation_id="clocks_list",
        parameters=[
            OpenApiParameter("incident", UUID, description="Only those of this incident."),
            OpenApiParameter(
                "which", str, enum=["live", "overdue", "breached", "all"],
                description="Which clocks; live ones when absent.",
            ),
        ],
        responses=ClockSerializer(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Clocks, nearest first."""
        found = selectors.clock_list(
            which=request.query_params.get("which", ""), jurisdiction="", exercise="",
            now=clock.now(),
        )  # fmt: skip
        if incident := request.query_params.get("incident"):
            found = found.filter(incident=serializers.UUIDField().run_validation(incident))
        pages = ClockPages()
        rows = pages.paginate_queryset(found, request)
        return pages.get_paginated_response(ClockSerializer(rows, many=True).data)


class ClockView(APIView):
    """One clock."""

    capabilities = SEE

    @extend_schema(operation_id="clocks_read", responses=ClockSerializer)
    def get(self, request: Request, clock_id: UUID) -> Response:
        """A clock with the row that it was started by."""
        return shown(request, clock_id)


def shown(request: Request, clock_id: UUID) -> Response:
    """A clock as an answer."""
    return Response(ClockSerializer(selectors.clock_for(actor_of(request), clock_id)).data)


class ClockTableView(APIView):
    """The clock table in force."""

    capabilities = SEE

    @extend_schema(operation_id="clock_table_read", responses=ClockTableVersionSerializer)
    def get(self, request: Request) -> Response:
        """The table in force, with all its rows."""
        return Response(ClockTableVersionSerializer(selectors.table_in_force()).data)


class ClockTableVersionView(APIView):
    """One version of the clock table."""

    capabilities = SEE

    @extend_schema(operation_id="clock_table_versions_read", responses=ClockTableVersionSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version, also one that is not in force yet or any more."""
        version = selectors.version_for(actor_of(request), version_id)
        return Response(ClockTableVersionSerializer(version).data)


_STEPS = {
    "pause": (services.pause, RUN),
    "resume": (services.resume, RUN),
    "call-off": (services.call_off, END),
}
urlpatterns = [
    path("clocks/", ClocksView.as_view(), name="api-clocks"),
    path("clocks/<uuid:clock_id>/", ClockView.as_view(), name="api-clock"),
    *(
        path(
            f"clocks/<uuid:clock_id>/{name}/",
            step_view(
                operation=f"clocks_{name.replace('-', '_')}", service=service, answer=shown,
                answers=ClockSerializer, capabilities=needed, form=ClockReasonSerializer,
                key="clock_id",
            ).as_view(),
            name=f"api-clock-{name}",
        )
        for name, (service, needed) in _STEPS.items()
    ),
    path("clock-table/", ClockTableView.as_view(), name="api-clock-table"),
    path(
        "clock-table/<uuid:version_id>/",
        ClockTableVersionView.as_view(),
        name="api-clock-table-version",
    ),
]  # fmt: skip
