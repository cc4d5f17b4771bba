"""Routes of the relationship."""

from __future__ import annotations

from django.urls import path

from investors.relationship import views

urlpatterns = [
    path(
        "investors/<uuid:investor_id>/relationship/",
        views.relationship,
        name="investor-relationship",
    ),
]
