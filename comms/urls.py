"""Pages of notices and deliveries."""

from __future__ import annotations

from django.urls import path

from comms import views
from comms.recreating.views import delivery_as_sent

urlpatterns = [
    path("notices/", views.notice_list, name="notice-list"),
    path("notices/export/", views.notice_list_export, name="notice-list-export"),
    path("notices/new/", views.notice_new, name="notice-new"),
    path("notices/<uuid:notice_id>/", views.notice_detail, name="notice-detail"),
    path("notices/<uuid:notice_id>/live/", views.notice_live, name="notice-live"),
    path("notices/<uuid:notice_id>/edit/", views.notice_edit, name="notice-edit"),
    path("notices/<uuid:notice_id>/dry-run/", views.notice_dry_run, name="notice-dry-run"),
    path(
        "notices/<uuid:notice_id>/dry-run/cancel/",
        views.notice_dry_run_cancel,
        name="notice-dry-run-cancel",
    ),
    path("notices/<uuid:notice_id>/submit/", views.notice_submit, name="notice-submit"),
    path("notices/<uuid:notice_id>/take-back/", views.notice_take_back, name="notice-take-back"),
    path("notices/<uuid:notice_id>/release/", views.notice_release, name="notice-release"),
    path("notices/<uuid:notice_id>/refuse/", views.notice_refuse, name="notice-refuse"),
    path("notices/<uuid:notice_id>/pause/", views.notice_pause, name="notice-pause"),
    path("notices/<uuid:notice_id>/resume/", views.notice_resume, name="notice-resume"),
    path("notices/<uuid:notice_id>/cancel/", views.notice_cancel, name="notice-cancel"),
    path("notices/<uuid:notice_id>/correct/", views.notice_correct, name="notice-correct"),
    path("notices/<uuid:notice_id>/excluded/", views.notice_excluded, name="notice-excluded"),
    path("notices/<uuid:notice_id>/deliveries/", views.notice_deliveries, name="notice-deliveries"),
    path(
        "notices/<uuid:notice_id>/deliveries/export/",
        views.notice_deliveries_export,
        name="notice-deliveries-export",
    ),
    path(
        "notices/<uuid:notice_id>/sample/<slug:language>/",
        views.notice_sample,
        name="notice-sample",
    ),
    path("deliveries/<uuid:delivery_id>/", views.delivery_detail, name="delivery-detail"),
    path("deliveries/<uuid:delivery_id>/message/", views.delivery_message, name="delivery-message"),
    path("deliveries/<uuid:delivery_id>/as-sent/", delivery_as_sent, name="delivery-as-sent"),
]
