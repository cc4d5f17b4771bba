"""Routes of the access review."""

from __future__ import annotations

from django.urls import path

from audit.access_review import views

_one = "access-reviews/<uuid:review_id>/"

urlpatterns = [
    path("access-reviews/", views.review_list, name="access-reviews"),
    path("access-reviews/open/", views.review_open, name="access-review-open"),
    path(_one, views.review_detail, name="access-review"),
    path(f"{_one}items/<int:item_id>/", views.review_decide, name="access-review-decide"),
    path(f"{_one}sign/", views.review_sign, name="access-review-sign"),
    path(f"{_one}report/", views.review_report, name="access-review-report"),
]
