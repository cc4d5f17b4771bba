"""Routes of template files."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.files import api, views

urlpatterns = [
    path("templates/import/", views.template_import, name="template-import"),
    path("templates/versions/<uuid:version_id>/file/", views.version_file, name="version-file"),
]

api_urlpatterns = [
    path("templates/import/", api.TemplateImportView.as_view(), name="api-template-import"),
    path(
        "template-versions/<uuid:version_id>/file/",
        api.TemplateFileView.as_view(),
        name="api-template-version-file",
    ),
]
