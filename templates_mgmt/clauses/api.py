"""Clauses under /api/v1/."""

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
from templates_mgmt.clauses import selectors, services
from templates_mgmt.clauses.models import Clause, ClauseVersion
from templates_mgmt.reviewed_api import (
    KEEP,
    SEE,
    VERSION_FIELDS,
    read,
    state_field,
    step_view,
    steps_of,
)


class ClauseTextsSerializer(serializers.Serializer[object]):
    """The wording by language."""

    def get_fields(self) -> dict[str, Any]:
        names = ("zh-hans", "en", "zh-hant")
        return {
            name: serializers.CharField(max_length=4000, required=False, allow_blank=True)
            for name in names
        }


class ClauseVersionSerializer(serializers.ModelSerializer[ClauseVersion]):
    """One wording of a clause."""

    code = serializers.CharField(source="clause.code")
    state = state_field()
    texts = ClauseTextsSerializer()

    class Meta:
        model = ClauseVersion
        fields = [*VERSION_FIELDS, "clause", "code", "source", "texts"]
        read_only_fields = fields


class ClauseSerializer(serializers.ModelSerializer[Clause]):
    """A clause with its versions, newest first."""

    versions = ClauseVersionSerializer(many=True)

    class Meta:
        model = Clause
        fields = ["id", "code", "name", "created_at", "versions"]
        read_only_fields = fields


class NewClauseSerializer(serializers.Serializer[object]):
    """A new clause; its first version is a blank draft."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)


class ClauseWordsSerializer(serializers.Serializer[object]):
    """The words of a draft."""

    texts = ClauseTextsSerializer()
    source = serializers.CharField(max_length=300, allow_blank=True, default="")  # type: ignore[assignment]
    revision = serializers.IntegerField(required=False, min_value=1)


def shown(request: Request, version_id: UUID, status: int = 200) -> Response:
    """A version, as an answer."""
    version = selectors.version_for(actor_of(request), version_id)
    return Response(ClauseVersionSerializer(version).data, status=status)


def made(request: Request, version_id: UUID) -> Response:
    """A new version, as an answer."""
    return shown(request, version_id, 201)


class ClausesView(APIView):
    """All clauses."""

    capabilities = {"GET": SEE, "POST": KEEP}

    @extend_schema(operation_id="clauses_list", responses=ClauseSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All clauses with their versions, by code."""
        return Response(ClauseSerializer(selectors.clauses(actor_of(request)), many=True).data)

    @extend_schema(
        operation_id="clauses_create",
        request=NewClauseSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ClauseVersionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a clause; answers its first version, a blank draft."""
        fields = read(NewClauseSerializer, request.data)
        version = services.create_clause(**fields, actor=actor_of(request), now=clock.now())
        return made(request, version.pk)


class ClauseVersionView(APIView):
    """One version."""

    capabilities = {"GET": SEE, "PUT": KEEP}

    @extend_schema(operation_id="clause_versions_read", responses=ClauseVersionSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its words."""
        return shown(request, version_id)

    @extend_schema(
        operation_id="clause_versions_save",
        request=ClauseWordsSerializer,
        responses=ClauseVersionSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the words of a draft; 409 when somebody saved since `revision`."""
        words = read(ClauseWordsSerializer, request.data)
        services.save(version_id=version_id, **words, actor=actor_of(request), now=clock.now())
        return shown(request, version_id)


NewVersionView = step_view(
    operation="clause_versions_create", service=services.new_version, answer=made,
    answers=ClauseVersionSerializer, key="clause_id", status=201,
)  # fmt: skip
urlpatterns = [
    path("clauses/", ClausesView.as_view(), name="api-clauses"),
    path(
        "clauses/<uuid:clause_id>/versions/", NewVersionView.as_view(), name="api-clause-versions"
    ),
    path(
        "clause-versions/<uuid:version_id>/",
        ClauseVersionView.as_view(),
        name="api-clause-version",
    ),
    *steps_of("clause", "clause-versions/", services, shown, ClauseVersionSerializer),
]
