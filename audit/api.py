"""Records and exports under /api/v1/: the services of the pages, for programs."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from audit import selectors, services
from audit.export import service as exporting
from audit.serializers import (
    ExportSerializer,
    NewExportSerializer,
    ProofSerializer,
    RecordDetailSerializer,
    RecordFilterSerializer,
    RecordSerializer,
)
from audit.views import send_export
from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability as C

BROWSE = (C.AUDIT_BROWSE,)
SEE = (C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE)


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
        page = services.browse(
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


class ExportPages(CursorPages):
    """Newest first."""


class ExportsView(APIView):
    """Regulator exports."""

    capabilities = {"GET": SEE, "POST": (C.EXPORTS_CREATE,)}
    pagination_class = ExportPages

    @extend_schema(operation_id="exports_list", responses=ExportSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All exports, newest first."""
        pages = ExportPages()
        rows = pages.paginate_queryset(selectors.exports(), request)
        return pages.get_paginated_response(ExportSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="exports_create",
        request=NewExportSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ExportSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for an export of a notice or of a period; needs a session with a fresh second
        factor. Poll it until its state is `ready`."""
        form = NewExportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        export = exporting.request_export(
            **form.request(), actor=actor_of(request), now=clock.now()
        )
        answer = Response(ExportSerializer(export).data, status=201)
        answer["Location"] = reverse("api-export", args=[export.pk])
        return answer


class ExportView(APIView):
    """One export."""

    capabilities = SEE

    @extend_schema(operation_id="exports_read", responses=ExportSerializer)
    def get(self, request: Request, export_id: UUID) -> Response:
        """An export and how far it is."""
        return Response(ExportSerializer(selectors.export_by_id(export_id)).data)


class ExportDownloadView(APIView):
    """The files of an export."""

    capabilities = (C.EXPORTS_DOWNLOAD,)

    @extend_schema(
        operation_id="exports_download",
        request=None,
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def post(self, request: Request, export_id: UUID) -> FileResponse:
        """The bag as a ZIP file; needs a session with a fresh second factor. Recorded."""
        return send_export(export_id, actor_of(request))
