"""Routes of filing records and re-reviews."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.filing import views

_VERSION = "templates/versions/<uuid:version_id>/filing/"
urlpatterns = [
    path("templates/filings/", views.filings, name="filings"),
    path("templates/rereviews/<uuid:rereview_id>/", views.rereview, name="rereview"),
    path(_VERSION, views.version_filing, name="version-filing"),
    path(f"{_VERSION}edit/", views.version_filing_edit, name="version-filing-edit"),
    path(f"{_VERSION}expiry/", views.filing_shorten, name="filing-shorten"),
    path(f"{_VERSION}carrier/", views.filing_carrier, name="filing-carrier"),
    path(f"{_VERSION}export/", views.version_filing_export, name="version-filing-export"),
]
