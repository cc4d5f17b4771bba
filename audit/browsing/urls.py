"""Routes of the audit history."""

from __future__ import annotations

from django.urls import path

from audit.browsing import views

urlpatterns = [
    path("audit/", views.audit_list, name="audit-list"),
    path("audit/download/", views.audit_download, name="audit-download"),
    path(
        "audit/timeline/<slug:kind>/<uuid:identity>/", views.audit_timeline, name="audit-timeline"
    ),
    path("audit/queries/", views.query_list, name="audit-queries"),
    path("audit/queries/save/", views.query_save, name="audit-query-save"),
    path("audit/queries/<uuid:query_id>/", views.query_detail, name="audit-query"),
    path("audit/queries/<uuid:query_id>/run/", views.query_run, name="audit-query-run"),
    path("audit/queries/<uuid:query_id>/retire/", views.query_retire, name="audit-query-retire"),
]
