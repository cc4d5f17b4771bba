"""The console: Django's admin behind our own sign-in, for administrators only (P4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from core import pages, views
from core.actor import Actor
from core.errors import Forbidden
from core.roles import Capability

ENTRY = (Capability.USERS_MANAGE, Capability.SETTINGS_MANAGE)
OUR_APPS = {"core", "audit", "investors", "templates_mgmt", "comms", "crisis", "supervision",
            "portal"}  # fmt: skip


class Console(AdminSite):
    """Opens to a session with a confirmed second factor and an administrator's capability.

    Being staff or superuser in Django's sense means nothing. Models of other packages (devices
    with their secrets, groups, sessions) are never shown, whatever those packages register.
    """

    site_title = _("Vouchsafe console")
    site_header = _("Vouchsafe console")
    index_title = _("Settings")
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Register models of this product; others are left out."""
        models = (
            [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        )
        ours = [model for model in models if model._meta.app_label in OUR_APPS]  # type: ignore[union-attr]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the actor is an administrator with a confirmed second factor."""
        actor: Actor | None = getattr(request, "actor", None)
        return actor is not None and not actor.capabilities.isdisjoint(ENTRY)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Visitors go to our sign-in; staff without the capability are refused."""
        if self.has_permission(request):
            return redirect("admin:index")
        if getattr(request, "actor", None) is None:
            return pages.to_sign_in(request)
        raise Forbidden(_("The console is for administrators."))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Our own sign-out."""
        return views.sign_out(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Passwords change on the account page, with step-up."""
        return redirect("account")

    password_change_done = password_change  # type: ignore[assignment]
