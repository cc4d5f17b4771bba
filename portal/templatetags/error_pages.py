"""What an error page says beyond the message: the details in words, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import VouchsafeError

register = template.Library()

ADVICE: dict[str, str | Promise] = {
    "four_eyes": _("Ask a colleague with the right role to do this step; it is waiting for them."),
    "step_up_required": _("Confirm your second factor, then do the step once more."),
    "forbidden": _("If you need this for your work, ask your administrator for the role."),
    "not_found": _("Check the address, or look for it with the search at the top."),
    "illegal_transition": _(
        "Somebody may have moved it on meanwhile. Reload the page to see how it stands now."
    ),
    "conflict": _("It changed meanwhile. Reload the page, check the new content and decide again."),
    "rate_limited": _("Wait a little, then try again."),
    "misconfigured": _("Tell your administrator; the details above name what is missing."),
}
DEFAULT = _("Go back, correct what is named above and send it again.")

NAMES: dict[str, str | Promise] = {
    "capability": _("needed right"),
    "from": _("state now"),
    "to": _("state asked for"),
    "line": _("line"),
    "row": _("row"),
    "column": _("column"),
    "byte": _("byte"),
    "field": _("field"),
    "retry_after": _("seconds to wait"),
    "investors": _("investors"),
    "placeholders": _("placeholders"),
}


@register.simple_tag
def error_advice(error: VouchsafeError) -> str | Promise:
    """The next step after `error`, by its code and then by its family."""
    for code in (error.code, *(base.__dict__.get("code", "") for base in type(error).__mro__)):
        if code in ADVICE:
            return ADVICE[code]
    return DEFAULT


@register.inclusion_tag("ui/error_details.html")
def error_details(error: VouchsafeError) -> dict[str, Any]:
    """`error.field` and `error.details` as rows: (name, value, whether it is a list)."""
    facts: dict[str, Any] = {"field": error.field} if error.field else {}
    facts |= error.details
    return {"rows": [(NAMES.get(name, name), *_value(value)) for name, value in facts.items()]}


def _value(value: Any) -> tuple[Any, bool]:
    if isinstance(value, Mapping):
        return [f"{name}: {item}" for name, item in value.items()], True
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value), True
    return value, False
