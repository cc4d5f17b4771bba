"""Routes of the handbook."""

from __future__ import annotations

from django.urls import path

from crisis.handbook import views

_one = "handbook/<uuid:version_id>/"

urlpatterns = [
    path("handbook/", views.handbook, name="handbook"),
    path("handbook/new/", views.handbook_new, name="handbook-new"),
    path(_one, views.handbook_version, name="handbook-version"),
    path(f"{_one}edit/", views.handbook_edit, name="handbook-edit"),
    path(f"{_one}decide/", views.handbook_decide, name="handbook-decide"),
    path(f"{_one}read/", views.handbook_attest, name="handbook-attest"),
]
