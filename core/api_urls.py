"""Routes of the API's own matters and of its description."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from core.api_views import MeView

urlpatterns = [
    path("me/", MeView.as_view(), name="api-me"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
