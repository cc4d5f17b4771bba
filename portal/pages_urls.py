"""Routes of the shell's own pages."""

from __future__ import annotations

from django.urls import path

from portal import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("search/", views.search, name="search"),
]
