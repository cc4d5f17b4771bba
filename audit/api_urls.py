"""Routes of records and exports in the API."""

from __future__ import annotations

from django.urls import path

from audit import api

urlpatterns = [
    path("records/", api.RecordsView.as_view(), name="api-records"),
    path("records/<uuid:record_id>/", api.RecordView.as_view(), name="api-record"),
    path("records/<uuid:record_id>/proof/", api.RecordProofView.as_view(), name="api-record-proof"),
    path("exports/", api.ExportsView.as_view(), name="api-exports"),
    path("exports/<uuid:export_id>/", api.ExportView.as_view(), name="api-export"),
    path(
        "exports/<uuid:export_id>/download/",
        api.ExportDownloadView.as_view(),
        name="api-export-download",
    ),
]
