"""Pages of a signed-in investor, and the way in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comms.services import receipts
from core import clock
from core.errors import InvalidInput, VouchsafeError
from core.forms import add_error
from core.middleware import address_of
from core.pages import safe_path
from investors.rules import METHODS, PURPOSES
from investors.selectors import preference_matrix
from portal.selfservice import choices, selectors, sessions, signin
from portal.selfservice.forms import CodeAndRefForm, CodeForm, ContactForm
from portal.selfservice.sessions import me_page

WAITING_KEY = "me_waiting"
NEXT_KEY = "me_next"
ACTIONS = {"give": choices.give, "withdraw": choices.withdraw}

_form = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@_form
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a one-time code. The answer is the same whether anybody has that contact."""
    form = ContactForm(request.POST or None)
    status = 200
    if "next" in request.GET:
        request.session[NEXT_KEY] = safe_path(request, request.GET["next"], fallback="/me/")
    if request.method == "POST" and form.is_valid():
        try:
            code_id = signin.request_code(
                typed=form.cleaned_data["contact"], ip=address_of(request), now=clock.now()
            )
        except VouchsafeError as error:
            add_error(form, error)
            status = error.status
        else:
            request.session[WAITING_KEY] = str(code_id)
            return redirect("me-code")
    return render(request, "me/sign_in.html", {"form": form}, status=status)


@never_cache
@_form
def enter_code(request: HttpRequest) -> HttpResponse:
    """Type the code."""
    waiting = request.session.get(WAITING_KEY)
    if waiting is None:
        return redirect("me-sign-in")
    form_class = CodeAndRefForm if "ref" in request.POST else CodeForm
    form: Any = form_class(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            return _enter(request, UUID(waiting), form.cleaned_data)
        except InvalidInput as error:
            if error.code == "which_account" and not isinstance(form, CodeAndRefForm):
                form = CodeAndRefForm(request.POST | {"ref": ""})
                form.errors.clear()
            add_error(form, error)
            status = error.status
        except VouchsafeError as error:
            add_error(form, error)
            status = error.status
    return render(request, "me/code.html", {"form": form}, status=status)


def _enter(request: HttpRequest, code_id: UUID, data: dict[str, Any]) -> HttpResponse:
    now = clock.now()
    investor = signin.verify_code(
        code_id=code_id,
        typed=data["code"],
        ref=data.get("ref", ""),
        ip=address_of(request),
        now=now,
    )
    target = request.session.pop(NEXT_KEY, None) or reverse("me-inbox")
    del request.session[WAITING_KEY]
    response = redirect(target)
    sessions.start(request, response, investor=investor, now=now)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    sessions.end(request, now=clock.now())
    messages.success(request, _("You are signed out."))
    return redirect("me-sign-in")


@me_page
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The investor's messages, newest first."""
    page, letters = selectors.inbox(request.investor, request.GET.get("cursor"))  # type: ignore[attr-defined]
    return render(request, "me/inbox.html", {"page": page, "letters": letters, "here": "inbox"})


@me_page
@require_safe
def message(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Read one message. HEAD (scanners) leaves no trace of reading."""
    letter = selectors.letter(request.investor, delivery_id)  # type: ignore[attr-defined]
    if request.method == "GET":
        receipts.record_view(delivery_id=delivery_id, actor=request.me, now=clock.now())  # type: ignore[attr-defined]
    return render(request, "me/message.html", {"letter": letter, "here": "inbox"})


@me_page
@require_POST
def acknowledge(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Confirm that the message was read and understood."""
    receipts.acknowledge(delivery_id=delivery_id, actor=request.me, now=clock.now())  # type: ignore[attr-defined]
    messages.success(request, _("Thank you. Your acknowledgement was recorded."))
    return redirect("me-message", delivery_id)


@me_page
@_form
def preferences(request: HttpRequest) -> HttpResponse:
    """Topics by channel, consents and devices."""
    investor = request.investor  # type: ignore[attr-defined]
    if request.method == "POST":
        wanted = frozenset(request.POST.getlist("wanted"))
        changed = choices.set_wishes(
            investor=investor,
            wanted=wanted,
            actor=request.me,  # type: ignore[attr-defined]
            now=clock.now(),
        )
        messages.success(request, _("Saved.") if changed else _("Nothing had changed."))
        return redirect("me-preferences")
    context = {
        "topics": preference_matrix(investor.pk),
        "consents": selectors.consents(investor),
        "devices": investor.devices.filter(removed_at=None),
        "this_device": request.session[sessions.KEY]["device"],
        "here": "preferences",
    }
    return render(request, "me/preferences.html", context)


@me_page
@require_POST
def consent(request: HttpRequest, purpose: str) -> HttpResponse:
    """Give or withdraw consent for one purpose: one button each, equally near."""
    act = ACTIONS.get(request.POST.get("action", ""))
    if act is None:
        raise InvalidInput(_("Choose to give or to withdraw."), field="action")
    given = {"shown": _shown(request)} if act is choices.give else {}
    act(purpose=purpose, actor=request.me, now=clock.now(), **given)  # type: ignore[attr-defined]
    messages.success(request, _("Recorded."))
    return redirect("me-preferences")


def _shown(request: HttpRequest) -> UUID | None:
    """The consent text that the page showed, if it showed one."""
    try:
        return UUID(request.POST["shown"]) if "shown" in request.POST else None
    except ValueError:
        raise InvalidInput(_("That is no consent text."), field="shown") from None


@me_page(fresh=True)
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The investor's own acts of consent; asks for a recent sign-in."""
    page = choices.read_history(
        investor=request.investor,  # type: ignore[attr-defined]
        cursor=request.GET.get("cursor"),
        actor=request.me,  # type: ignore[attr-defined]
        now=clock.now(),
    )
    context = {"page": page, "purposes": PURPOSES, "methods": METHODS, "here": "history"}
    return render(request, "me/history.html", context)


@me_page
@require_POST
def device_remove(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """End the session of one of the investor's devices."""
    sessions.remove_device(device_id=device_id, actor=request.me, now=clock.now())  # type: ignore[attr-defined]
    messages.success(request, _("The device was removed; its session has ended."))
    return redirect("me-preferences")
