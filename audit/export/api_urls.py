"""Routes of exports in the API."""

from __future__ import annotations

from django.urls import path

from audit.export import api

_ONE = "exports/<uuid:export_id>/"

urlpatterns = [
    path("exports/", api.ExportsView.as_view(), name="api-exports"),
    path(_ONE, api.ExportView.as_view(), name="api-export"),
    path(f"{_ONE}approve/", api.ExportApproveView.as_view(), name="api-export-approve"),
    path(f"{_ONE}refuse/", api.ExportRefuseView.as_view(), name="api-export-refuse"),
    path(f"{_ONE}withdraw/", api.ExportWithdrawView.as_view(), name="api-export-withdraw"),
    path(f"{_ONE}download/", api.ExportDownloadView.as_view(), name="api-export-download"),
]
