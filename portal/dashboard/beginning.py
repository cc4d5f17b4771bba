"""Where somebody begins in an empty installation."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability as C
from portal.dashboard.tasks import address


def first_steps(actor: Actor) -> list[Mapping[str, object]]:
    """What somebody with these capabilities does first in an empty installation."""
    steps = (
        (C.TEMPLATES_DRAFT, "plus", _("Draft a template"), "template-new"),
        (C.INVESTORS_IMPORT, "upload", _("Import investors"), "import-new"),
        (C.NOTICES_PREPARE, "notice", _("Prepare a notice"), "notice-new"),
        (C.AUDIT_BROWSE, "audit", _("Browse the audit history"), "audit-list"),
        (C.EXPORTS_CREATE, "export", _("Make an export for a regulator"), "export-new"),
    )
    return [
        {"icon": icon, "label": label, "url": url}
        for capability, icon, label, route in steps
        if capability in actor.capabilities and (url := address(route))
    ]
