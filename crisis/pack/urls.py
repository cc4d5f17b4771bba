"""Routes of the pack."""

from __future__ import annotations

from django.urls import path

from crisis.pack import views

urlpatterns = [
    path("crisis/packs/", views.pack_list, name="crisis-packs"),
    path("crisis/packs/make/", views.pack_make, name="crisis-pack-make"),
    path("crisis/packs/<uuid:pack_id>/<slug:form>/", views.pack_take, name="crisis-pack-take"),
]
