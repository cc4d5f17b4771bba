"""Pages of the access review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from audit.access_review import labels, report, rules, selectors, services
from audit.access_review.models import AccessReview
from audit.retention.selectors import person_names
from audit.retention.views import actor_of
from core import clock
from core.access import require_step_up
from core.errors import InvalidInput
from core.pages import keyset_page, pages_of, staff_page
from core.roles import ROLE_LABELS, Role
from core.roles import Capability as C

SEE = (C.ACCESS_REVIEW, C.AUDIT_BROWSE)


class StatementForm(forms.Form):
    """What the signer states."""

    statement = forms.CharField(
        label=gettext_lazy("Statement"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_safe
@staff_page(*SEE)
def review_list(request: HttpRequest) -> HttpResponse:
    """All reviews, and whether one is missing."""
    page = keyset_page(selectors.reviews(), request.GET.get("cursor"))
    names = person_names([row.signed_by for row in page.items])
    context = {
        "rows": [(row, names.get(row.signed_by)) for row in page.items],  # type: ignore[arg-type]
        "due": selectors.is_due(clock.now()),
        "may_open": C.ACCESS_REVIEW in actor_of(request).capabilities,
        "open": any(row.state == "open" for row in page.items),
        **pages_of(request, page),
    }
    return render(request, "audit/access_review_list.html", context)


@require_POST
@staff_page(C.ACCESS_REVIEW)
def review_open(request: HttpRequest) -> HttpResponse:
    """Freeze a snapshot and find what stands out."""
    review = services.open_review(actor=actor_of(request), now=clock.now())
    return redirect("access-review", review_id=review.pk)


@require_safe
@staff_page(*SEE)
def review_detail(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """One review: people, findings, decisions, sign-off."""
    review = selectors.review_by_id(review_id)
    return render(request, "audit/access_review.html", review_context(request, review))


def review_context(request: HttpRequest, review: AccessReview) -> dict[str, Any]:
    """What the page of a review shows. A constant number of queries."""
    actor = actor_of(request)
    items = selectors.items_of(review)
    deciders = person_names([*(item.decided_by for item in items), review.signed_by])
    people = review.content["people"]
    names = {UUID(each["id"]): each["name"] for each in people}
    may = C.ACCESS_REVIEW in actor.capabilities and review.state == "open"
    left = sum(1 for item in items if not item.decision)
    took_part = actor.user_id in {item.decided_by for item in items}
    return {
        "review": review,
        "people": [_person(each) for each in people],
        "classes": list(labels.CLASSES.values()),
        "rows": [
            {
                "item": item,
                "person": names.get(item.person, str(item.person)),
                "finding": labels.FINDINGS.get(item.finding, item.finding),
                "why": labels.explanation(item.finding, item.detail),
                "decision": labels.DECISIONS.get(item.decision, ""),
                "decided_by": deciders.get(item.decided_by, "") if item.decided_by else "",
                "may_decide": may and item.person != actor.user_id,
            }
            for item in items
        ],
        "decisions": list(labels.DECISIONS.items()),
        "left": left,
        "signed_by": deciders.get(review.signed_by, "") if review.signed_by else "",
        "may_sign": may and not left and not took_part,
        "waits_for_other": may and not left and took_part,
        "form": StatementForm(),
    }


def _person(each: dict[str, Any]) -> dict[str, Any]:
    return {
        **each,
        "role_names": [str(ROLE_LABELS[Role(role)]) for role in each["roles"]],
        "counts": [(word, each["acts"][name]) for name, word in labels.CLASSES.items()],
    }


@require_POST
@staff_page(C.ACCESS_REVIEW)
def review_decide(request: HttpRequest, review_id: UUID, item_id: int) -> HttpResponse:
    """Decide on one finding."""
    try:
        decision = rules.Decision(request.POST.get("decision", ""))
    except ValueError:
        raise InvalidInput(_("Choose what to do."), field="decision") from None
    services.decide_item(
        item_id=item_id,
        decision=decision,
        reason=request.POST.get("reason", "")[:1000],
        actor=actor_of(request),
        now=clock.now(),
    )
    answer = redirect("access-review", review_id=review_id)
    answer["Location"] += f"#item-{item_id}"
    return answer


@require_POST
@staff_page(C.ACCESS_REVIEW)
def review_sign(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Sign a review off."""
    actor, now = actor_of(request), clock.now()
    require_step_up(actor, now)
    form = StatementForm(request.POST)
    statement = form.cleaned_data["statement"] if form.is_valid() else ""
    services.sign_review(review_id=review_id, statement=statement, actor=actor, now=now)
    messages.success(request, _("The review is signed off."))
    return redirect("access-review", review_id=review_id)


@require_POST
@staff_page(*SEE)
def review_report(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The review as PDF. Recorded."""
    review = selectors.review_by_id(review_id)
    services.note_download(review=review, actor=actor_of(request), now=clock.now())
    return HttpResponse(
        report.render(review),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="access-review-{review.pk}.pdf"'},
    )
