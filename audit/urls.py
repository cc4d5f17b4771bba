"""Routes of the audit pages, and of the log itself."""

from __future__ import annotations

from django.urls import path

from audit import views
from audit.access_review.urls import urlpatterns as access_review_urlpatterns
from audit.browsing.urls import urlpatterns as browsing_urlpatterns
from audit.export.urls import urlpatterns as export_urlpatterns
from audit.log.urls import urlpatterns as log_urlpatterns
from audit.retention.urls import urlpatterns as retention_urlpatterns

urlpatterns = [
    *browsing_urlpatterns,
    path("audit/records/<uuid:record_id>/", views.record_detail, name="record-detail"),
    path("audit/records/<uuid:record_id>/proof/", views.record_proof, name="record-proof"),
    *export_urlpatterns,
    *retention_urlpatterns,
    *access_review_urlpatterns,
    *log_urlpatterns,
]
