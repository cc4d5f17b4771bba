"""Routes of word lists."""

from __future__ import annotations

from django.urls import path

from templates_mgmt.lexicon import views

_VERSION = "templates/words/versions/<uuid:version_id>/"
urlpatterns = [
    path("templates/words/", views.word_lists, name="word-lists"),
    path("templates/words/new/", views.word_list_new, name="word-list-new"),
    path(
        "templates/words/<uuid:list_id>/new-version/",
        views.word_list_version_new,
        name="word-list-version-new",
    ),
    path(_VERSION, views.word_list_version, name="word-list-version"),
    path(f"{_VERSION}edit/", views.word_list_edit, name="word-list-edit"),
    path(f"{_VERSION}decide/", views.word_list_decide, name="word-list-decide"),
]
