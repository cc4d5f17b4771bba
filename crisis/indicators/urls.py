"""Routes of indicators and effect."""

from __future__ import annotations

from django.urls import path

from crisis.indicators import views

_table = "risks/indicators/tables/<uuid:version_id>/"

urlpatterns = [
    path("risks/indicators/", views.indicators, name="risk-indicators"),
    path("risks/indicators/readings/", views.reading_write, name="risk-indicator-write"),
    path("risks/indicators/tables/new/", views.table_new, name="risk-indicator-table-new"),
    path(_table, views.table, name="risk-indicator-table"),
    path(f"{_table}edit/", views.table_edit, name="risk-indicator-table-edit"),
    path(f"{_table}decide/", views.table_decide, name="risk-indicator-table-decide"),
    path("risks/effect/", views.effect, name="risk-effect"),
    path("risks/effect/accounts/", views.account_add, name="risk-effect-account"),
    path(
        "risks/effect/accounts/<uuid:account_id>/reverse/",
        views.account_reverse,
        name="risk-effect-reverse",
    ),
]
