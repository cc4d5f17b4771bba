"""Routes of statements and of the public status page."""

from __future__ import annotations

from django.urls import path

from crisis.statements import views

_incident = "crisis/incidents/<uuid:incident_id>/"
_one = "crisis/statements/<uuid:statement_id>/"

urlpatterns = [
    path(f"{_incident}notify/", views.incident_notice, name="crisis-notify"),
    path(f"{_incident}statements/", views.incident_statements, name="crisis-statements"),
    path(f"{_incident}statements/new/", views.statement_new, name="crisis-statement-new"),
    path(f"{_incident}updates/", views.incident_note, name="crisis-update"),
    path(_one, views.statement, name="crisis-statement"),
    path(f"{_one}publish/", views.statement_publish, name="crisis-statement-publish"),
    path(f"{_one}drop/", views.statement_drop, name="crisis-statement-drop"),
    path("status/", views.status, name="status"),
    path("status/feed.xml", views.status_feed, name="status-feed"),
]
