"""Saving and removing a view of a list: one's own bookmarks. Filters that can name a person (a
telephone number that was searched for) are never kept."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core import journal
from core.actor import Actor
from core.errors import FourEyesViolation, InvalidInput, NotFound
from core.lists.models import SavedView
from core.texts import clean_text

# The lists, and the filters of each that may be kept: those with closed choices.
LISTS: Final = {
    "investor-list": frozenset({"line", "language", "risk", "reach"}),
    "notice-list": frozenset({"state", "criticality", "line", "template"}),
    "notice-deliveries": frozenset({"channel", "state"}),
    "template-list": frozenset({"state", "category", "line"}),
}
MOST: Final = 20
"""Views of one list that a person may have."""


def kept_query(list_name: str, query: str) -> str:
    """The part of a query string that a view keeps, in one order."""
    allowed = LISTS.get(list_name, frozenset())
    return urlencode(sorted({k: v for k, v in parse_qsl(query) if k in allowed and v}.items()))


@transaction.atomic
def save_view(
    *, list_name: str, name: str, query: str, actor: Actor, now: dt.datetime
) -> SavedView:
    """Keep the filters in `query` under `name`. Raises InvalidInput for a name that is missing,
    too long or taken, when no filter is left to keep, or at the twentieth view."""
    owner = _person(actor)
    if list_name not in LISTS:
        raise NotFound(_("There is no such list."))
    name = clean_text(name, field="name", limit=60)
    if not name:
        raise InvalidInput(_("Give the view a name."), code="required", field="name")
    kept = kept_query(list_name, query)
    if not kept:
        raise InvalidInput(
            _("Choose a filter first. A text that was searched for is not kept."), code="no_filter"
        )
    if len(kept) > 1000:
        raise InvalidInput(_("These filters are too long to keep."), code="too_long")
    views = SavedView.objects.filter(owner=owner, list_name=list_name)
    if views.count() >= MOST:
        raise InvalidInput(
            _("%(most)s views are the most; remove one first.") % {"most": MOST}, code="too_many"
        )
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                owner_id=owner, list_name=list_name, name=name, query=kept, saved_at=now
            )
    except IntegrityError:
        raise InvalidInput(
            _("You have a view “%(name)s” already.") % {"name": name}, code="taken", field="name"
        ) from None
    journal.write(
        action="view.saved",
        actor=actor,
        now=now,
        staff=owner,
        object=f"view:{view.pk}",
        payload={"list": list_name, "query": kept},
    )
    return view


@transaction.atomic
def remove_view(*, view_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Remove one's own view; NotFound for another person's."""
    view = SavedView.objects.filter(pk=view_id, owner=_person(actor)).first()
    if view is None:
        raise NotFound(_("There is no such view."))
    view.delete()
    journal.write(
        action="view.removed",
        actor=actor,
        now=now,
        staff=actor.user_id,
        object=f"view:{view_id}",
        payload={"list": view.list_name},
    )


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise FourEyesViolation(_("This step needs a person, not a program."))
    return actor.user_id
