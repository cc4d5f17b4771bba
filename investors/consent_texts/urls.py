"""Routes of consent texts."""

from __future__ import annotations

from django.urls import path

from investors.consent_texts import views

_VERSION = "investors/consent-texts/versions/<uuid:version_id>/"
urlpatterns = [
    path("investors/consent-texts/", views.consent_texts, name="consent-texts"),
    path("investors/consent-texts/new/", views.consent_text_new, name="consent-text-new"),
    path(
        "investors/consent-texts/<uuid:text_id>/new-version/",
        views.consent_text_version_new,
        name="consent-text-version-new",
    ),
    path(_VERSION, views.consent_text_version, name="consent-text-version"),
    path(f"{_VERSION}edit/", views.consent_text_edit, name="consent-text-edit"),
    path(f"{_VERSION}decide/", views.consent_text_decide, name="consent-text-decide"),
]
