"""Routes of erasure."""

from __future__ import annotations

from django.urls import path

from investors.erasure import views

urlpatterns = [
    path("investors/<uuid:investor_id>/erasure/", views.erasure_new, name="erasure-new"),
    path("erasures/", views.erasure_list, name="erasure-list"),
    path("erasures/<uuid:request_id>/", views.erasure_detail, name="erasure-detail"),
    path("erasures/<uuid:request_id>/approve/", views.erasure_approve, name="erasure-approve"),
    path("erasures/<uuid:request_id>/refuse/", views.erasure_refuse, name="erasure-refuse"),
    path("erasures/<uuid:request_id>/withdraw/", views.erasure_withdraw, name="erasure-withdraw"),
]
