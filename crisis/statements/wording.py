"""The words of a statement from an approved version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from comms.values import in_language
from core.errors import InvalidInput
from crisis.statements.rules import TEXT_CHANNELS
from templates_mgmt.rendering import MissingValue, expand
from templates_mgmt.rules import Language, Source
from templates_mgmt.selectors import ApprovedVersion


def languages(version: ApprovedVersion) -> tuple[str, ...]:
    """The languages that a statement on this version has, in the house's order."""
    written = {language for channel, language in version.variants if channel in TEXT_CHANNELS}
    return tuple(language.value for language in Language if language.value in written)


def texts(version: ApprovedVersion, values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Title and body by language.

    Raises InvalidInput `version_id` for a version without such words, or with words that only
    an investor or a notice fills.
    """
    bound = [item.name for item in version.placeholders if item.source != Source.NOTICE]
    compiled = version.compiled()
    found = {}
    for language in languages(version):
        channel = next(name for name in TEXT_CHANNELS if (name, language) in version.variants)
        variant = compiled[channel, language]
        if taken := sorted(set(bound) & set(variant.names)):
            raise InvalidInput(
                _("This wording is for single investors: it needs %(names)s.")
                % {"names": ", ".join(taken)},
                code="personal",
                field="version_id",
            )
        given = in_language(values, language)
        try:
            made = variant.render(given)
        except MissingValue as missing:
            raise InvalidInput(
                _("These values are missing: %(names)s.") % {"names": str(missing)},
                code="missing_value",
                field=f"values.{missing}",
            ) from None
        title = made.subject or expand(str(version.facts.get(language, {}).get("title", "")), given)
        found[language] = {"title": title, "body": made.text}
    if not found:
        raise InvalidInput(
            _("This version has no words for inbox, e-mail or SMS."), field="version_id"
        )
    return found
