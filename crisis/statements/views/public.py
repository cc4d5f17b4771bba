"""The public status page and its feed: approved statements alone, nobody's data, no cookies."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import clock
from crisis.statements import selectors

MAX_AGE = 30  # seconds


@require_safe
def status(request: HttpRequest) -> HttpResponseBase:
    """What goes on now, and what was over in the last 30 days."""
    return _answer(request, _page, "text/html; charset=utf-8")


@require_safe
def status_feed(request: HttpRequest) -> HttpResponseBase:
    """The newest statements as Atom (RFC 4287)."""
    return _answer(request, _feed, "application/atom+xml; charset=utf-8")


def _answer(request: HttpRequest, make: Callable[[str], str], kind: str) -> HttpResponseBase:
    language = _language(request)
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        body = make(language).encode()
    response = HttpResponse(body, content_type=kind)
    response["Content-Language"] = language
    response["ETag"] = quote_etag(sha256(body).hexdigest()[:32])
    patch_cache_control(response, public=True, max_age=MAX_AGE)
    found = get_conditional_response(request, etag=response["ETag"], response=response)
    return found if found is not None else response


def _language(request: HttpRequest) -> str:
    """The one that the address names, else what the browser asks for."""
    asked = request.GET.get("lang", "")
    known = dict(settings.LANGUAGES)
    return asked if asked in known else translation.get_language_from_request(request)


def _page(language: str) -> str:
    shown = selectors.public_incidents(clock.now())
    context = {
        "going": [each for each in shown if not each.over],
        "over": [each for each in shown if each.over],
        "languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
        "language": language,
    }
    return render_to_string("crisis/statements/status.html", context)


def _feed(language: str) -> str:
    home = f"{settings.PUBLIC_URL}{reverse('status')}?lang={language}"
    feed = Atom1Feed(
        title=_("Status of our services"),
        link=home,
        description="",
        language=language,
        feed_url=f"{settings.PUBLIC_URL}{reverse('status-feed')}?lang={language}",
        feed_guid=f"{settings.PUBLIC_URL}{reverse('status')}",
    )
    for statement in selectors.public_statements():
        text = statement.text
        feed.add_item(
            title=f"{text['title']} ({statement.get_phase_display()})",
            link=f"{home}#s-{statement.pk}",
            description=text["body"],
            unique_id=f"urn:uuid:{statement.pk}",
            pubdate=statement.published_at,
            updateddate=statement.published_at,
        )
    return feed.writeString("utf-8")
