"""Routes of calls."""

from __future__ import annotations

from django.urls import path

from crisis.escalation import views

_CALL = "crisis/calls/<uuid:call_id>/"
urlpatterns = [
    path("crisis/calls/", views.call_list, name="call-list"),
    path(_CALL, views.call_detail, name="call-detail"),
    path(f"{_CALL}acknowledge/", views.call_acknowledge, name="call-acknowledge"),
    path(f"{_CALL}decline/", views.call_decline, name="call-decline"),
    path("crisis/incidents/<uuid:incident_id>/call-out/", views.call_again, name="call-again"),
]
