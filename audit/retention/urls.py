"""Routes of retention and legal holds."""

from __future__ import annotations

from django.urls import path

from audit.retention import api, hold_views, views

_version = "retention/versions/<uuid:schedule_id>/"
_proposal = "retention/proposals/<uuid:proposal_id>/"

urlpatterns = [
    path("retention/", views.retention, name="retention"),
    path("retention/draft/", views.retention_draft, name="retention-draft"),
    path(_version, views.retention_version, name="retention-version"),
    path(f"{_version}rules/new/", views.retention_rule, name="retention-rule-new"),
    path(f"{_version}rules/<slug:code>/edit/", views.retention_rule, name="retention-rule"),
    path(f"{_version}scope/", views.retention_scope, name="retention-scope"),
    path(f"{_version}kinds/", views.retention_kinds, name="retention-kinds"),
    path(f"{_version}submit/", views.retention_submit, name="retention-submit"),
    path(f"{_version}decide/", views.retention_decide, name="retention-decide"),
    path("retention/proposals/", views.proposal_list, name="retention-proposals"),
    path(_proposal, views.proposal_detail, name="retention-proposal"),
    path(f"{_proposal}submit/", views.proposal_submit, name="retention-proposal-submit"),
    path(f"{_proposal}decide/", views.proposal_decide, name="retention-proposal-decide"),
    path("holds/", hold_views.hold_list, name="hold-list"),
    path("holds/new/", hold_views.hold_new, name="hold-new"),
    path("holds/<uuid:hold_id>/", hold_views.hold_detail, name="hold-detail"),
    path("holds/<uuid:hold_id>/release/", hold_views.hold_release, name="hold-release"),
]

api_urlpatterns = [
    path("retention/schedule/", api.ScheduleView.as_view(), name="api-retention-schedule"),
    path("retention/proposals/", api.ProposalsView.as_view(), name="api-retention-proposals"),
    path("holds/", api.HoldsView.as_view(), name="api-holds"),
    path("holds/<uuid:hold_id>/", api.HoldView.as_view(), name="api-hold"),
]
