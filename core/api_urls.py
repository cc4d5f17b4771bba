"""Routes of the API's own matters and of its description."""

from __future__ import annotations

from django.urls import path

from core.api_views import MeView, SchemaView

urlpatterns = [
    path("me/", MeView.as_view(), name="api-me"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
]
