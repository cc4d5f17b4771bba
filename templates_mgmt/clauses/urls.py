"""Routes of clauses."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.clauses import views

_VERSION = "templates/clauses/versions/<uuid:version_id>/"
urlpatterns = [
    path("templates/clauses/", views.clauses, name="clauses"),
    path("templates/clauses/new/", views.clause_new, name="clause-new"),
    path(
        "templates/clauses/<uuid:clause_id>/new-version/",
        views.clause_version_new,
        name="clause-version-new",
    ),
    path(_VERSION, views.clause_version, name="clause-version"),
    path(f"{_VERSION}edit/", views.clause_edit, name="clause-edit"),
    path(f"{_VERSION}decide/", views.clause_decide, name="clause-decide"),
]
