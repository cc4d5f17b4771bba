"""Example templates in Simplified Chinese and English, ready to be adapted and reviewed.

Each YAML file beside this one holds a template in the form of `templates_mgmt.files`.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotFound
from templates_mgmt import services
from templates_mgmt.files.document import Document, load
from templates_mgmt.files.service import draft_of
from templates_mgmt.models import TemplateVersion

DIRECTORY = Path(__file__).resolve().parent


def slugs() -> list[str]:
    """The names of the examples."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yaml"))


@cache
def read_example(slug: str) -> Document:
    """One example; raises NotFound for an unknown name."""
    if slug not in slugs():
        raise NotFound(
            _("There is no example “%(slug)s”.") % {"slug": slug}, details={"known": slugs()}
        )
    return load((DIRECTORY / f"{slug}.yaml").read_bytes())


@transaction.atomic
def load_library_template(*, slug: str, line_id: UUID, actor: Actor, now: dt.datetime) -> UUID:
    """Make a template from the example `slug`; returns the id of its first version, a draft.

    When the business line has a template of that code already, nothing is written and the id
    of its first version is returned.
    """
    document = read_example(slug)
    known = TemplateVersion.objects.filter(
        template__code=document.content.code, template__business_line=line_id, number=1
    ).first()
    if known is not None:
        return known.pk
    version = services.create_template(
        code=document.content.code,
        name=document.name,
        category=document.content.category,
        topic_code=document.content.topic,
        line_id=line_id,
        actor=actor,
        now=now,
    )
    services.save_draft(version_id=version.pk, actor=actor, now=now, **draft_of(document))
    return version.pk
