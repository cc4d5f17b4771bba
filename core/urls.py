"""Routes of sign-in and of one's own account."""

from __future__ import annotations

from django.urls import path

from core import views
from core.lists.urls import urlpatterns as lists

urlpatterns = [
    *lists,
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/code/", views.sign_in_otp, name="sign-in-otp"),
    path("sign-in/set-up/", views.enrol, name="enrol"),
    path("step-up/", views.step_up, name="step-up"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.set_language, name="set-language"),
    path("account/", views.account, name="account"),
    path("account/email/", views.account_email, name="account-email"),
    path("account/locale/", views.account_locale, name="account-locale"),
    path("account/password/", views.account_password, name="account-password"),
    path("account/recovery-codes/", views.recovery_codes, name="recovery-codes"),
    path("account/devices/<int:device_id>/remove/", views.device_remove, name="device-remove"),
    path("account/keys/<uuid:key_id>/revoke/", views.key_revoke, name="key-revoke"),
]
