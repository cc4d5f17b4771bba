"""Reading the history as a recorded act, and keeping questions that can be asked again.

What was typed into the search box may be personal, so it is sealed under the reader's own key;
the other filters are written out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit import selectors as ledger
from audit.browsing import rules, selectors
from audit.browsing.models import QueryAnswer, SavedQuery
from audit.browsing.rules import RecordFilter
from audit.browsing.selectors import Facets
from audit.leaf import Subjects
from audit.models import Record
from audit.record import record
from audit.services import sealed_by_reader
from core.access import require, require_step_up
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from core.pages import PAGE_SIZE, KeysetPage
from core.roles import Capability

TYPED = "audit.typed"  # the context under which a search text is sealed
DOWNLOAD = 10_000
"""The most records that one download of the list holds; more is a regulator export."""


def browse(
    *,
    filters: RecordFilter,
    actor: Actor,
    now: dt.datetime,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> KeysetPage[Record]:
    """One page of records, newest first; needs AUDIT_BROWSE and is recorded (`audit.browsed`)."""
    require(actor, Capability.AUDIT_BROWSE)
    page = selectors.page_of_records(filters, cursor=cursor, size=size)
    _note_page(filters, page, actor=actor, now=now, further=cursor is not None)
    return page


def browse_with_facets(
    *,
    filters: RecordFilter,
    zone: dt.tzinfo,
    actor: Actor,
    now: dt.datetime,
    cursor: str | None = None,
) -> tuple[KeysetPage[Record], Facets]:
    """As `browse`, together with how the newest matches divide; their days are those of `zone`."""
    require(actor, Capability.AUDIT_BROWSE)
    if cursor is None:
        page, facets = selectors.first_page(filters, zone)
    else:
        page = selectors.page_of_records(filters, cursor=cursor)
        facets = selectors.facets(filters, zone)
    _note_page(filters, page, actor=actor, now=now, further=cursor is not None)
    return page, facets


def _note_page(
    filters: RecordFilter,
    page: KeysetPage[Record],
    *,
    actor: Actor,
    now: dt.datetime,
    further: bool,
) -> None:
    shown = {"shown": len(page.items), "further_page": further}
    with transaction.atomic():
        _note("audit.browsed", filters, shown, actor=actor, now=now)


def _note(
    action: str,
    filters: RecordFilter,
    payload: Mapping[str, Any],
    *,
    actor: Actor,
    now: dt.datetime,
    object: str | None = None,
    sealed: bytes | None = None,
) -> None:
    """Record a read: the filters written out, the text sealed (`sealed`, if it is already)."""
    text = filters.text.strip()
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(staff=actor.user_id, object=object),
        payload={"filters": filters.narrow(), "searched_text": bool(text), **payload},
        sealed=sealed or sealed_by_reader(text, actor=actor, now=now),
    )


# --- downloads of the list ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Download:
    """The records that a download holds, newest first; `cut` says that more match."""

    ids: list[UUID]
    cut: bool


def download(
    *,
    filters: RecordFilter,
    layout: str,
    actor: Actor,
    now: dt.datetime,
    cursor: str | None = None,
    everything: bool = False,
) -> Download:
    """The page at `cursor`, or (with a fresh second factor) up to DOWNLOAD matches, as a file of
    `layout` (csv or jsonl); needs AUDIT_BROWSE and is recorded (`audit.downloaded`)."""
    require(actor, Capability.AUDIT_BROWSE)
    if everything:
        require_step_up(actor, now)
        ids = selectors.newest(filters, DOWNLOAD + 1)
        taken = Download(ids[:DOWNLOAD], len(ids) > DOWNLOAD)
    else:
        page = selectors.page_of_records(filters, cursor=cursor)
        taken = Download([row.pk for row in page], False)
    with transaction.atomic():
        _note(
            "audit.downloaded",
            filters,
            {"layout": layout, "records": len(taken.ids), "cut": taken.cut},
            actor=actor,
            now=now,
        )
    return taken


# --- saved queries --------------------------------------------------------------------------


def save_query(*, name: str, filters: RecordFilter, actor: Actor, now: dt.datetime) -> SavedQuery:
    """Keep a question together with its answer in the log as signed now (`audit.query_saved`).

    Needs AUDIT_BROWSE and a person. Raises InvalidInput without a name or when more than
    `selectors.ANSWER` records match, Conflict before the first checkpoint.
    """
    require(actor, Capability.AUDIT_BROWSE)
    if actor.user_id is None:
        raise InvalidInput(_("A query is saved by a person, not by a program."))
    name = name.strip()
    if not name:
        raise InvalidInput(_("Give the query a name."), code="name_required", field="name")
    size = _signed_size()
    _require_bounded(filters)
    with transaction.atomic():
        typed = sealed_by_reader(filters.text.strip(), actor=actor, now=now)
        found = selectors.answer(filters, typed=typed, size=size)
        query = SavedQuery.objects.create(
            name=name[:120],
            owner=actor.user_id,
            filters=filters.narrow(),
            typed=typed,
            size=size,
            found=found.found,
            digest=found.digest,
            saved_at=now,
        )
        payload = {"name": query.name, "size": size, "found": found.found}
        payload["digest"] = found.digest.hex()
        object = f"query:{query.pk}"
        _note(
            "audit.query_saved", filters, payload, actor=actor, now=now, object=object, sealed=typed
        )
    return query


def run_query(*, query_id: UUID, actor: Actor, now: dt.datetime) -> QueryAnswer:
    """Ask a saved question again (`audit.query_run`): at its own log size, where the answer must
    be the same, and how many records match by now. Raises Conflict when it was retired."""
    require(actor, Capability.AUDIT_BROWSE)
    query = selectors.saved_query(query_id)
    if query.retired_at is not None:
        raise Conflict(_("This query was retired."), code="retired")
    filters = filters_of(query)
    size = _signed_size()
    then = selectors.answer(filters, typed=typed_of(query), size=query.size)
    with transaction.atomic():
        answer = QueryAnswer.objects.create(
            query=query,
            asked_at=now,
            asked_by=actor.user_id,
            found=then.found,
            digest=then.digest,
            same=then.digest == bytes(query.digest),
            size_now=size,
            found_now=selectors.count_up_to(filters, selectors.ANSWER),
        )
        payload = {"same": answer.same, "found": then.found, "digest": then.digest.hex()}
        object = f"query:{query.pk}"
        _note("audit.query_run", filters, payload, actor=actor, now=now, object=object)
    return answer


def retire_query(*, query_id: UUID, actor: Actor, now: dt.datetime) -> None:
    """Take one's own query off the list (`audit.query_retired`); its answers stay. Raises
    NotFound for somebody else's, Conflict when it was retired before."""
    require(actor, Capability.AUDIT_BROWSE)
    with transaction.atomic():
        query = selectors.saved_query(query_id)
        if query.owner != actor.user_id:
            raise NotFound(_("There is no such query."))
        if not SavedQuery.objects.filter(pk=query_id, retired_at=None).update(retired_at=now):
            raise Conflict(_("This query was retired."), code="retired")
        record(
            action="audit.query_retired",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, object=f"query:{query_id}"),
        )


def filters_of(query: SavedQuery) -> RecordFilter:
    """The filters of a saved query. Raises Conflict when its text was erased with its owner's
    key."""
    text = ""
    typed = typed_of(query)
    if typed is not None:
        try:
            key = sealing.key_of(query.owner)
        except sealing.KeyDestroyed:
            raise Conflict(
                _("The text that this query searched for was erased."), code="erased"
            ) from None
        text = sealing.unseal_text(key, typed, context=TYPED)
    return rules.from_narrow(query.filters, text=text)


def typed_of(query: SavedQuery) -> bytes | None:
    """The sealed text as bytes."""
    return None if query.typed is None else bytes(query.typed)


def _require_bounded(filters: RecordFilter) -> None:
    if selectors.count_up_to(filters, selectors.ANSWER) > selectors.ANSWER:
        raise InvalidInput(
            _("More than %(limit)s records match. Add a period, an action or an object.")
            % {"limit": f"{selectors.ANSWER:,}"},
            code="too_many",
        )


def _signed_size() -> int:
    checkpoint = ledger.latest_checkpoint()
    if checkpoint is None:
        raise Conflict(_("The log has no signed checkpoint yet."), code="no_checkpoint")
    return checkpoint.size
