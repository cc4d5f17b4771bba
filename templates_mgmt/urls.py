"""Routes of templates."""

from __future__ import annotations

from django.urls import path

from templates_mgmt import list_views, views
from templates_mgmt.clauses import urls as clauses
from templates_mgmt.files import urls as files
from templates_mgmt.filing import urls as filing
from templates_mgmt.lexicon import urls as lexicon
from templates_mgmt.reviewing import urls as reviewing
from templates_mgmt.writing import urls as writing

urlpatterns = [
    path("templates/", list_views.template_list, name="template-list"),
    path("templates/export/", list_views.template_list_export, name="template-list-export"),
    path("templates/new/", views.template_new, name="template-new"),
    path("templates/new/example/", views.template_from_example, name="template-from-example"),
    path("templates/<uuid:template_id>/", views.template_detail, name="template-detail"),
    path("templates/<uuid:template_id>/new-version/", views.version_new, name="version-new"),
    path("templates/<uuid:template_id>/compare/", views.version_compare, name="version-compare"),
    path("templates/versions/<uuid:version_id>/", views.version_review, name="version-review"),
    path("templates/versions/<uuid:version_id>/edit/", views.version_edit, name="version-edit"),
    path(
        "templates/versions/<uuid:version_id>/preview/",
        views.version_preview,
        name="version-preview",
    ),
    path(
        "templates/versions/<uuid:version_id>/submit/", views.version_submit, name="version-submit"
    ),
    path(
        "templates/versions/<uuid:version_id>/decide/", views.version_decide, name="version-decide"
    ),
    *clauses.urlpatterns,
    *files.urlpatterns,
    *filing.urlpatterns,
    *lexicon.urlpatterns,
    *reviewing.urlpatterns,
    *writing.urlpatterns,
]
