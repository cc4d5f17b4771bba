"""Example templates in Simplified Chinese and English, ready to be adapted and reviewed.

Each JSON file beside this one holds a template; `body` is a list of lines.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.errors import NotFound
from templates_mgmt import services
from templates_mgmt.models import TemplateVersion

DIRECTORY = Path(__file__).resolve().parent


def slugs() -> list[str]:
    """The names of the examples."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


def read_library_template(slug: str) -> dict[str, Any]:
    """An example as the arguments of `create_template` and `save_draft`, with its variants in a
    flat list; raises NotFound for an unknown name."""
    if slug not in slugs():
        raise NotFound(
            _("There is no example “%(slug)s”.") % {"slug": slug}, details={"known": slugs()}
        )
    data: dict[str, Any] = json.loads((DIRECTORY / f"{slug}.json").read_text(encoding="utf-8"))
    data["variants"] = [
        {
            "channel": channel,
            "language": language,
            "subject": text.get("subject", ""),
            "body": "\n".join(text["body"]),
        }
        for channel, languages in data["variants"].items()
        for language, text in languages.items()
    ]
    return data


@transaction.atomic
def load_library_template(*, slug: str, line_id: UUID, actor: Actor, now: dt.datetime) -> UUID:
    """Make a template from the example `slug`; returns the id of its first version, a draft.

    When the business line has a template of that code already, nothing is written and the id
    of its first version is returned.
    """
    data = read_library_template(slug)
    known = TemplateVersion.objects.filter(
        template__code=data["code"], template__business_line=line_id, number=1
    ).first()
    if known is not None:
        return known.pk
    version = services.create_template(
        code=data["code"],
        name=data["name"],
        category=data["category"],
        topic_code=data["topic_code"],
        line_id=line_id,
        actor=actor,
        now=now,
    )
    services.save_draft(
        version_id=version.pk,
        facts=data["facts"],
        placeholders=data["placeholders"],
        variants=data["variants"],
        actor=actor,
        now=now,
    )
    return version.pk
