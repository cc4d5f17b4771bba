"""Reports to regulators under /api/v1/. A receipt file is given with the page; here in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import VERSION_FIELDS, read, state_field, step_view, steps_of
from core.roles import Capability
from crisis.reports import selectors, services
from crisis.reports.models import RegulatorReportVersion, ReportSubmission
from crisis.reports.rules import How

SEE = (Capability.CRISIS_VIEW,)
KEEP = (Capability.CRISIS_RUN, Capability.CRISIS_APPROVE)
DECIDE = (Capability.CRISIS_APPROVE,)
HOWS = [how.value for how in How]


class ReportSubmissionSerializer(serializers.ModelSerializer[ReportSubmission]):
    """How a version was handed in."""

    how = serializers.ChoiceField(choices=HOWS)

    class Meta:
        model = ReportSubmission
        fields = [
            "id", "at", "recorded_at", "by", "how", "reference", "receipt_text", "receipt_name",
            "receipt_type", "receipt_sha256",
        ]  # fmt: skip
        read_only_fields = fields


class RegulatorReportSerializer(serializers.ModelSerializer[RegulatorReportVersion]):
    """A version of a report."""

    state = state_field()
    clock = serializers.UUIDField(source="report.clock_id")
    code = serializers.CharField(source="report.clock.code")
    incident = serializers.UUIDField(source="report.clock.incident_id")
    exercise = serializers.BooleanField(source="report.clock.incident.exercise")
    answers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    submission = serializers.SerializerMethodField()

    class Meta:
        model = RegulatorReportVersion
        fields = [
            *VERSION_FIELDS, "report", "clock", "code", "incident", "exercise", "answers",
            "submission",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ReportSubmissionSerializer(allow_null=True))
    def get_submission(self, version: RegulatorReportVersion) -> Any:
        """How it was handed in, or null."""
        done = getattr(version, "submission", None)
        return ReportSubmissionSerializer(done).data if done else None


class AnswersSerializer(serializers.Serializer[Any]):
    """The answers of a draft, by the name of the field."""

    answers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    revision = serializers.IntegerField(required=False)


class HandInSerializer(serializers.Serializer[Any]):
    """How an approved report was handed in."""

    how = serializers.ChoiceField(choices=HOWS)
    reference = serializers.CharField(max_length=120)
    at = serializers.DateTimeField()
    receipt_text = serializers.CharField(max_length=2000)


class ReportPages(CursorPages):
    """Versions of reports, newest first."""

    ordering = "-id"


def shown(request: Request, version_id: UUID, status: int = 200) -> Response:
    """A version as an answer."""
    version = selectors.version_for(actor_of(request), version_id)
    return Response(RegulatorReportSerializer(version).data, status=status)


def made(request: Request, version_id: UUID) -> Response:
    """A new version as an answer."""
    return shown(request, version_id, 201)


class ReportsView(APIView):
    """Reports to regulators."""

    capabilities = SEE
    pagination_class = ReportPages

    @extend_schema(
        operation_id="regulator_reports_list",
        parameters=[OpenApiParameter("incident", UUID, description="Only of this incident.")],
        responses=RegulatorReportSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """All versions of all reports, newest first."""
        found = selectors.all_versions(actor_of(request))
        if incident := request.query_params.get("incident"):
            wanted = serializers.UUIDField().run_validation(incident)
            found = found.filter(report__clock__incident=wanted)
        pages = ReportPages()
        rows = pages.paginate_queryset(found, request)
        return pages.get_paginated_response(RegulatorReportSerializer(rows, many=True).data)


class ReportView(APIView):
    """One version of a report."""

    capabilities = {"GET": SEE, "PUT": KEEP}

    @extend_schema(operation_id="regulator_reports_read", responses=RegulatorReportSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its answers and its handing in."""
        return shown(request, version_id)

    @extend_schema(
        operation_id="regulator_reports_save",
        request=AnswersSerializer,
        responses=RegulatorReportSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the answers of a draft; 409 when somebody saved since `revision`."""
        fields = read(AnswersSerializer, request.data)
        services.save(version_id=version_id, **fields, actor=actor_of(request), now=clock.now())
        return shown(request, version_id)


class HandInView(APIView):
    """Handing in."""

    capabilities = KEEP

    @extend_schema(
        operation_id="regulator_reports_hand_in",
        request=HandInSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: RegulatorReportSerializer},
    )
    @idempotent
    def post(self, request: Request, version_id: UUID) -> Response:
        """Record that an approved version was handed in; that meets its clock."""
        fields = read(HandInSerializer, request.data)
        services.hand_in(version_id=version_id, **fields, actor=actor_of(request), now=clock.now())
        return made(request, version_id)


StartView = step_view(
    operation="regulator_reports_start", service=services.start, answer=made,
    answers=RegulatorReportSerializer, capabilities=KEEP, key="clock_id", status=201,
)  # fmt: skip
urlpatterns = [
    path("regulator-reports/", ReportsView.as_view(), name="api-regulator-reports"),
    path(
        "clocks/<uuid:clock_id>/report/", StartView.as_view(), name="api-regulator-report-start"
    ),
    path(
        "regulator-reports/<uuid:version_id>/", ReportView.as_view(), name="api-regulator-report"
    ),
    path(
        "regulator-reports/<uuid:version_id>/hand-in/",
        HandInView.as_view(),
        name="api-regulator-report-hand-in",
    ),
    *steps_of(
        "regulator_report", "regulator-reports/", services, shown, RegulatorReportSerializer,
        keep=KEEP, decide=DECIDE,
    ),
]  # fmt: skip
