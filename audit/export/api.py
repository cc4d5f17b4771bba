"""Exports under /api/v1/: the services of the pages, for programs.

Asking, deciding and downloading need a session with a fresh second factor, which an API key
does not have: a key can list and watch exports, not move them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from audit.export import requests, selectors
from audit.export.serializers import (
    DecisionSerializer,
    ExportReasonSerializer,
    ExportSerializer,
    NewExportSerializer,
)
from audit.export.views import SEE, send_export
from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability as C


class ExportPages(CursorPages):
    """Newest first."""


class ExportsView(APIView):
    """Regulator exports."""

    capabilities = {"GET": SEE, "POST": (C.EXPORTS_CREATE,)}
    pagination_class = ExportPages

    @extend_schema(operation_id="exports_list", responses=ExportSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The exports that you may see, newest first."""
        pages = ExportPages()
        rows = pages.paginate_queryset(selectors.visible_exports(actor_of(request)), request)
        return pages.get_paginated_response(ExportSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="exports_create",
        request=NewExportSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ExportSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for an export; needs a session with a fresh second factor. Another person must
        approve it; then poll it until its state is `ready`."""
        form = NewExportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        export = requests.request_export(**form.request(), actor=actor_of(request), now=clock.now())
        answer = Response(ExportSerializer(export).data, status=201)
        answer["Location"] = reverse("api-export", args=[export.pk])
        return answer


class ExportView(APIView):
    """One export."""

    capabilities = SEE

    @extend_schema(operation_id="exports_read", responses=ExportSerializer)
    def get(self, request: Request, export_id: UUID) -> Response:
        """An export and how far it is."""
        export = selectors.export_for(export_id, actor_of(request))
        return Response(ExportSerializer(export).data)


class ExportApproveView(APIView):
    """Let an export be built."""

    capabilities = (C.EXPORTS_APPROVE,)

    @extend_schema(
        operation_id="exports_approve",
        request=DecisionSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=ExportSerializer,
    )
    @idempotent
    def post(self, request: Request, export_id: UUID) -> Response:
        """Approve: another person than who asked; needs a session with a fresh second factor."""
        reason = reason_of(DecisionSerializer, request)
        export = requests.approve_export(
            export_id=export_id, reason=reason, actor=actor_of(request), now=clock.now()
        )
        return Response(ExportSerializer(export).data)


class ExportRefuseView(APIView):
    """Refuse an export."""

    capabilities = (C.EXPORTS_APPROVE,)

    @extend_schema(
        operation_id="exports_refuse",
        request=ExportReasonSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=ExportSerializer,
    )
    @idempotent
    def post(self, request: Request, export_id: UUID) -> Response:
        """Refuse, saying why; needs a session with a fresh second factor."""
        reason = reason_of(ExportReasonSerializer, request)
        export = requests.refuse_export(
            export_id=export_id, reason=reason, actor=actor_of(request), now=clock.now()
        )
        return Response(ExportSerializer(export).data)


class ExportWithdrawView(APIView):
    """Take an export back."""

    capabilities = SEE

    @extend_schema(
        operation_id="exports_withdraw",
        request=ExportReasonSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=ExportSerializer,
    )
    @idempotent
    def post(self, request: Request, export_id: UUID) -> Response:
        """Withdraw and delete the files: who asked or who approved, saying why."""
        reason = reason_of(ExportReasonSerializer, request)
        export = requests.withdraw_export(
            export_id=export_id, reason=reason, actor=actor_of(request), now=clock.now()
        )
        return Response(ExportSerializer(export).data)


def reason_of(kind: type[Any], request: Request) -> str:
    """The reason in the body."""
    form = kind(data=request.data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data["reason"])


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
