"""Routes of incidents."""

from __future__ import annotations

from django.urls import path

from crisis.incidents import move_views, views

_ONE = "incidents/<uuid:incident_id>/"
urlpatterns = [
    path("incidents/", views.incident_list, name="incident-list"),
    path("incidents/new/", views.incident_new, name="incident-new"),
    path("incidents/sw.js", views.incident_worker, name="incident-worker"),
    path("incidents/responses/", views.incident_responses, name="incident-responses"),
    path("incidents/files/<uuid:attachment_id>/", views.incident_file, name="incident-file"),
    path(_ONE, views.incident_detail, name="incident-detail"),
    path(f"{_ONE}live/", views.incident_live, name="incident-live"),
    path(f"{_ONE}log/", views.incident_log, name="incident-log"),
    path(f"{_ONE}lead/", move_views.incident_lead, name="incident-lead"),
    path(f"{_ONE}report/", views.incident_report, name="incident-report"),
    path(f"{_ONE}picture/", views.incident_picture, name="incident-picture"),
    *(
        path(f"{_ONE}{name}/", move_views.move_page(name), name=f"incident-{name}")
        for name in move_views.MOVES
    ),
]
