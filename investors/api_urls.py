"""API routes of investors and imports."""

from __future__ import annotations

from django.urls import path

from investors import api
from investors.consent_texts.api import urlpatterns as consent_texts
from investors.erasure.api import urlpatterns as erasure
from investors.relationship.api import urlpatterns as relationship

urlpatterns = [
    *erasure,
    *consent_texts,
    *relationship,
    path("investors/", api.InvestorsView.as_view(), name="api-investors"),
    path("investors/<uuid:investor_id>/", api.InvestorView.as_view(), name="api-investor"),
    path(
        "investors/<uuid:investor_id>/consents/",
        api.ConsentsView.as_view(),
        name="api-investor-consents",
    ),
    path(
        "investors/<uuid:investor_id>/preferences/",
        api.PreferencesView.as_view(),
        name="api-investor-preferences",
    ),
    path("imports/", api.ImportsView.as_view(), name="api-imports"),
    path("imports/<uuid:batch_id>/", api.ImportView.as_view(), name="api-import"),
    path(
        "imports/<uuid:batch_id>/rejections/",
        api.RejectionsView.as_view(),
        name="api-import-rejections",
    ),
]
