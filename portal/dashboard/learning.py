"""Tasks of what outlives a crisis: actions, third parties, the pack, the handbook."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from core.roles import Capability as C
from crisis.handbook import selectors as handbook
from crisis.learning import selectors as lessons
from crisis.pack import selectors as packs
from crisis.parties import selectors as parties
from portal.dashboard.tasks import EACH, Task, address


def handbook_unread(actor: Actor) -> list[Task]:
    """The handbook in force, until this member of the staff confirms having read it (R7)."""
    version = handbook.unread_by(actor)
    if version is None:
        return []
    return [
        Task(
            icon="check",
            what=_("Read the handbook and confirm it"),
            title=str(_("Operations risk handbook")) + f" v{version.number}",
            since=version.decided_at,
            url=address("handbook"),
        )
    ]


def actions_due(actor: Actor, now: dt.datetime) -> list[Task]:
    """The reader's own actions that are due within the week or late (C10)."""
    if actor.user_id is None:
        return []
    today = timezone.localdate(now)
    return [
        Task(
            icon="flag",
            what=_("Overdue: do what was agreed after the incident")
            if action.due_on < today
            else _("Do what was agreed after the incident"),
            title=f"{action.incident.code} {action.title} · {action.due_on}",
            since=action.added_at,
            url=address("incident-action", args=[action.pk]),
        )
        for action in lessons.due_of(actor.user_id, today)[:EACH]
    ]


def proofs_ending(actor: Actor, now: dt.datetime) -> list[Task]:
    """Contracts, certificates and tests of third parties that end or ended (C11)."""
    if C.CRISIS_RUN not in actor.capabilities:
        return []
    today = timezone.localdate(now)
    return [
        Task(
            icon="clock",
            what=_("This has ended: renew it")
            if proof.ends_on < today
            else _("This is ending: renew it"),
            title=f"{proof.party}: {proof.title} · {proof.ends_on}",
            since=None,
            url=address("crisis-party", args=[proof.party_id]),
        )
        for proof in parties.ending(today)[:EACH]
    ]


def pack_missing(actor: Actor, now: dt.datetime) -> list[Task]:
    """That no fresh crisis pack exists, for those who can make one (C13)."""
    if C.CRISIS_RUN not in actor.capabilities or not packs.is_stale(packs.newest(), now):
        return []
    return [
        Task(
            icon="archive",
            what=_("Make a fresh crisis pack"),
            title=str(_("There is no pack of today")),
            since=None,
            url=address("crisis-packs"),
        )
    ]
