"""Statements about incidents under /api/v1/: read, draft, publish, and the notice to those hit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from comms.serializers import AudienceSerializer, ChannelPlanSerializer, NoticeSerializer
from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import read
from core.roles import Capability
from crisis.statements import rules, selectors, services
from crisis.statements.models import Statement
from crisis.statements.services.writing import LET_OUT

TAGS = ["crisis"]
SEE = (Capability.CRISIS_VIEW,)
LOG = (Capability.CRISIS_LOG,)
KINDS = [each.value for each in rules.Kind]
PHASES = [each.value for each in rules.Phase]
PLACES = [each.value for each in rules.Place]
STATES = [each.value for each in rules.State]
CLASSES = ["critical", "important", "routine"]


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """A statement about an incident."""

    exercise = serializers.BooleanField(source="incident.exercise")
    kind = serializers.ChoiceField(choices=KINDS)
    phase = serializers.ChoiceField(choices=PHASES)
    state = serializers.ChoiceField(choices=STATES)
    places = serializers.ListField(child=serializers.ChoiceField(choices=PLACES))
    texts = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="Title and body by language.",
    )

    class Meta:
        model = Statement
        fields = [
            "id", "incident", "exercise", "kind", "phase", "places", "version", "content_hash",
            "values", "texts", "spokesperson", "state", "reason", "drafted_at", "drafted_by",
            "published_at", "published_by",
        ]  # fmt: skip
        read_only_fields = fields


class StatementInput(serializers.Serializer[Any]):
    """A statement on an approved wording."""

    version_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    phase = serializers.ChoiceField(choices=PHASES)
    places = serializers.ListField(
        child=serializers.ChoiceField(choices=PLACES), min_length=1, max_length=len(PLACES)
    )
    values = serializers.DictField(required=False)
    spokesperson = serializers.UUIDField(required=False, allow_null=True)


class AffectedInput(serializers.Serializer[Any]):
    """A notice to those whom an incident hit."""

    version_id = serializers.UUIDField()
    affected = AudienceSerializer()
    values = serializers.DictField(required=False)
    criticality = serializers.ChoiceField(choices=CLASSES)
    channels = ChannelPlanSerializer()
    reason = serializers.CharField(max_length=2000)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)


class StatementReason(serializers.Serializer[Any]):
    """Why a draft is given up."""

    reason = serializers.CharField(max_length=2000)


class StatementsView(APIView):
    """Statements about one incident."""

    capabilities = {"GET": SEE, "POST": LOG}

    @extend_schema(tags=TAGS, operation_id="statements_list",
                   responses=StatementSerializer(many=True))  # fmt: skip
    def get(self, request: Request, incident_id: UUID) -> Response:
        """All of them, newest first."""
        incident = selectors.incident_for(actor_of(request), incident_id)
        return Response(StatementSerializer(selectors.statements_of(incident), many=True).data)

    @extend_schema(tags=TAGS, operation_id="statements_create", request=StatementInput,
                   parameters=[IDEMPOTENCY_KEY], responses={201: StatementSerializer})  # fmt: skip
    @idempotent
    def post(self, request: Request, incident_id: UUID) -> Response:
        """Draft one."""
        given = {"values": {}, **read(StatementInput, request.data)}
        made = services.draft(
            incident_id=incident_id, **given, actor=actor_of(request), now=clock.now()
        )
        return Response(StatementSerializer(made).data, status=201)


class AffectedView(APIView):
    """The notice to those whom an incident hit."""

    capabilities = (Capability.NOTICES_PREPARE,)

    @extend_schema(tags=TAGS, operation_id="incidents_notify", request=AffectedInput,
                   parameters=[IDEMPOTENCY_KEY], responses={201: NoticeSerializer})  # fmt: skip
    @idempotent
    def post(self, request: Request, incident_id: UUID) -> Response:
        """Make a draft notice; submitting and releasing it take their usual steps."""
        given = {"values": {}, **read(AffectedInput, request.data)}
        notice = services.make_statement(
            incident_id=incident_id, **given, actor=actor_of(request), now=clock.now()
        )
        return Response(NoticeSerializer(notice).data, status=201)


class StatementView(APIView):
    """One statement."""

    capabilities = SEE

    @extend_schema(tags=TAGS, operation_id="statements_retrieve", responses=StatementSerializer)
    def get(self, request: Request, statement_id: UUID) -> Response:
        """One statement."""
        found = selectors.statement_for(actor_of(request), statement_id)
        return Response(StatementSerializer(found).data)


class PublishView(APIView):
    """Letting a statement out."""

    capabilities = tuple(dict.fromkeys((*LOG, *LET_OUT)))

    @extend_schema(tags=TAGS, operation_id="statements_publish", request=None,
                   parameters=[IDEMPOTENCY_KEY], responses=StatementSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, statement_id: UUID) -> Response:
        """To the public: by a second person with a fresh second factor."""
        made = services.publish(statement_id=statement_id, actor=actor_of(request), now=clock.now())
        return Response(StatementSerializer(made).data)


class DropView(APIView):
    """Giving a draft up."""

    capabilities = tuple(dict.fromkeys((*LOG, *LET_OUT)))

    @extend_schema(tags=TAGS, operation_id="statements_drop", request=StatementReason,
                   parameters=[IDEMPOTENCY_KEY], responses=StatementSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, statement_id: UUID) -> Response:
        """With a reason."""
        made = services.drop(
            statement_id=statement_id, **read(StatementReason, request.data),
            actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
        return Response(StatementSerializer(made).data)


_one = "statements/<uuid:statement_id>/"
urlpatterns = [
    path("incidents/<uuid:incident_id>/statements/", StatementsView.as_view(),
         name="api-statements"),
    path("incidents/<uuid:incident_id>/notify/", AffectedView.as_view(), name="api-notify"),
    path(_one, StatementView.as_view(), name="api-statement"),
    path(f"{_one}publish/", PublishView.as_view(), name="api-statement-publish"),
    path(f"{_one}drop/", DropView.as_view(), name="api-statement-drop"),
]  # fmt: skip
