"""Routes of the crisis plan."""

from __future__ import annotations

from django.urls import path

from crisis.plans import views

_VERSION = "crisis/plan/<uuid:version_id>/"
urlpatterns = [
    path("crisis/plan/", views.crisis_plan, name="crisis-plan"),
    path("crisis/plan/new/", views.crisis_plan_new, name="crisis-plan-new"),
    path(_VERSION, views.crisis_plan_version, name="crisis-plan-version"),
    path(f"{_VERSION}edit/", views.crisis_plan_edit, name="crisis-plan-edit"),
    path(f"{_VERSION}decide/", views.crisis_plan_decide, name="crisis-plan-decide"),
]
