"""Routes of writing."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.writing import views

urlpatterns = [
    path(
        "templates/versions/<uuid:version_id>/justify/",
        views.finding_justify,
        name="finding-justify",
    ),
    path("templates/versions/<uuid:version_id>/unsaved/", views.unsaved_drop, name="unsaved-drop"),
]
