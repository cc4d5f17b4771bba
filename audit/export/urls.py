"""Routes of the export pages."""

from __future__ import annotations

from django.urls import path

from audit.export import views

urlpatterns = [
    path("exports/", views.export_list, name="export-list"),
    path("exports/new/", views.export_new, name="export-new"),
    path("exports/<uuid:export_id>/", views.export_detail, name="export-detail"),
    path("exports/<uuid:export_id>/live/", views.export_live, name="export-live"),
    path("exports/<uuid:export_id>/download/", views.export_download, name="export-download"),
    *(
        path(
            f"exports/<uuid:export_id>/{verb}/",
            views.export_decide,
            {"verb": verb},
            name=f"export-{verb}",
        )
        for verb in views.DECIDE
    ),
]
