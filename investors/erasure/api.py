"""Erasure requests under /api/v1/. Approving and refusing is for a person in the portal: it needs
a second factor, which a key cannot give."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability
from investors.erasure import selectors, services
from investors.erasure.models import ErasureRequest

ASK = (Capability.PRIVACY_ERASE,)


class NewErasureSerializer(serializers.Serializer[object]):
    """A request to erase one investor."""

    investor = serializers.UUIDField(help_text="The pseudonym.")
    ground = serializers.ChoiceField(choices=ErasureRequest.Ground.values)
    reason = serializers.CharField(max_length=services.MAX_REASON)


class KeptSerializer(serializers.Serializer[object]):
    """A duty or hold that stood in the way."""

    type = serializers.ChoiceField(choices=["duty", "hold"])
    rule = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    until = serializers.DateField(allow_null=True)


class ErasureSerializer(serializers.ModelSerializer[ErasureRequest]):
    """A request and what became of it; its texts are for the page alone."""

    kept_because = serializers.SerializerMethodField()

    class Meta:
        model = ErasureRequest
        fields = [
            "id", "investor", "state", "ground", "kept_because", "requested_by", "requested_at",
            "answer_due", "decided_by", "decided_at",
        ]  # fmt: skip

    @extend_schema_field(KeptSerializer(many=True))
    def get_kept_because(self, request: ErasureRequest) -> list[dict[str, Any]]:
        """As kept with a refusal."""
        return list(request.kept_because)


class ErasuresView(APIView):
    """Requests about investors of the actor's lines."""

    capabilities = {"GET": selectors.HANDLE, "POST": ASK}
    pagination_class = CursorPages

    @extend_schema(operation_id="erasures_list", responses=ErasureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Requests, newest first; that they were read is recorded."""
        actor, pages = actor_of(request), CursorPages()
        rows = pages.paginate_queryset(selectors.requests_visible_to(actor), request) or []
        services.list_shown(count=len(rows), actor=actor, now=clock.now())
        return pages.get_paginated_response(ErasureSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="erasures_create",
        request=NewErasureSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ErasureSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for an investor's data to be erased; a second person decides in the portal."""
        form = NewErasureSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        made = services.request_erasure(
            investor_id=given["investor"],
            ground=given["ground"],
            reason=given["reason"],
            actor=actor_of(request),
            now=clock.now(),
        )
        return Response(ErasureSerializer(ErasureRequest.objects.get(pk=made)).data, status=201)


class ErasureView(APIView):
    """One request."""

    capabilities = {"GET": selectors.HANDLE}

    @extend_schema(operation_id="erasures_retrieve", responses=ErasureSerializer)
    def get(self, request: Request, request_id: UUID) -> Response:
        """How a request stands; that it was read is recorded."""
        found = services.view_request(
            request_id=request_id, actor=actor_of(request), now=clock.now()
        )
        return Response(ErasureSerializer(found).data)


class WithdrawalView(APIView):
    """Taking a request back."""

    capabilities = {"POST": ASK}

    @extend_schema(
        operation_id="erasures_withdraw",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses=ErasureSerializer,
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """Take a request back before it is decided."""
        actor = actor_of(request)
        services.withdraw_erasure(request_id=request_id, actor=actor, now=clock.now())
        return Response(ErasureSerializer(selectors.request_for(actor, request_id)).data)


urlpatterns = [
    path("erasures/", ErasuresView.as_view(), name="api-erasures"),
    path("erasures/<uuid:request_id>/", ErasureView.as_view(), name="api-erasure"),
    path(
        "erasures/<uuid:request_id>/withdraw/",
        WithdrawalView.as_view(),
        name="api-erasure-withdraw",
    ),
]
