"""The page of an object as it stood."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core import clock
from core.actor import Actor
from core.errors import NotFound
from core.pages import staff_page
from core.roles import Capability
from portal.history import services
from portal.history.snapshots import KINDS


class InstantForm(forms.Form):
    """The instant, in the reader's time zone."""

    at = forms.DateTimeField(
        label=_("As it stood at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "0.001"}),
    )


@require_safe
@staff_page(*sorted({kind.capability for kind in KINDS.values()}))
def object_as_of(request: HttpRequest, kind: str, object_id: UUID) -> HttpResponse:
    """One object as it stood at `at` (now, when the form is empty), beside today."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if kind not in KINDS:
        raise NotFound(_("There is no such object."))
    now = clock.now()
    form = InstantForm(request.GET or None)
    at = _instant(form, now)
    stood = services.view_as_of(
        kind=kind, object_id=object_id, at=min(at, now), actor=actor, now=now
    )
    if at > now:
        form.add_error("at", _("Choose an instant that has passed. This is how it stands now."))
    context = {
        "stood": stood,
        "kind": kind,
        "object_id": object_id,
        "form": form if form.errors else InstantForm(initial={"at": _typed(at)}),
        "may_audit": Capability.AUDIT_BROWSE in actor.capabilities,
    }
    return render(request, "history/as_of.html", context)


def _instant(form: InstantForm, now: dt.datetime) -> dt.datetime:
    """What was chosen; now where nothing readable was."""
    if not form.is_bound or not form.is_valid():
        return now
    chosen: dt.datetime | None = form.cleaned_data["at"]
    return chosen or now


def _typed(at: dt.datetime) -> str:
    """`at` as the form's field takes it: to the millisecond, rounded up, so that what happened at
    that instant has happened."""
    local = timezone.localtime(at + dt.timedelta(microseconds=999))
    return local.replace(tzinfo=None).isoformat(timespec="milliseconds")
