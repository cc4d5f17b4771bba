"""Routes of investors and imports."""

from __future__ import annotations

from django.urls import path

from investors import import_views, list_views, views
from investors.consent_texts.urls import urlpatterns as consent_texts
from investors.erasure.urls import urlpatterns as erasure
from investors.relationship.urls import urlpatterns as relationship

urlpatterns = [
    *erasure,
    *consent_texts,
    *relationship,
    path("investors/", list_views.investor_list, name="investor-list"),
    path("investors/export/", list_views.investor_list_export, name="investor-list-export"),
    path("investors/<uuid:investor_id>/", views.investor_detail, name="investor-detail"),
    path(
        "investors/<uuid:investor_id>/preferences/",
        views.preferences,
        name="investor-preferences",
    ),
    path("investors/<uuid:investor_id>/consent/", views.consent, name="investor-consent"),
    path("contacts/<uuid:contact_id>/reveal/", views.contact_reveal, name="contact-reveal"),
    path("contacts/<uuid:contact_id>/state/", views.contact_state, name="contact-state"),
    path("imports/", import_views.import_new, name="import-new"),
    path("imports/<uuid:batch_id>/", import_views.import_detail, name="import-detail"),
    path("imports/<uuid:batch_id>/progress/", import_views.import_progress, name="import-progress"),
    path("imports/<uuid:batch_id>/check/", import_views.import_check, name="import-check"),
    path("imports/<uuid:batch_id>/run/", import_views.import_run, name="import-run"),
    path("imports/<uuid:batch_id>/discard/", import_views.import_discard, name="import-discard"),
    path("imports/<uuid:batch_id>/errors/", import_views.import_errors, name="import-errors"),
]
