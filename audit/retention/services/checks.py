"""What the services of retention share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from audit.services import sealed_by_reader
from core.actor import Actor
from core.errors import FourEyesViolation, InvalidInput


def person(actor: Actor) -> UUID:
    """The person who answers for the act; raises FourEyesViolation for a program."""
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    return actor.user_id


def required(text: str, field: str) -> str:
    """`text` without the space around it; raises InvalidInput when nothing is left."""
    stripped = text.strip()
    if not stripped:
        raise InvalidInput(_("This field is required."), field=field)
    return stripped


def note(
    action: str,
    object: str,
    *,
    actor: Actor,
    now: dt.datetime,
    subjects: Subjects | None = None,
    payload: Mapping[str, Any] | None = None,
    text: str = "",
) -> None:
    """One record about `object` in the caller's transaction. `text` is what a person typed: it
    may be personal, so it is sealed under that person's key."""
    about = subjects or Subjects()
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=about._replace(object=object, staff=about.staff or actor.user_id),
        payload=payload,
        sealed=sealed_by_reader(text, actor=actor, now=now),
    )
