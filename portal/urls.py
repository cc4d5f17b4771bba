"""All routes."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.pages_urls")),
    path("", include("core.urls")),
    path("", include("templates_mgmt.urls")),
    path("", include("crisis.urls")),
    path("", include("comms.urls")),
    path("", include("investors.urls")),
    path("", include("audit.urls")),
    path("", include("portal.selfservice.urls")),
    path("api/v1/", include("comms.webhook_urls")),
    path("api/v1/", include("core.api_urls")),
    path("api/v1/", include("investors.api_urls")),
    path("api/v1/", include("templates_mgmt.api_urls")),
    path("api/v1/", include("crisis.api_urls")),
    path("api/v1/", include("comms.api_urls")),
    path("api/v1/", include("audit.api_urls")),
    path("console/", admin.site.urls),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
