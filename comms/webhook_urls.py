"""Where providers post, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from comms import webhooks

urlpatterns = [
    path("webhooks/<slug:provider>/", webhooks.WebhookView.as_view(), name="webhook"),
]
