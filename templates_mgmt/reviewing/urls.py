"""Routes around reviews."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.reviewing import views

_PLAN = "templates/plans/versions/<uuid:version_id>/"
_VERSION = "templates/versions/<uuid:version_id>/"
urlpatterns = [
    path("templates/reviews/", views.review_queue, name="review-queue"),
    path("templates/reviews/absence/", views.absence_new, name="absence-new"),
    path("templates/reviews/absence/<uuid:absence_id>/", views.absence_end, name="absence-end"),
    path("templates/reviews/groups/", views.review_groups, name="review-groups"),
    path(f"{_VERSION}take/", views.review_take, name="review-take"),
    path(f"{_VERSION}comment/", views.version_comment, name="version-comment"),
    path("templates/comments/<uuid:comment_id>/", views.comment_settle, name="comment-settle"),
    path("templates/plans/", views.review_plans, name="review-plans"),
    path("templates/plans/<slug:category>/new/", views.review_plan_new, name="review-plan-new"),
    path(_PLAN, views.review_plan, name="review-plan"),
    path(f"{_PLAN}edit/", views.review_plan_edit, name="review-plan-edit"),
    path(f"{_PLAN}decide/", views.review_plan_decide, name="review-plan-decide"),
]
