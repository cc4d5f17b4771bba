"""Routes of retrospectives and actions."""

from __future__ import annotations

from django.urls import path

from crisis.learning import views

_version = "crisis/retrospectives/<uuid:version_id>/"
_action = "crisis/actions/<uuid:action_id>/"
_incident = "crisis/incidents/<uuid:incident_id>/"

urlpatterns = [
    path("crisis/retrospectives/", views.retrospective_list, name="retrospectives"),
    path(_version, views.retrospective, name="retrospective"),
    path(f"{_version}edit/", views.retrospective_edit, name="retrospective-edit"),
    path(f"{_version}decide/", views.retrospective_decide, name="retrospective-decide"),
    path(f"{_incident}retrospective/", views.retrospective_new, name="retrospective-new"),
    path("crisis/actions/", views.action_list, name="incident-actions"),
    path(_action, views.action_detail, name="incident-action"),
    path(f"{_action}finish/", views.action_finish, name="incident-action-finish"),
    path(f"{_action}drop/", views.action_drop, name="incident-action-drop"),
    path(f"{_action}move/", views.action_move, name="incident-action-move"),
    path(f"{_incident}actions/new/", views.action_new, name="incident-action-new"),
]
