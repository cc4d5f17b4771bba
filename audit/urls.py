"""Routes of the audit pages, and of the log itself."""

from __future__ import annotations

from django.urls import path

from audit import views

ledger_urlpatterns = [
    path("checkpoint", views.checkpoint, name="ledger-checkpoint"),
    path("tile/<path:path>", views.tile, name="ledger-tile"),
]

urlpatterns = [
    path("audit/", views.audit_list, name="audit-list"),
    path("audit/ledger/", views.audit_ledger, name="audit-ledger"),
    path("audit/ledger/state/", views.audit_ledger_state, name="audit-ledger-state"),
    path("audit/ledger/verify/", views.audit_verify, name="audit-verify"),
    path("audit/records/<uuid:record_id>/", views.record_detail, name="record-detail"),
    path("audit/records/<uuid:record_id>/proof/", views.record_proof, name="record-proof"),
    path("exports/", views.export_list, name="export-list"),
    path("exports/new/", views.export_new, name="export-new"),
    path("exports/<uuid:export_id>/", views.export_detail, name="export-detail"),
    path("exports/<uuid:export_id>/live/", views.export_live, name="export-live"),
    path("exports/<uuid:export_id>/download/", views.export_download, name="export-download"),
    *ledger_urlpatterns,
]
