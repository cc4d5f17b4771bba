"""The schedule, the holds and the proposals under /api/v1/, to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.retention import selectors, services
from audit.retention.models import (
    LegalHold,
    ProposalItem,
    ProposalState,
    RetentionProposal,
    RetentionRule,
)
from audit.retention.views import SEE
from core import clock
from core.api import CursorPages, actor_of


class RetentionRuleSerializer(serializers.ModelSerializer[RetentionRule]):
    """One retention class."""

    class Meta:
        model = RetentionRule
        fields = [
            "code", "name", "name_zh", "kinds", "jurisdictions", "bound", "amount", "unit",
            "basis", "source", "note", "active", "to_check",
        ]  # fmt: skip
        read_only_fields = fields


class RetentionScheduleSerializer(serializers.Serializer[Any]):
    """The schedule in force."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    decided_at = serializers.DateTimeField(allow_null=True)
    jurisdictions = serializers.ListField(child=serializers.CharField())
    lines = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    rules = RetentionRuleSerializer(many=True)


class LegalHoldSerializer(serializers.ModelSerializer[LegalHold]):
    """A legal hold."""

    class Meta:
        model = LegalHold
        fields = [
            "id", "scope", "investor", "notice", "staff", "period_from", "period_to", "matter",
            "reason", "placed_by", "placed_at", "released_by", "released_at", "release_reason",
        ]  # fmt: skip
        read_only_fields = fields


class ProposalItemSerializer(serializers.ModelSerializer[ProposalItem]):
    """One store of material in a proposal."""

    class Meta:
        model = ProposalItem
        fields = ["store", "kind", "due", "held", "shredded", "finished_at"]
        read_only_fields = fields


class RetentionProposalSerializer(serializers.ModelSerializer[RetentionProposal]):
    """A proposal to shred what is due."""

    state = serializers.ChoiceField(choices=ProposalState.choices)
    items = ProposalItemSerializer(many=True, read_only=True)

    class Meta:
        model = RetentionProposal
        fields = [
            "id", "state", "made_at", "submitted_by", "submitted_at", "decided_by", "decided_at",
            "finished_at", "items",
        ]  # fmt: skip
        read_only_fields = fields


class RetentionPages(CursorPages):
    """Newest first."""


def _note_read(request: Request, what: str, shown: int) -> None:
    services.note_retention_read(what=what, shown=shown, actor=actor_of(request), now=clock.now())


class ScheduleView(APIView):
    """The retention schedule in force."""

    capabilities = SEE

    @extend_schema(operation_id="retention_schedule_read", responses=RetentionScheduleSerializer)
    def get(self, request: Request) -> Response:
        """The approved version with the highest number, with its classes and their sources; that
        it was read is recorded."""
        schedule = selectors.schedule_in_force()
        _note_read(request, f"retention_schedule:{schedule.pk}", 1)
        return Response(RetentionScheduleSerializer(schedule).data)


class ProposalsView(APIView):
    """Proposals to shred."""

    capabilities = SEE
    pagination_class = RetentionPages

    @extend_schema(
        operation_id="retention_proposals_list", responses=RetentionProposalSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """All proposals, newest first; that they were read is recorded."""
        pages = RetentionPages()
        rows = pages.paginate_queryset(selectors.proposals(), request) or []
        _note_read(request, "retention_proposals", len(rows))
        return pages.get_paginated_response(RetentionProposalSerializer(rows, many=True).data)


class HoldsView(APIView):
    """Legal holds."""

    capabilities = SEE
    pagination_class = RetentionPages

    @extend_schema(operation_id="holds_list", responses=LegalHoldSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All holds, newest first; `released_at` is null while one is in force. Recorded."""
        pages = RetentionPages()
        rows = pages.paginate_queryset(LegalHold.objects.order_by("-id"), request) or []
        services.note_holds_read(shown=len(rows), actor=actor_of(request), now=clock.now())
        return pages.get_paginated_response(LegalHoldSerializer(rows, many=True).data)


class HoldView(APIView):
    """One legal hold."""

    capabilities = SEE

    @extend_schema(operation_id="holds_read", responses=LegalHoldSerializer)
    def get(self, request: Request, hold_id: UUID) -> Response:
        """One hold; that it was read is recorded."""
        hold = selectors.hold_by_id(hold_id)
        services.note_holds_read(shown=1, hold_id=hold.pk, actor=actor_of(request), now=clock.now())
        return Response(LegalHoldSerializer(hold).data)
