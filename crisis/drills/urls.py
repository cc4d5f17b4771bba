"""Routes of drills."""

from __future__ import annotations

from django.urls import path

from crisis.drills import views

_one = "crisis/drills/<uuid:drill_id>/"

urlpatterns = [
    path("crisis/drills/", views.drill_list, name="crisis-drills"),
    path("crisis/drills/new/", views.drill_new, name="crisis-drill-new"),
    path(_one, views.drill_detail, name="crisis-drill"),
    path(f"{_one}start/", views.drill_start, name="crisis-drill-start"),
    path(f"{_one}cancel/", views.drill_cancel, name="crisis-drill-cancel"),
    path(f"{_one}end/", views.drill_end, name="crisis-drill-end"),
    path(f"{_one}steps/<int:step>/", views.drill_step, name="crisis-drill-step"),
    path(f"{_one}findings/", views.drill_finding, name="crisis-drill-finding"),
    path(
        "crisis/drill-findings/<uuid:finding_id>/", views.drill_settle, name="crisis-drill-settle"
    ),
    path("crisis/lost-contacts/<uuid:lost_id>/", views.drill_found, name="crisis-drill-found"),
]
