"""Routes of crisis and risk under /api/v1/: each part brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("crisis.clocks.api")),
    path("", include("crisis.reports.api")),
    path("", include("crisis.criteria.api")),
    path("", include("crisis.risks.api")),
    path("", include("crisis.drills.api")),
    path("", include("crisis.escalation.api")),
    path("", include("crisis.statements.api")),
    path("", include("crisis.incidents.api")),
]
