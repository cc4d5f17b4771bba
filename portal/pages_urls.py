"""Routes of the shell's own pages."""

from __future__ import annotations

from django.urls import path

from portal import views
from portal.history.views import object_as_of

urlpatterns = [
    path("", views.overview, name="overview"),
    path("search/", views.search, name="search"),
    path("history/<slug:kind>/<uuid:object_id>/", object_as_of, name="object-as-of"),
]
