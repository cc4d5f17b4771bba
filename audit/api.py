"""Records under /api/v1/: the services of the pages, for programs."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import selectors, services
from audit.browsing import services as browsing
from audit.serializers import (
    ProofSerializer,
    RecordDetailSerializer,
    RecordFilterSerializer,
    RecordSerializer,
)
from core import clock
from core.api import CursorPages, actor_of
from core.roles import Capability as C

BROWSE = (C.AUDIT_BROWSE,)


class RecordPages(CursorPages):
    """Newest first; each page read is itself recorded."""


class RecordsView(APIView):
    """The audit history."""

    capabilities = BROWSE
    pagination_class = RecordPages

    @extend_schema(
        operation_id="records_list",
        parameters=[RecordFilterSerializer],
        responses=RecordSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Records, newest first. The reading is recorded."""
        query = RecordFilterSerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        pages = RecordPages()
        page = browsing.browse(
            filters=query.filters(),
            actor=actor_of(request),
            now=clock.now(),
            cursor=request.query_params.get("cursor"),
            size=pages.get_page_size(request),
        )
        pages._request, pages._page = request, page
        rows = [RecordSerializer(row).data for row in selectors.listed(page)]
        return pages.get_paginated_response(rows)


class RecordView(APIView):
    """One record."""

    capabilities = BROWSE

    @extend_schema(operation_id="records_read", responses=RecordDetailSerializer)
    def get(self, request: Request, record_id: UUID) -> Response:
        """One record and its exact leaf bytes. The reading is recorded."""
        detail = services.view_record(record_id=record_id, actor=actor_of(request), now=clock.now())
        return Response(RecordDetailSerializer(detail).data)


class RecordProofView(APIView):
    """The proof of one record."""

    capabilities = BROWSE

    @extend_schema(
        operation_id="records_proof",
        responses={200: ProofSerializer, 409: OpenApiResponse(description="Not in the log yet.")},
    )
    def get(self, request: Request, record_id: UUID) -> Response:
        """The inclusion proof at the newest checkpoint; 409 while there is none yet."""
        proof = services.take_proof(record_id=record_id, actor=actor_of(request), now=clock.now())
        return Response(ProofSerializer(proof).data)
