"""Routes of saved views."""

from __future__ import annotations

from django.urls import path

from core.lists import views

urlpatterns = [
    path("lists/<slug:list_name>/views/", views.view_save, name="view-save"),
    path("lists/views/<uuid:view_id>/remove/", views.view_remove, name="view-remove"),
]
