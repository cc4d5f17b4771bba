"""Review plans and groups under /api/v1/: plans under four eyes, groups by administrators."""

from __future__ import annotations

from types import SimpleNamespace
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
from core.reviewed.api import VERSION_FIELDS, read, state_field
from core.roles import Capability
from templates_mgmt.reviewed_api import KEEP, SEE, steps_of
from templates_mgmt.reviewing import rules, selectors, services
from templates_mgmt.reviewing.models import ReviewGroup, ReviewPlan, ReviewPlanVersion
from templates_mgmt.rules import Category


class StageNameSerializer(serializers.Serializer[object]):
    """A stage's name by language; both are needed."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField(max_length=60) for name in ("zh-hans", "en")}


class StageSerializer(serializers.Serializer[object]):
    """One step of a review: `quorum` persons of `group` (any reviewer when blank) approve within
    `days` working days."""

    name = StageNameSerializer()
    group = serializers.CharField(max_length=40, allow_blank=True, default="")
    quorum = serializers.IntegerField(min_value=1, max_value=rules.MAX_QUORUM, default=1)
    days = serializers.IntegerField(min_value=1, max_value=rules.MAX_DAYS, default=2)


class PlanVersionSerializer(serializers.ModelSerializer[ReviewPlanVersion]):
    """One form of a plan."""

    category = serializers.CharField(source="plan.category")
    state = state_field()
    stages = StageSerializer(many=True)

    class Meta:
        model = ReviewPlanVersion
        fields = [*VERSION_FIELDS, "plan", "category", "stages"]
        read_only_fields = fields


class PlanSerializer(serializers.ModelSerializer[ReviewPlan]):
    """The plan of a category with its versions, newest first."""

    versions = PlanVersionSerializer(many=True)
    category = serializers.ChoiceField(choices=[each.value for each in Category])

    class Meta:
        model = ReviewPlan
        fields = ["id", "category", "created_at", "versions"]
        read_only_fields = fields


class StagesSerializer(serializers.Serializer[object]):
    """The stages of a draft; `revision` is the one that the editor started from."""

    stages = StageSerializer(many=True, min_length=1, max_length=rules.MAX_STAGES)  # type: ignore[call-arg]
    revision = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class GroupSerializer(serializers.ModelSerializer[ReviewGroup]):
    """Reviewers who speak for one function; members by id."""

    members: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = ReviewGroup
        fields = ["id", "code", "name", "members"]
        read_only_fields = fields


class GroupMembersSerializer(serializers.Serializer[object]):
    """Name and members of a group, all of them active reviewers."""

    name = serializers.CharField(max_length=120)
    members = serializers.ListField(child=serializers.UUIDField(), max_length=200)


def shown(request: Request, version_id: UUID, status: int = 200) -> Response:
    """A version of a plan, as an answer."""
    version = selectors.plan_version(actor_of(request), version_id)
    return Response(PlanVersionSerializer(version).data, status=status)


class PlansView(APIView):
    """All plans."""

    capabilities = SEE

    @extend_schema(operation_id="review_plans_list", responses=PlanSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The plans that were ever drafted, with their versions; other categories have one stage
        that any reviewer approves."""
        return Response(PlanSerializer(selectors.plans(actor_of(request)), many=True).data)


class PlanVersionsView(APIView):
    """New drafts."""

    capabilities = KEEP

    @extend_schema(
        operation_id="review_plan_versions_create",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: PlanVersionSerializer},
    )
    @idempotent
    def post(self, request: Request, category: str) -> Response:
        """A draft of a category's plan, from the one in force or the default."""
        version = services.new_plan(category=category, actor=actor_of(request), now=clock.now())
        return shown(request, version.pk, 201)


class PlanVersionView(APIView):
    """One version."""

    capabilities = {"GET": SEE, "PUT": KEEP}

    @extend_schema(operation_id="review_plan_versions_read", responses=PlanVersionSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its stages."""
        return shown(request, version_id)

    @extend_schema(
        operation_id="review_plan_versions_save",
        request=StagesSerializer,
        responses=PlanVersionSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the stages of a draft; 409 when somebody saved since `revision`."""
        words = read(StagesSerializer, request.data)
        services.save_plan(version_id=version_id, **words, actor=actor_of(request), now=clock.now())
        return shown(request, version_id)


class GroupsView(APIView):
    """All groups."""

    capabilities = SEE

    @extend_schema(operation_id="review_groups_list", responses=GroupSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All groups with their members, by code."""
        return Response(GroupSerializer(selectors.groups(), many=True).data)


class GroupView(APIView):
    """One group."""

    capabilities = (Capability.USERS_MANAGE,)

    @extend_schema(
        operation_id="review_groups_set", request=GroupMembersSerializer, responses=GroupSerializer
    )
    def put(self, request: Request, code: str) -> Response:
        """Make a group, or set its name and members. Nobody puts herself into one."""
        fields = read(GroupMembersSerializer, request.data)
        group = services.set_group(code=code, **fields, actor=actor_of(request), now=clock.now())
        return Response(GroupSerializer(group).data)


_STEPS = SimpleNamespace(
    submit=services.submit_plan,
    approve=services.approve_plan,
    return_version=services.return_plan,
)
urlpatterns = [
    path("review-plans/", PlansView.as_view(), name="api-review-plans"),
    path(
        "review-plans/<slug:category>/versions/",
        PlanVersionsView.as_view(),
        name="api-review-plan-versions",
    ),
    path(
        "review-plan-versions/<uuid:version_id>/",
        PlanVersionView.as_view(),
        name="api-review-plan-version",
    ),
    *steps_of("review_plan", "review-plan-versions/", _STEPS, shown, PlanVersionSerializer),
    path("review-groups/", GroupsView.as_view(), name="api-review-groups"),
    path("review-groups/<slug:code>/", GroupView.as_view(), name="api-review-group"),
]
