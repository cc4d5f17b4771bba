"""What links add to the pages of incidents, notices and alerts (R5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from audit import record_panels
from audit.models import Record
from comms import notice_panels
from comms.models import Notice
from core.actor import Actor
from core.roles import Capability
from crisis import panels
from crisis.incidents.models import Incident
from crisis.risks.forms import LinkForm
from crisis.risks.links.rules import End, Kind
from crisis.risks.links.selectors import is_alert, links_of


def of_incident(incident: Incident, actor: Actor, _now: dt.datetime) -> dict[str, Any] | None:
    """The links of an incident."""
    context = _context(actor, End(Kind.INCIDENT.value, incident.pk))
    return {"template": "crisis/risks/parts/links_panel.html", **context} if context else None


@notice_panels.register
def of_notice(request: HttpRequest, notice: Notice) -> SafeString:
    """The links of a notice."""
    return _rendered(request, End(Kind.NOTICE.value, notice.pk))


@record_panels.register
def of_alert(request: HttpRequest, record: Record) -> SafeString:
    """The links of a record that is an alert; nothing on others."""
    if not is_alert(record.action):
        return SafeString("")
    return _rendered(request, End(Kind.ALERT.value, record.pk))


def _rendered(request: HttpRequest, here: End) -> SafeString:
    context = _context(request.actor, here)  # type: ignore[attr-defined]
    if context is None:
        return SafeString("")
    return render_to_string("crisis/risks/parts/links.html", context, request=request)


def _context(actor: Actor, here: End) -> dict[str, Any] | None:
    """What the panel shows: nothing to who sees no risks, nor to who cannot add the first link."""
    if Capability.RISK_VIEW not in actor.capabilities:
        return None
    links = links_of(actor, here)
    may_edit = Capability.RISK_EDIT in actor.capabilities
    if not links and not may_edit:
        return None
    return {
        "here": here,
        "links": links,
        "link_form": LinkForm(auto_id="link_%s"),
        "may_edit": may_edit,
    }


panels.register("risk-links", 75, of_incident)
