"""Parts of the editor: giving a reason for a finding, throwing away unsaved words."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import clock
from core.errors import InvalidInput
from core.pages import staff_page
from core.roles import Capability
from templates_mgmt.writing import services


@require_POST
@staff_page(Capability.TEMPLATES_DRAFT)
def finding_justify(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Say why a finding of the saved draft may stand."""
    try:
        services.justify(
            version_id=version_id,
            fingerprint=request.POST.get("fingerprint", ""),
            reason=request.POST.get("reason", ""),
            actor=request.actor,  # type: ignore[attr-defined]
            now=clock.now(),
        )
    except InvalidInput as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The reason is kept. Reviewers see it beside the finding."))
    return redirect("version-review", version_id)


@require_POST
@staff_page(Capability.TEMPLATES_DRAFT)
def unsaved_drop(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Throw away unsaved words of one's own."""
    try:
        session = UUID(request.POST.get("session", ""))
    except ValueError:
        raise InvalidInput(_("Say which words."), field="session") from None
    actor = request.actor  # type: ignore[attr-defined]
    if services.drop_words(version_id=version_id, session=session, actor=actor, now=clock.now()):
        messages.success(request, _("The unsaved words were thrown away."))
    return redirect("version-edit", version_id)
