"""The relationship under /api/v1/."""

from __future__ import annotations

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
from investors.models import Investor
from investors.relationship.services import MAX_REASON, end_relationship, resume_relationship


class RelationshipActSerializer(serializers.Serializer[object]):
    """What becomes of the relationship, and why."""

    status = serializers.ChoiceField(
        choices=Investor.Status.values, help_text="closed ends it, active takes it up again."
    )
    reason = serializers.CharField(
        max_length=MAX_REASON, help_text="Sealed; it is in no answer of the API."
    )


class RelationshipSerializer(serializers.ModelSerializer[Investor]):
    """How the relationship stands, and since when if it is closed."""

    class Meta:
        model = Investor
        fields = ["id", "status", "updated_at"]
        read_only_fields = fields


class RelationshipView(APIView):
    """The relationship of one investor."""

    capabilities = {"POST": (Capability.INVESTORS_EDIT,)}

    @extend_schema(
        operation_id="investor_relationship_set",
        request=RelationshipActSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=RelationshipSerializer,
    )
    @idempotent
    def post(self, request: Request, investor_id: UUID) -> Response:
        """End the relationship or take it up again. Retention periods that count from its end
        start with it; 409 when it is in that state already, or the investor was erased."""
        asked = RelationshipActSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        closes = asked.validated_data["status"] == Investor.Status.CLOSED
        act = end_relationship if closes else resume_relationship
        investor = act(
            investor_id=investor_id,
            reason=asked.validated_data["reason"],
            actor=actor_of(request),
            now=clock.now(),
        )
        return Response(RelationshipSerializer(investor).data)


urlpatterns = [
    path(
        "investors/<uuid:investor_id>/relationship/",
        RelationshipView.as_view(),
        name="api-investor-relationship",
    ),
]
