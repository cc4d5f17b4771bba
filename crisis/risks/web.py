"""What the pages of risks do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise

from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.forms import add_error
from core.reviewed.views import given_by
from core.roles import Capability

SEE = (Capability.RISK_VIEW,)
EDIT = (Capability.RISK_EDIT,)
APPROVE = (Capability.RISK_APPROVE,)
WORK = (Capability.RISK_EDIT, Capability.RISK_APPROVE)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff; `staff_page` lets nobody else through."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def rights_of(actor: Actor) -> dict[str, bool]:
    """What the reader may do, for templates."""
    return {
        "may_edit": Capability.RISK_EDIT in actor.capabilities,
        "may_approve": Capability.RISK_APPROVE in actor.capabilities,
    }


def done(
    request: HttpRequest,
    form: forms.Form,
    service: Callable[..., Any],
    said: str | Promise,
    **given: Any,
) -> Any:
    """Call `service` with what was typed; what it made, or None when it refused, which the form
    then says beside the field."""
    if not form.is_valid():
        return None
    typed = {
        name: value.pk if isinstance(value, Model) else value
        for name, value in form.cleaned_data.items()
    }
    try:
        made = service(**{**typed, **given}, **given_by(request))
    except (InvalidInput, Conflict, NotFound) as error:
        add_error(form, error)
        return None
    messages.success(request, str(said))
    return made
