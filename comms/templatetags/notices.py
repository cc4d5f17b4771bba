"""Tags of the pages of notices."""

from __future__ import annotations

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from comms.page_selectors.people import Person

register = template.Library()


@register.simple_tag
def person(shown: Person | None) -> SafeString:
    """An investor in a list: masked number and name, linked for those who may see investors, or
    the beginning of the pseudonym."""
    if shown is None:
        return SafeString("–")
    short = format_html("<code>{}</code>", str(shown.id)[:8])
    if not shown.linked:
        return short
    words, below = (_("erased"), short) if shown.erased else (shown.ref, shown.name)
    try:
        url = reverse("investor-detail", args=[shown.id])
    except NoReverseMatch:
        return format_html('<span>{}</span><span class="sub">{}</span>', words, below)
    return format_html('<a href="{}">{}</a><span class="sub">{}</span>', url, words, below)
