"""What the pages of all reviewed versions do alike: save, save and submit, decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.forms import add_error
from core.reviewed.forms import DecisionForm, WordsForm
from core.reviewed.models import ReviewedVersion
from core.reviewed.rules import State

Service = Callable[..., Any]


def given_by(request: HttpRequest) -> dict[str, Any]:
    """`actor` and `now`, as every service takes them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return {"actor": actor, "now": clock.now()}


def may_decide(request: HttpRequest, version: ReviewedVersion, *, may_keep: bool) -> bool:
    """Whether the reader could decide about `version`: in review, and she had no hand in it."""
    person = given_by(request)["actor"].user_id
    return version.state == State.IN_REVIEW and may_keep and person not in version.contributors


def started(
    request: HttpRequest, form: forms.Form, create: Service, *, edit: str, template: str
) -> HttpResponse:
    """The page of a new thing: makes it with its first draft, whose `edit` page follows."""
    if request.method == "POST" and form.is_valid():
        try:
            version = create(**form.cleaned_data, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            return redirect(edit, version.pk)
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def edited(
    request: HttpRequest,
    version: ReviewedVersion,
    form: WordsForm,
    *,
    save: Service,
    submit: Service,
    page: str,
    template: str,
) -> HttpResponse:
    """The page of a draft's words: saves them, submits them when asked to, then shows `page`."""
    if request.method == "POST" and form.is_valid():
        given = {"version_id": version.pk, **given_by(request)}
        if _saved(form, save, submit if request.POST.get("then") == "submit" else None, given):
            messages.success(request, _("Saved."))
            return redirect(page, version.pk)
    context = {"version": version, "form": form, "editable": version.state == State.DRAFT}
    return render(request, template, context, status=422 if form.errors else 200)


def _saved(form: WordsForm, save: Service, submit: Service | None, given: dict[str, Any]) -> bool:
    """False when a service refused, which the form then says. Words that were saved before the
    submission failed stay saved."""
    try:
        version = save(**form.words(), **given)
        form.data = {**form.data.dict(), "revision": version.revision}  # type: ignore[attr-defined]
        if submit is not None:
            submit(**given)
    except InvalidInput as error:
        add_error(form, error)
    except Conflict as error:
        form.add_error(None, str(error))
    else:
        return True
    return False


def decided(
    request: HttpRequest,
    *,
    version_id: UUID,
    approve: Service,
    give_back: Service,
    page: str,
    again: Callable[[DecisionForm], HttpResponse],
) -> HttpResponse:
    """Approve what was shown, or return it; `again` shows the page with what was refused."""
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            if form.verb(request) == "approve":
                shown = form.cleaned_data["shown_hash"]
                approve(version_id=version_id, shown_hash=shown, **given_by(request))
            else:
                reason = form.cleaned_data["reason"]
                give_back(version_id=version_id, reason=reason, **given_by(request))
        except InvalidInput as error:
            add_error(form, error)
        else:
            messages.success(request, _("Decided."))
            return redirect(page, version_id)
    return again(form)
