"""Routes of activation criteria and signals."""

from __future__ import annotations

from django.urls import path

from crisis.criteria import views

_VERSION = "crisis/criteria/<uuid:version_id>/"
urlpatterns = [
    path("crisis/criteria/", views.criteria, name="criteria"),
    path("crisis/criteria/new/", views.criteria_new, name="criteria-new"),
    path(_VERSION, views.criteria_version, name="criteria-version"),
    path(f"{_VERSION}edit/", views.criteria_edit, name="criteria-edit"),
    path(f"{_VERSION}decide/", views.criteria_decide, name="criteria-decide"),
    path("crisis/signals/", views.signal_list, name="signal-list"),
]
