"""Routes of third parties."""

from __future__ import annotations

from django.urls import path

from crisis.parties import views

_one = "crisis/parties/<uuid:party_id>/"

urlpatterns = [
    path("crisis/parties/", views.party_list, name="crisis-parties"),
    path("crisis/parties/new/", views.party_new, name="crisis-party-new"),
    path(_one, views.party_detail, name="crisis-party"),
    path(f"{_one}edit/", views.party_edit, name="crisis-party-edit"),
    path(f"{_one}end/", views.party_end, name="crisis-party-end"),
    path(f"{_one}contacts/", views.contact_add, name="crisis-party-contact-add"),
    path(f"{_one}proofs/", views.proof_add, name="crisis-party-proof-add"),
    path(
        "crisis/party-contacts/<uuid:contact_id>/end/",
        views.contact_end,
        name="crisis-party-contact-end",
    ),
]
