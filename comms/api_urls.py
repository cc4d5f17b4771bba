"""Routes of notices and deliveries under /api/v1/."""

from __future__ import annotations

from django.urls import path

from comms import api

_NOTICE = "notices/<uuid:notice_id>"

urlpatterns = [
    path("notices/", api.NoticesView.as_view(), name="api-notices"),
    path(f"{_NOTICE}/", api.NoticeView.as_view(), name="api-notice"),
    path(f"{_NOTICE}/submit/", api.SubmitView.as_view(), name="api-notice-submit"),
    path(f"{_NOTICE}/take-back/", api.TakeBackView.as_view(), name="api-notice-take-back"),
    path(f"{_NOTICE}/dry-runs/", api.DryRunsView.as_view(), name="api-notice-dry-runs"),
    path(
        f"{_NOTICE}/dry-runs/<uuid:job_id>/", api.DryRunJobView.as_view(), name="api-notice-dry-run"
    ),
    path(f"{_NOTICE}/release/", api.ReleaseView.as_view(), name="api-notice-release"),
    path(f"{_NOTICE}/pause/", api.PauseView.as_view(), name="api-notice-pause"),
    path(f"{_NOTICE}/resume/", api.ResumeView.as_view(), name="api-notice-resume"),
    path(f"{_NOTICE}/cancel/", api.CancelView.as_view(), name="api-notice-cancel"),
    path(f"{_NOTICE}/progress/", api.ProgressView.as_view(), name="api-notice-progress"),
    path(
        f"{_NOTICE}/deliveries/", api.NoticeDeliveriesView.as_view(), name="api-notice-deliveries"
    ),
    path(
        f"{_NOTICE}/exclusions/", api.NoticeExclusionsView.as_view(), name="api-notice-exclusions"
    ),
    path("deliveries/<uuid:delivery_id>/", api.DeliveryView.as_view(), name="api-delivery"),
]
