"""From an incident to the notice for exactly those whom it hit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from comms.forms import show_refusal
from comms.rules import SENT
from comms.value_fields import initial_of
from core.errors import Conflict, InvalidInput
from core.pages import staff_page
from core.reviewed.views import given_by
from core.roles import Capability
from crisis.incidents.models import Incident
from crisis.statements import rules, selectors, services
from crisis.statements.forms import AffectedForm
from crisis.statements.lists import SHOWN, ListRead, read_list
from crisis.statements.views.common import choose, chosen_version
from investors.candidates import count_candidates
from investors.rules.audience import TOUCHED, Audience
from templates_mgmt.models import TemplateVersion
from templates_mgmt.selectors import approved_version


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Capability.NOTICES_PREPARE)
def incident_notice(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Choose a wording, then check whom the incident hit; the draft goes its usual way."""
    given = given_by(request)
    incident = selectors.incident_for(given["actor"], incident_id)
    version = chosen_version(request, given["actor"])
    if version is None:
        return choose(request, given["actor"], incident, "notice")
    form = _form(request, incident, version)
    read = ListRead()
    if request.method == "POST" and form.is_valid():
        try:
            read = _uploaded(form, given["actor"])
            if not read.problems:
                notice = services.make_statement(
                    incident_id=incident.pk, version_id=version.pk,
                    **_arguments(form, read), **given,
                )  # fmt: skip
                messages.success(
                    request, _("The draft was saved. Check the dry run, then submit it.")
                )
                return redirect("notice-detail", notice.pk)
            form.add_error("upload", _("Mend these rows and choose the file again."))
        except (InvalidInput, Conflict) as error:
            show_refusal(form, error)
    context = {
        "incident": incident,
        "version": version,
        "form": form,
        "problems": read.problems[:SHOWN],
        "more": max(len(read.problems) - SHOWN, 0),
        "rows": read.rows,
        **_reach(incident, version),
    }
    status = 422 if form.errors else 200
    return render(request, "crisis/statements/notice.html", context, status=status)


def _form(request: HttpRequest, incident: Incident, version: TemplateVersion) -> AffectedForm:
    variants = list(version.variants.all())
    written = {variant.channel for variant in variants}
    languages = {variant.language for variant in variants}
    placeholders = approved_version(version.pk).placeholders
    affected = selectors.affected_of(incident)
    values = rules.suggested(
        placeholders, since=timezone.localtime(incident.since), scope=incident.scope,
        languages=languages,
    )  # fmt: skip
    sent = [name.value for name in SENT if name.value in settings.CHANNEL_PROVIDERS]
    initial = {
        "title": f"{incident.code} {version.template.name}"[:200],
        "parallel": [name for name in sent if name in written],
        "reason": incident.title,
        **{f"hit_{name}": ", ".join(affected.get(name, [])) for name in TOUCHED},
        "hit_any": affected.get("hit") == "any",
        **initial_of(values),
    }
    return AffectedForm(
        request.POST or None, request.FILES or None, channels=sorted(written),
        placeholders=placeholders, written=languages, initial=initial,
    )  # fmt: skip


def _uploaded(form: AffectedForm, actor: Any) -> ListRead:
    upload = form.cleaned_data.get("upload")
    return read_list(upload.read(), actor) if upload else ListRead()


def _arguments(form: AffectedForm, read: ListRead) -> dict[str, Any]:
    given = form.arguments(read.ids)
    return given | {"affected": given.pop("audience")}


def _reach(incident: Incident, version: TemplateVersion) -> dict[str, Any]:
    """How many the suggested query finds now, and how many have nothing on record."""
    query = selectors.affected_of(incident)
    line = version.template.business_line
    found = count_candidates(Audience.from_json({**query, "line": line.code})) if query else None
    return {"suggested": found, "unsaid": selectors.unsaid(line.pk)}
