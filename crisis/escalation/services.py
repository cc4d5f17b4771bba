"""Calling people out, and what they answer.

Every function that changes a page holds the incident's row, then the page's, so an answer and a
tick come one after the other: after an acknowledgement nobody is called for that role any more.
The database holds the same (migration `escalation_protection`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.access import require
from core.actor import Actor, system
from core.errors import Conflict, InvalidInput, NotFound
from core.models import User
from core.roles import Capability
from core.texts import clean_text
from crisis.escalation import doorbell, rules
from crisis.escalation.models import Call, Page
from crisis.escalation.rules import CALL_MACHINE, PAGE_MACHINE, CallState, Mail, PageState
from crisis.incidents.models import Incident
from crisis.incidents.rules import OPEN, EntryKind
from crisis.incidents.timeline import add_entry, entry_proof
from crisis.plans import rules as plans
from crisis.plans.selectors import able

CALLER = system("escalation")
BATCH = 200  # pages that one tick moves on at most


# --- calling out ----------------------------------------------------------------------------


@transaction.atomic
def call_out(
    *, incident: Incident, role_codes: Iterable[str] | None = None, actor: Actor, now: dt.datetime
) -> list[Page]:
    """Call out roles of the plan frozen onto `incident`, and answer the pages that began.

    Without `role_codes` they are those of its tier (of the first call while it has none) that
    were not called out before; with them, those that nobody is being called for now. For
    services that have checked who asks. A role that nobody has is exhausted at once.
    """
    _hold(incident.pk)
    plan = incident.plan
    begun = Page.objects.filter(incident=incident)
    if role_codes is None:
        codes = [each.code for each in plans.posts_of(plan, incident.tier)]
        skipped = set(begun.values_list("role", flat=True))
    else:
        codes = list(role_codes)
        skipped = set(begun.filter(state=PageState.CALLING).values_list("role", flat=True))
    return [_begin(incident, code, actor=actor, now=now) for code in codes if code not in skipped]


@transaction.atomic
def call_again(*, incident_id: UUID, role: str, actor: Actor, now: dt.datetime) -> Page:
    """Call out one role by hand. Raises Forbidden, NotFound, InvalidInput `role` for one that the
    plan does not know, Conflict `incident_closed` or `being_called`."""
    require(actor, Capability.CRISIS_RUN)
    incident = _hold(incident_id)
    if not incident.is_open:
        raise Conflict(_("Work on this incident is over."), code="incident_closed")
    if plans.post(incident.plan, role) is None:
        raise InvalidInput(_("The plan has no such role."), field="role")
    begun = call_out(incident=incident, role_codes=[role], actor=actor, now=now)
    if not begun:
        raise Conflict(_("This role is being called already."), code="being_called")
    return begun[0]


def _begin(incident: Incident, role: str, *, actor: Actor, now: dt.datetime) -> Page:
    plan = incident.plan
    people = plans.who_is_on_call(plan, role)
    people = plans.who_is_on_call(plan, role, able=able(list(people)))
    page = Page(
        incident=incident,
        role=role,
        order=list(people),
        rounds=plans.rounds(plan),
        minutes=plans.answer_minutes(plan, incident.tier),
        started_at=now,
    )
    if people:
        page.next_at = now  # until the call is placed, below
        page.save(force_insert=True)
        _place(page, actor=actor, now=now)
    else:
        page.state, page.ended_at = PageState.EXHAUSTED.value, now
        page.save(force_insert=True)
        _exhausted(page, actor=actor, now=now)
    return page


def _place(page: Page, *, actor: Actor, now: dt.datetime) -> None:
    """Call the next person of the order, or end the page when there is none left."""
    declined = page.calls.filter(state=CallState.DECLINED).values_list("person", flat=True)
    following = plans.next_call(
        page.order, made=page.made, rounds=page.rounds,
        declined=frozenset(str(person) for person in declined),
    )  # fmt: skip
    if following is None:
        _move(page, PageState.EXHAUSTED, now)
        page.save(update_fields=["state", "next_at", "ended_at"])
        _exhausted(page, actor=actor, now=now)
        return
    person = User.objects.get(pk=following.person)
    until = now + dt.timedelta(minutes=page.minutes)
    call = Call.objects.create(
        page=page,
        person=person,
        number=following.number,
        round=following.round,
        at=now,
        until=until,
        mail=(Mail.QUEUED if person.email else Mail.NONE).value,
    )
    page.made, page.next_at = following.number + 1, until
    page.save(update_fields=["made", "next_at"])
    said = _text("Called %(who)s for “%(role)s”, round %(round)s.") % {
        "who": person, "role": page.role_name, "round": following.round,
    }  # fmt: skip
    _tell("placed", page, said, actor=actor, now=now, call=call, round=following.round)
    doorbell.mail()


def _exhausted(page: Page, *, actor: Actor, now: dt.datetime) -> None:
    """Say that nobody answered, and call out the roles that stand in."""
    said = (
        _text("Nobody of “%(role)s” answered.")
        if page.order
        else _text("“%(role)s” has no people.")
    ) % {"role": page.role_name}
    _tell("exhausted", page, said, actor=actor, now=now, calls=page.made)
    fallback = plans.fallback_roles(page.incident.plan)
    begun = set(Page.objects.filter(incident=page.incident).values_list("role", flat=True))
    for role in fallback:
        if role not in begun:
            _begin(page.incident, role, actor=CALLER, now=now)


# --- answers --------------------------------------------------------------------------------


@transaction.atomic
def acknowledge(*, call_id: UUID, actor: Actor, now: dt.datetime) -> Call:
    """The person called takes it on: the paging of that role stops at once, also for a call that
    lapsed before. Acknowledging twice is one acknowledgement.

    Raises NotFound for a call to somebody else, Conflict `call_over` when another has answered or
    it was called off.
    """
    call, page = _own(call_id, actor)
    if call.state == CallState.ACKNOWLEDGED:
        return call
    _require_answerable(call, page)
    CALL_MACHINE.check(old=call.state, new=CallState.ACKNOWLEDGED)
    _move(page, PageState.ANSWERED, now)
    page.answered_by_id = actor.user_id
    call.state, call.ended_at = CallState.ACKNOWLEDGED.value, now
    call.save(update_fields=["state", "ended_at"])
    _quieten(page, now)
    page.save(update_fields=["state", "next_at", "ended_at", "answered_by"])
    said = _text("%(who)s acknowledged for “%(role)s”.") % {
        "who": call.person, "role": page.role_name,
    }  # fmt: skip
    seconds = int((now - call.at).total_seconds())
    _tell("acknowledged", page, said, actor=actor, now=now, call=call, seconds=seconds)
    return call


@transaction.atomic
def decline(*, call_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> Call:
    """The person called cannot, and says why: the next one is called at once.

    Raises NotFound for a call to somebody else, InvalidInput `reason`, Conflict `call_over`.
    """
    call, page = _own(call_id, actor)
    _require_answerable(call, page)
    reason = clean_text(reason, field="reason", limit=500)
    CALL_MACHINE.check(old=call.state, new=CallState.DECLINED, reason=reason)
    call.state, call.ended_at, call.reason = CallState.DECLINED.value, now, reason
    call.save(update_fields=["state", "ended_at", "reason"])
    said = _text("%(who)s declined for “%(role)s”: %(reason)s") % {
        "who": call.person, "role": page.role_name, "reason": reason,
    }  # fmt: skip
    _tell("declined", page, said, actor=actor, now=now, call=call)
    _place(page, actor=CALLER, now=now)
    return call


# --- time and the end -----------------------------------------------------------------------


@transaction.atomic
def stop(*, incident: Incident, actor: Actor, now: dt.datetime) -> int:
    """Call off every role that is being called; for services that end the work on `incident`.
    Answers how many."""
    _hold(incident.pk)
    pages = list(
        Page.objects.select_for_update(of=("self",))
        .select_related("incident")
        .filter(incident=incident, state=PageState.CALLING)
        .order_by("pk")
    )
    for page in pages:
        _move(page, PageState.STOPPED, now)
        _quieten(page, now)
        page.save(update_fields=["state", "next_at", "ended_at"])
        said = _text("“%(role)s” is called no longer.") % {"role": page.role_name}
        _tell("stopped", page, said, actor=actor, now=now)
    return len(pages)


def tick(*, now: dt.datetime) -> int:
    """Go on with every page whose present call has lapsed; answers how many moved.

    Works from the rows, so it catches up after a stop, and may run twice or in two workers at
    once: each page is moved under its lock, after looking again. Nobody is passed over because no
    worker ran: the next person's minutes count from the moment that she is called.
    """
    due = Page.objects.filter(state=PageState.CALLING, next_at__lte=now).order_by("next_at")
    moved = sum(_lapse(page_id, now=now) for page_id in due.values_list("pk", flat=True)[:BATCH])
    over = Incident.objects.exclude(state__in=sorted(OPEN)).filter(pages__state=PageState.CALLING)
    return moved + sum(
        stop(incident=incident, actor=CALLER, now=now) for incident in over.distinct()[:BATCH]
    )


@transaction.atomic
def _lapse(page_id: UUID, *, now: dt.datetime) -> int:
    page = _locked(page_id)
    if page.state != PageState.CALLING or page.next_at is None or page.next_at > now:
        return 0
    call = page.calls.select_related("person").filter(state=CallState.WAITING).first()
    if call is not None:
        CALL_MACHINE.check(old=call.state, new=CallState.MISSED)
        call.state, call.ended_at = CallState.MISSED.value, call.until
        call.save(update_fields=["state", "ended_at"])
        said = _text("%(who)s did not answer for “%(role)s”.") % {
            "who": call.person, "role": page.role_name,
        }  # fmt: skip
        _tell("missed", page, said, actor=CALLER, now=now, call=call, at=call.until)
    if page.incident.is_open:
        _place(page, actor=CALLER, now=now)
    else:
        stop(incident=page.incident, actor=CALLER, now=now)
    return 1


# --- shared ---------------------------------------------------------------------------------


def _hold(incident_id: UUID) -> Incident:
    """The incident, held against moves of its own until this transaction ends."""
    incident = Incident.objects.select_for_update(no_key=True).filter(pk=incident_id).first()
    if incident is None:
        raise NotFound(_("There is no such incident."))
    return incident


def _locked(page_id: UUID) -> Page:
    """The page with its incident held and its row locked, in this order."""
    incident = _hold(Page.objects.values_list("incident_id", flat=True).get(pk=page_id))
    page = Page.objects.select_for_update().get(pk=page_id)
    page.incident = incident
    return page


def _own(call_id: UUID, actor: Actor) -> tuple[Call, Page]:
    """A call to `actor`, with its page locked; raises NotFound."""
    if actor.user_id is not None:
        found = Call.objects.filter(pk=call_id, person_id=actor.user_id).first()
        if found is not None:
            page = _locked(found.page_id)
            call = Call.objects.select_for_update(of=("self",)).select_related("person")
            return call.get(pk=call_id), page
    raise NotFound(_("There is no such call to you."))


def _require_answerable(call: Call, page: Page) -> None:
    if call.state in rules.ANSWERABLE and page.state in rules.PAGE_ANSWERABLE:
        return
    if page.state == PageState.ANSWERED:
        raise Conflict(
            _("%(who)s has taken this on.") % {"who": page.answered_by}, code="call_over"
        )
    raise Conflict(_("This call is over; nothing is asked of you."), code="call_over")


def _move(page: Page, state: PageState, now: dt.datetime) -> None:
    PAGE_MACHINE.check(old=page.state, new=state)
    page.state, page.next_at = state.value, None
    page.ended_at = now


def _quieten(page: Page, now: dt.datetime) -> None:
    """Nobody waits any more, and no e-mail that has not left leaves."""
    page.calls.filter(state=CallState.WAITING).update(state=CallState.WITHDRAWN.value, ended_at=now)
    page.calls.filter(mail=Mail.QUEUED).update(mail=Mail.DROPPED.value)


def _tell(
    verb: str,
    page: Page,
    said: str,
    *,
    actor: Actor,
    now: dt.datetime,
    call: Call | None = None,
    at: dt.datetime | None = None,
    **payload: Any,
) -> None:
    """A line of the timeline and the ledger record `call.<verb>` about it."""
    entry = add_entry(
        page.incident, EntryKind.CALL, said, actor=actor, now=now, at=at,
        detail={"role": page.role, "call": verb},
    )  # fmt: skip
    incident = page.incident
    record(
        action=f"call.{verb}",
        actor=actor,
        now=now,
        occurred_at=at,
        subjects=Subjects(incident=incident.pk, staff=call.person_id if call else None),
        payload={
            "code": incident.code, "exercise": incident.exercise, "role": page.role,
            "page": str(page.pk), "call": str(call.pk) if call else None, **payload,
            "proof": entry_proof(entry),
        },
    )  # fmt: skip
