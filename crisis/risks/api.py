"""Risks under /api/v1/: list, create, read, assess, link."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import read
from core.roles import Capability
from crisis.risks import rules, selectors
from crisis.risks.links import services as links
from crisis.risks.links.models import Link
from crisis.risks.links.rules import End
from crisis.risks.links.rules import Kind as LinkKind
from crisis.risks.links.selectors import links_of
from crisis.risks.matrix.rules import Level
from crisis.risks.matrix.selectors import in_force
from crisis.risks.models import Assessment, Risk
from crisis.risks.services import registering

SEE = (Capability.RISK_VIEW,)
KEEP = (Capability.RISK_EDIT,)
KINDS = [each.value for each in rules.Kind]
STATES = [each.value for each in rules.State]
STAGES = [each.value for each in rules.Stage]
ENDS = [each.value for each in LinkKind]
LEVELS = [each.value for each in Level]


class RiskPointSerializer(serializers.Serializer[object]):
    """A risk at one stage, in percent, with its level by the matrix in force."""

    likelihood = serializers.IntegerField()
    impact = serializers.IntegerField()
    level = serializers.ChoiceField(choices=LEVELS)
    assessed_at = serializers.DateTimeField(source="assessment.at")


class RiskPointsSerializer(serializers.Serializer[object]):
    """The stages that were assessed."""

    inherent = RiskPointSerializer(required=False)
    current = RiskPointSerializer(required=False)
    residual = RiskPointSerializer(required=False)


class RiskSerializer(serializers.ModelSerializer[Risk]):
    """A risk of the register."""

    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    points = serializers.SerializerMethodField()

    class Meta:
        model = Risk
        fields = [
            "id", "code", "kind", "title", "description", "causes", "department", "owner", "state",
            "state_reason", "round", "created_at", "changed_at", "points",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(RiskPointsSerializer)
    def get_points(self, risk: Risk) -> dict[str, Any]:
        """The newest figures of each stage."""
        points = self.context["points"].get(risk.pk, {})
        return {stage: RiskPointSerializer(point).data for stage, point in points.items()}


class NewRiskSerializer(serializers.Serializer[object]):
    """A new risk."""

    kind = serializers.ChoiceField(choices=KINDS)
    title = serializers.CharField(max_length=rules.MAX_TITLE)
    department = serializers.CharField(max_length=rules.MAX_DEPARTMENT)
    owner_id = serializers.UUIDField()
    description = serializers.CharField(
        max_length=rules.MAX_TEXT, required=False, allow_blank=True, default=""
    )
    causes = serializers.CharField(
        max_length=rules.MAX_TEXT, required=False, allow_blank=True, default=""
    )


class NewAssessmentSerializer(serializers.Serializer[object]):
    """How likely and how bad, in percent, and why."""

    stage = serializers.ChoiceField(choices=STAGES)
    likelihood = serializers.IntegerField(min_value=0, max_value=100)
    impact = serializers.IntegerField(min_value=0, max_value=100)
    why = serializers.CharField(max_length=rules.MAX_TEXT)


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """An assessment."""

    stage = serializers.ChoiceField(choices=STAGES)

    class Meta:
        model = Assessment
        fields = ["id", "risk", "stage", "likelihood", "impact", "why", "at", "by"]
        read_only_fields = fields


class NewRiskLinkSerializer(serializers.Serializer[object]):
    """What a risk is linked to."""

    kind = serializers.ChoiceField(choices=ENDS)
    target_id = serializers.UUIDField()
    why = serializers.CharField(
        max_length=rules.MAX_TEXT, required=False, allow_blank=True, default=""
    )


class RiskLinkSerializer(serializers.ModelSerializer[Link]):
    """A link; `ended` says that it was taken back."""

    one_kind = serializers.ChoiceField(choices=ENDS)
    other_kind = serializers.ChoiceField(choices=ENDS)
    ended = serializers.SerializerMethodField()

    class Meta:
        model = Link
        fields = [
            "id", "one_kind", "one_id", "other_kind", "other_id", "why", "at", "by", "ended",
        ]  # fmt: skip
        read_only_fields = fields

    def get_ended(self, link: Link) -> bool:
        """Whether it was taken back."""
        return getattr(link, "unlink", None) is not None


def _points(risks: list[Risk]) -> dict[str, Any]:
    rows = selectors.rows_of(risks, in_force())
    return {"points": {row.risk.pk: row.points for row in rows}}


def _shown(risk: Risk, status: int = 200) -> Response:
    return Response(RiskSerializer(risk, context=_points([risk])).data, status=status)


class RisksView(ListAPIView[Risk]):
    """The register."""

    capabilities = {"GET": SEE, "POST": KEEP}
    serializer_class = RiskSerializer
    pagination_class = CursorPages
    queryset = Risk.objects.none()

    def get_queryset(self) -> QuerySet[Risk]:
        """The risks that the filters let through."""
        if getattr(self, "swagger_fake_view", False):
            return Risk.objects.none()
        given = self.request.query_params
        chosen = {
            name: given.get(name, "").replace("\x00", "")[:200] for name in ("kind", "state", "q")
        }
        return selectors.register(actor_of(self.request), chosen)

    @extend_schema(
        operation_id="risks_list",
        parameters=[
            OpenApiParameter("kind", enum=KINDS),
            OpenApiParameter("state", enum=["live", *STATES]),
            OpenApiParameter("q"),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Risks, newest first, with their figures."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(
            RiskSerializer(page, many=True, context=_points(list(page))).data
        )

    @extend_schema(
        operation_id="risks_create",
        request=NewRiskSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: RiskSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Put a risk into the register as a draft."""
        fields = read(NewRiskSerializer, request.data)
        risk = registering.create_risk(**fields, actor=actor_of(request), now=clock.now())
        return _shown(risk, 201)


class RiskView(APIView):
    """One risk."""

    capabilities = {"GET": SEE}

    @extend_schema(operation_id="risks_read", responses=RiskSerializer)
    def get(self, request: Request, risk_id: UUID) -> Response:
        """A risk with its figures."""
        return _shown(selectors.risk_for(actor_of(request), risk_id))


class RiskAssessmentsView(APIView):
    """Assessments of one risk."""

    capabilities = {"POST": KEEP}

    @extend_schema(
        operation_id="risks_assess",
        request=NewAssessmentSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: AssessmentSerializer},
    )
    @idempotent
    def post(self, request: Request, risk_id: UUID) -> Response:
        """Assess a risk; earlier assessments stay."""
        actor = actor_of(request)
        selectors.risk_for(actor, risk_id)
        fields = read(NewAssessmentSerializer, request.data)
        made = registering.assess(risk_id=risk_id, **fields, actor=actor, now=clock.now())
        return Response(AssessmentSerializer(made).data, status=201)


class RiskLinksView(APIView):
    """Links of one risk."""

    capabilities = {"GET": SEE, "POST": KEEP}

    @extend_schema(operation_id="risks_links_list", responses=RiskLinkSerializer(many=True))
    def get(self, request: Request, risk_id: UUID) -> Response:
        """The links of a risk, standing ones first."""
        risk = selectors.risk_for(actor_of(request), risk_id)
        rows = links_of(actor_of(request), End(LinkKind.RISK.value, risk.pk))
        return Response(RiskLinkSerializer([row.link for row in rows], many=True).data)

    @extend_schema(
        operation_id="risks_link",
        request=NewRiskLinkSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: RiskLinkSerializer},
    )
    @idempotent
    def post(self, request: Request, risk_id: UUID) -> Response:
        """Link a risk to another risk, an incident, a notice or an alert."""
        actor = actor_of(request)
        risk = selectors.risk_for(actor, risk_id)
        fields = read(NewRiskLinkSerializer, request.data)
        made = links.link(
            one=End(LinkKind.RISK.value, risk.pk),
            other=End(fields["kind"], fields["target_id"]),
            why=fields["why"],
            actor=actor,
            now=clock.now(),
        )
        return Response(RiskLinkSerializer(made).data, status=201)


urlpatterns = [
    path("risks/", RisksView.as_view(), name="api-risks"),
    path("risks/<uuid:risk_id>/", RiskView.as_view(), name="api-risk"),
    path(
        "risks/<uuid:risk_id>/assessments/",
        RiskAssessmentsView.as_view(),
        name="api-risk-assessments",
    ),
    path("risks/<uuid:risk_id>/links/", RiskLinksView.as_view(), name="api-risk-links"),
]
