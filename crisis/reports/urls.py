"""Routes of reports to regulators."""

from __future__ import annotations

from django.urls import path

from crisis.reports import views

_VERSION = "crisis/regulator-reports/<uuid:version_id>/"
urlpatterns = [
    path("crisis/regulator-reports/", views.report_list, name="regulator-report-list"),
    path(
        "crisis/clocks/<uuid:clock_id>/report/", views.report_start, name="regulator-report-start"
    ),
    path(_VERSION, views.report_detail, name="regulator-report"),
    path(f"{_VERSION}edit/", views.report_edit, name="regulator-report-edit"),
    path(f"{_VERSION}decide/", views.report_decide, name="regulator-report-decide"),
    path(f"{_VERSION}hand-in/", views.report_hand_in, name="regulator-report-hand-in"),
    path(f"{_VERSION}pdf/", views.report_pdf, name="regulator-report-pdf"),
    path(
        "crisis/report-receipts/<uuid:submission_id>/",
        views.report_receipt,
        name="regulator-report-receipt",
    ),
]
