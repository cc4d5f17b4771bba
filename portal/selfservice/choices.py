"""What an investor decides about: topics, consents; and the reading of their history."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.pages import KeysetPage
from investors import services
from investors.models import ConsentEntry, Investor
from investors.selectors import preference_matrix
from portal.selfservice import selectors

METHOD = "portal"


def set_wishes(
    *, investor: Investor, wanted: frozenset[str], actor: Actor, now: dt.datetime
) -> int:
    """Bring the matrix to `wanted` (names `topic.channel`); returns how many cells changed.
    Mandatory topics are not touched, whatever was sent."""
    changed = 0
    with transaction.atomic():
        for row in preference_matrix(investor.pk):
            for cell in row.cells:
                wish = f"{row.topic.code}.{cell.channel}" in wanted
                if row.locked or cell.wanted == wish:
                    continue
                services.set_preference(
                    investor_id=investor.pk,
                    topic=row.topic.code,
                    channel=cell.channel,
                    wanted=wish,
                    actor=actor,
                    now=now,
                )
                changed += 1
    return changed


def give(*, purpose: str, actor: Actor, now: dt.datetime, shown: UUID | None = None) -> None:
    """Give consent, pinned to the text that the page showed (`shown`). Raises Conflict when a
    newer one is in force: the investor reads that one first."""
    text = selectors.notice_text(_asked(purpose))
    if shown is not None and (text is None or text.pk != shown):
        raise Conflict(
            _("The text changed after you opened this page; please read it again."),
            code="consent_text_changed",
        )
    services.give_consent(
        investor_id=UUID(actor.id),
        purpose=purpose,
        method=METHOD,
        actor=actor,
        now=now,
        ip=actor.ip,
        notice_id=text.pk if text else None,
    )


def withdraw(*, purpose: str, actor: Actor, now: dt.datetime) -> None:
    """Withdraw consent; as easy as giving it (PIPL Art. 15)."""
    services.withdraw_consent(
        investor_id=UUID(actor.id),
        purpose=_asked(purpose),
        method=METHOD,
        actor=actor,
        now=now,
        ip=actor.ip,
    )


def read_history(
    *, investor: Investor, cursor: str | None, actor: Actor, now: dt.datetime
) -> KeysetPage[ConsentEntry]:
    """A page of the investor's own consent history; the reading is recorded."""
    with transaction.atomic():
        record(
            action="selfservice.history_viewed",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor.pk),
        )
        return selectors.consent_history(investor, cursor)


def _asked(purpose: str) -> str:
    if purpose not in selectors.ASKED:
        raise NotFound(_("There is no such purpose."))
    return purpose
