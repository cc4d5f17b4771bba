"""What the console's pages stand on. Rights are capabilities, never Django's permissions, so
being a superuser opens nothing here either."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from core.actor import Actor
from core.roles import Capability


class Rights(admin.options.BaseModelAdmin):
    """Holders of `capability` may view, add and change, and nobody may delete: what was used is
    part of the evidence."""

    capability: Capability = Capability.SETTINGS_MANAGE

    def _holds(self, request: HttpRequest) -> bool:
        actor: Actor | None = getattr(request, "actor", None)
        return actor is not None and self.capability in actor.capabilities

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the actor may look."""
        return self._holds(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the actor may add."""
        return self._holds(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the actor may change."""
        return self._holds(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ReadOnly(Rights):
    """Regulated records: the console shows them and changes nothing (P4)."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ConsoleAdmin(Rights, admin.ModelAdmin):
    """A model in the console. Subclasses save through services: `save_model` must not call the
    one of Django."""

    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the model shows in the console."""
        return self._holds(request)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, *args: Any) -> HttpResponse:
        raise Http404


class ReadOnlyAdmin(ReadOnly, ConsoleAdmin):
    """A model that the console only shows."""


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """Rows of such a model on another one's page."""


def actor_of(request: HttpRequest) -> Actor:
    """The administrator; the console lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def show_once(request: HttpRequest, *, what: str, secret: str, back: str) -> HttpResponse:
    """A page with a secret that cannot be shown again."""
    context = {"what": what, "secret": secret, "next": back}
    response = render(request, "core/shown_once.html", context)
    response["Cache-Control"] = "no-store"
    return response
