"""Sign-in helpers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def lockout_response(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """What django-axes answers to a locked-out attempt."""
    return render(request, "locked_out.html", status=429)
