"""Routes of investor self-service and of the public pages."""

from __future__ import annotations

from django.urls import path

from portal.selfservice import public, views

urlpatterns = [
    path("me/", views.inbox, name="me-inbox"),
    path("me/sign-in/", views.sign_in, name="me-sign-in"),
    path("me/sign-in/code/", views.enter_code, name="me-code"),
    path("me/sign-out/", views.sign_out, name="me-sign-out"),
    path("me/messages/<uuid:delivery_id>/", views.message, name="me-message"),
    path("me/messages/<uuid:delivery_id>/acknowledge/", views.acknowledge, name="me-acknowledge"),
    path("me/preferences/", views.preferences, name="me-preferences"),
    path("me/consents/<str:purpose>/", views.consent, name="me-consent"),
    path("me/history/", views.history, name="me-history"),
    path("me/devices/<uuid:device_id>/remove/", views.device_remove, name="me-device-remove"),
    path("check/", public.check, name="check"),
    path("u/<str:token>/", public.unsubscribe, name="me-unsubscribe"),
]
