"""Pages that need no sign-in: is a message ours (D15), and the way out of e-mail (D16)."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from comms.services import optout
from core import clock
from core.errors import InvalidInput, RateLimited
from core.forms import add_error
from core.middleware import address_of
from core.throttle import Limit
from portal.selfservice import selectors
from portal.selfservice.forms import CheckForm

CHECKS_PER_ADDRESS = Limit("check.address", 20, dt.timedelta(minutes=10))
OPTOUTS_PER_ADDRESS = Limit("optout.address", 60, dt.timedelta(minutes=10))
ONE_CLICK = "One-Click"

_form = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@_form
def check(request: HttpRequest) -> HttpResponse:
    """Is this message really ours? Says yes or no and when; shows nothing personal."""
    form = CheckForm(request.POST or None)
    result, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            CHECKS_PER_ADDRESS.hit(address_of(request), now=clock.now())
        except RateLimited as error:
            add_error(form, error)
            status = error.status
        else:
            result = selectors.check(form.cleaned_data["code"])
    return render(request, "me/check.html", {"form": form, "result": result}, status=status)


@csrf_exempt  # RFC 8058: mail systems post here; the token in the address is the authority
@never_cache
@_form
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The way out of an e-mail. Opening the page changes nothing; only POST does.

    A mail system posts `List-Unsubscribe=One-Click` and leaves the topic; a person may leave
    the topic or the whole channel. A mandatory topic answers 409 and names its rule.
    """
    now, ip = clock.now(), address_of(request)
    OPTOUTS_PER_ADDRESS.hit(ip, now=now)
    if request.method != "POST":
        return _page(request, optout.way_out(token), done="")
    scope = request.POST.get("scope", "")
    if request.POST.get("List-Unsubscribe") == ONE_CLICK or scope == "topic":
        return _page(request, optout.leave_topic(token=token, now=now, ip=ip), done="topic")
    if scope == "channel":
        return _page(request, optout.leave_channel(token=token, now=now, ip=ip), done="channel")
    raise InvalidInput("List-Unsubscribe=One-Click", field="List-Unsubscribe")


def _page(request: HttpRequest, way: optout.WayOut, *, done: str) -> HttpResponse:
    return render(request, "me/unsubscribe.html", {"way": way, "done": done})
