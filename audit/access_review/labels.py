"""Words for findings and decisions, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.access_review import rules
from audit.access_review.rules import Decision, Finding

FINDINGS: dict[str, str | Promise] = {
    Finding.RIGHTS.value: gettext_lazy("Rights still needed?"),
    Finding.UNUSED.value: gettext_lazy("Rights never used"),
    Finding.NIGHT.value: gettext_lazy("Use by night"),
    Finding.REVEALS.value: gettext_lazy("Many contacts revealed"),
    Finding.DORMANT.value: gettext_lazy("Dormant account"),
    Finding.OUTSIDE_LINE.value: gettext_lazy("Acts outside the business line"),
    Finding.SELF_GRANTED.value: gettext_lazy("Rights given to oneself"),
    Finding.KEY_UNUSED.value: gettext_lazy("API key not used"),
}
DECISIONS: dict[str, str | Promise] = {
    Decision.KEEP.value: gettext_lazy("Keep"),
    Decision.REMOVE.value: gettext_lazy("Remove"),
    Decision.EXPLAIN.value: gettext_lazy("Explained"),
}
CLASSES: dict[str, str | Promise] = {
    "reads": gettext_lazy("Reads"),
    "reveals": gettext_lazy("Reveals"),
    "searches": gettext_lazy("Searches"),
    "exports": gettext_lazy("Exports"),
    "sign_ins": gettext_lazy("Sign-ins"),
    "other": gettext_lazy("Other"),
}


def explanation(finding: str, detail: Mapping[str, Any]) -> str:
    """The rule behind a finding with its figures, in a sentence."""
    words = dict(detail)
    if finding == Finding.UNUSED:
        words["rights"] = ", ".join(detail.get("rights", []))
        return _("No record of using: %(rights)s.") % words
    if finding == Finding.NIGHT:
        words["least"] = rules.NIGHT_ACTS
        return _("%(acts)s acts between 22:00 and 06:00; %(least)s stand out.") % words
    if finding == Finding.REVEALS:
        words["least"] = rules.REVEALS
        return _("%(acts)s contact values revealed; %(least)s stand out.") % words
    if finding == Finding.DORMANT:
        return _("No sign-in for %(days)s days.") % words
    if finding == Finding.OUTSIDE_LINE:
        return _("%(acts)s acts on investors of lines that the person does not work in.") % words
    if finding == Finding.SELF_GRANTED:
        return _("%(acts)s changes of rights made by the person herself.") % words
    if finding == Finding.KEY_UNUSED:
        return _("The key “%(key)s” was not used for %(days)s days.") % words
    return ""
