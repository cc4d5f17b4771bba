"""Routes of records and exports in the API."""

from __future__ import annotations

from django.urls import path

from audit import api
from audit.export.api_urls import urlpatterns as export_urlpatterns
from audit.retention.urls import api_urlpatterns as retention_urlpatterns

urlpatterns = [
    path("records/", api.RecordsView.as_view(), name="api-records"),
    path("records/<uuid:record_id>/", api.RecordView.as_view(), name="api-record"),
    path("records/<uuid:record_id>/proof/", api.RecordProofView.as_view(), name="api-record-proof"),
    *export_urlpatterns,
    *retention_urlpatterns,
]
