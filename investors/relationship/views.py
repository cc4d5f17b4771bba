"""The page that ends an investor's relationship, or takes it up again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import Conflict
from core.forms import add_error
from core.pages import staff_page
from core.roles import Capability
from investors import selectors
from investors.models import Investor
from investors.relationship.forms import RelationshipForm
from investors.relationship.services import end_relationship, resume_relationship
from investors.services import view_investor
from investors.views import actor_of


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Capability.INVESTORS_EDIT)
def relationship(request: HttpRequest, investor_id: UUID) -> HttpResponse:
    """End an active relationship, or resume a closed one, for a reason. The look is recorded."""
    actor, now = actor_of(request), clock.now()
    investor = view_investor(investor_id=investor_id, actor=actor, now=now)
    closed = investor.status == Investor.Status.CLOSED
    form = RelationshipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = resume_relationship if request.POST.get("act") == "resume" else end_relationship
        try:
            act(investor_id=investor_id, actor=actor, now=now, **form.cleaned_data)
        except Conflict as error:
            add_error(form, error)
        else:
            messages.success(request, _("Done; it is recorded with your reason."))
            return redirect("investor-detail", investor_id=investor_id)
    context = {
        "investor": investor,
        "profile": selectors.masked_profiles([investor_id]).get(investor_id),
        "closed": closed,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "investors/relationship/edit.html", context, status=status)
