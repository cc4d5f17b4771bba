"""What the pages of templates share."""

from __future__ import annotations

from django.http import HttpRequest
from django.views.decorators.http import require_http_methods

from core.actor import Actor
from core.pages import staff_page
from core.roles import Capability

form_page = require_http_methods(["GET", "HEAD", "POST"])
see = staff_page(Capability.TEMPLATES_VIEW)
draft = staff_page(Capability.TEMPLATES_DRAFT)
keep = staff_page(Capability.TEMPLATES_REVIEW)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


def may_keep(request: HttpRequest) -> bool:
    """Whether the reader keeps word lists, clauses and plans."""
    return Capability.TEMPLATES_REVIEW in actor_of(request).capabilities
