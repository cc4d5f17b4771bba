"""What the services of templates share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from core.access import require, require_line
from core.actor import Actor
from core.errors import FourEyesViolation, NotFound
from core.roles import Capability
from templates_mgmt.models import TemplateVersion


def locked(version_id: UUID, actor: Actor, capability: Capability) -> TemplateVersion:
    """The version with its row locked, for an actor with `capability` in its business line."""
    require(actor, capability)
    # Locked without a join: PostgreSQL drops a row from a join when it waited for its lock and a
    # joined key (`edited_by`) changed meanwhile.
    version = find(TemplateVersion.objects.select_for_update().filter(pk=version_id))
    require_line(actor, version.template.business_line_id)
    return version


def find(versions: Any) -> TemplateVersion:
    version: TemplateVersion | None = versions.first()
    if version is None:
        raise NotFound(_("There is no such version."))
    return version


def person_of(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    return actor.user_id


def subjects_of(version: TemplateVersion) -> Subjects:
    return Subjects(template=version.template_id, version=version.pk)
