"""All routes."""

from __future__ import annotations

import importlib.util

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver


def _pages(module: str, prefix: str = "") -> list[URLPattern | URLResolver]:
    try:
        if importlib.util.find_spec(module) is None:
            return []
    except ModuleNotFoundError:
        return []
    return [path(prefix, include(module))]


urlpatterns: list[URLPattern | URLResolver] = [
    *_pages("portal.pages_urls"),
    *_pages("core.urls"),
    *_pages("templates_mgmt.urls"),
    *_pages("comms.urls"),
    *_pages("investors.urls"),
    *_pages("audit.urls"),
    *_pages("portal.selfservice.urls"),
    *_pages("comms.webhook_urls", "api/v1/"),
    *_pages("core.api_urls", "api/v1/"),
    *_pages("investors.api_urls", "api/v1/"),
    *_pages("templates_mgmt.api_urls", "api/v1/"),
    *_pages("comms.api_urls", "api/v1/"),
    *_pages("audit.api_urls", "api/v1/"),
    path("console/", admin.site.urls),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
