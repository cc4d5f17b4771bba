"""API routes of templates."""

from __future__ import annotations

from django.urls import path

from templates_mgmt import api
from templates_mgmt.clauses import api as clauses
from templates_mgmt.files import urls as files
from templates_mgmt.filing import api as filing
from templates_mgmt.lexicon import api as lexicon
from templates_mgmt.reviewing import api as reviewing
from templates_mgmt.reviewing import plans_api
from templates_mgmt.writing import api as writing

urlpatterns = [
    *clauses.urlpatterns,
    *files.api_urlpatterns,
    *filing.urlpatterns,
    *lexicon.urlpatterns,
    *reviewing.urlpatterns,
    *plans_api.urlpatterns,
    *writing.urlpatterns,
    path("templates/", api.TemplatesView.as_view(), name="api-templates"),
    path("templates/<uuid:template_id>/", api.TemplateView.as_view(), name="api-template"),
    path(
        "templates/<uuid:template_id>/versions/",
        api.TemplateVersionsView.as_view(),
        name="api-template-versions",
    ),
    path(
        "template-versions/<uuid:version_id>/",
        api.TemplateVersionView.as_view(),
        name="api-template-version",
    ),
    *[
        path(
            f"template-versions/<uuid:version_id>/{name}/",
            view.as_view(),
            name=f"api-template-version-{name}",
        )
        for name, view in api.STEPS.items()
    ],
]
