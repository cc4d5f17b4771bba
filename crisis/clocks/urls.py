"""Routes of clocks and of the clock table."""

from __future__ import annotations

from django.urls import path

from crisis.clocks import table_views, views

_CLOCK = "crisis/clocks/<uuid:clock_id>/"
_VERSION = "crisis/clock-table/<uuid:version_id>/"
urlpatterns = [
    path("crisis/clocks/", views.clock_list, name="clock-list"),
    path(_CLOCK, views.clock_detail, name="clock-detail"),
    path(f"{_CLOCK}pause/", views.clock_pause, name="clock-pause"),
    path(f"{_CLOCK}resume/", views.clock_resume, name="clock-resume"),
    path(f"{_CLOCK}call-off/", views.clock_call_off, name="clock-call-off"),
    path("crisis/clock-table/", table_views.clock_table, name="clock-table"),
    path("crisis/clock-table/new/", table_views.clock_table_new, name="clock-table-new"),
    path(_VERSION, table_views.clock_table_version, name="clock-table-version"),
    path(f"{_VERSION}rows/", table_views.clock_table_row_new, name="clock-table-row-new"),
    path(f"{_VERSION}rows/<slug:code>/", table_views.clock_table_row, name="clock-table-row"),
    path(
        f"{_VERSION}rows/<slug:code>/remove/",
        table_views.clock_table_row_remove,
        name="clock-table-row-remove",
    ),
    path(f"{_VERSION}operator/", table_views.clock_table_operator, name="clock-table-operator"),
    path(f"{_VERSION}submit/", table_views.clock_table_submit, name="clock-table-submit"),
    path(f"{_VERSION}decide/", table_views.clock_table_decide, name="clock-table-decide"),
]
