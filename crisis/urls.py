"""Routes of crisis and risk: each part brings its own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("crisis.handbook.urls")),
    path("", include("crisis.indicators.urls")),
    path("", include("crisis.learning.urls")),
    path("", include("crisis.clocks.urls")),
    path("", include("crisis.pack.urls")),
    path("", include("crisis.criteria.urls")),
    path("", include("crisis.escalation.urls")),
    path("", include("crisis.drills.urls")),
    path("", include("crisis.incidents.urls")),
    path("", include("crisis.parties.urls")),
    path("", include("crisis.reports.urls")),
    path("", include("crisis.statements.urls")),
    path("", include("crisis.plans.urls")),
    path("", include("crisis.risks.urls")),
]
