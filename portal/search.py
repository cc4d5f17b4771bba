"""Search over everything that the actor may see; every search leaves a record."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import record, sealing
from audit.leaf import Subjects
from audit.models import Leaf, Record
from comms.models import Delivery, Notice
from core.actor import Actor
from core.roles import Capability as C
from crisis.incidents import selectors as incidents
from crisis.incidents.selectors import IncidentFilter
from investors import selectors as investors
from portal.dashboard import address
from templates_mgmt.selectors import find_templates

LIMIT = 10  # results shown per area
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `state` and `kind` are for the status badge; blank when there is none."""

    title: str | Promise
    url: str
    note: str | Promise = ""
    state: str = ""
    kind: str = ""
    at: dt.datetime | None = None


@dataclass(slots=True)
class Area:
    """The results of one kind; `more` leads to its own list when there are more."""

    code: str
    label: str | Promise
    icon: str
    hits: list[Hit] = field(default_factory=list)
    more: str = ""
    people: list[UUID] = field(default_factory=list)


def search_everything(*, text: str, actor: Actor, now: dt.datetime) -> list[Area]:
    """What matches `text`, area by area, best kept short. Writes one record: which areas
    were searched and how much was found. The words themselves are sealed under the searcher's
    key, except when they led to investors: then the record names these pseudonyms instead, so
    that no phone number outlives the erasure of its owner."""
    text = text.strip()[:MAX_LENGTH]
    if not text:
        return []
    areas = [find(text, actor) for capability, find in AREAS if capability in actor.capabilities]
    with transaction.atomic():
        _record(text, areas, actor, now)
    return areas


def _record(text: str, areas: list[Area], actor: Actor, now: dt.datetime) -> None:
    people = [person for area in areas for person in area.people]
    sealed = None
    if not people and actor.user_id is not None:
        key = sealing.key_for(actor.user_id, now=now)
        sealed = sealing.seal_text(key, json.dumps({"text": text}), context="search")
    record.record(
        action="search.everything",
        actor=actor,
        now=now,
        subjects=Subjects(staff=actor.user_id, investor=people[0] if len(people) == 1 else None),
        payload={
            "found": {area.code: len(area.hits) for area in areas},
            "investors": [str(person) for person in people],
        },
        sealed=sealed,
    )


def _notices(text: str, actor: Actor) -> Area:
    area = Area("notices", _("Notices"), "notice")
    match = Q(title__icontains=text) | Q(code__iexact=text)
    if identity := _uuid(text):
        of_delivery = Delivery.objects.filter(pk=identity).values("notice")
        match |= Q(pk=identity) | Q(pk__in=of_delivery)
    found = Notice.objects.visible_to(actor).filter(match).order_by("-id")
    area.hits = [
        Hit(
            title=notice.title,
            url=address("notice-detail", args=[notice.pk]),
            note=notice.code,
            state=notice.state,
            kind="notice",
            at=notice.released_at or notice.prepared_at,
        )
        for notice in found[: LIMIT + 1]
    ]
    return _short(area, "notice-list")


def _templates(text: str, actor: Actor) -> Area:
    area = Area("templates", _("Templates"), "template")
    area.hits = [
        Hit(
            title=template.name,
            url=address("template-detail", args=[template.pk]),
            note=template.code,
            state=template.newest_state or "",  # type: ignore[attr-defined]
            kind="template",
            at=template.newest_at,  # type: ignore[attr-defined]
        )
        for template in find_templates(actor, search=text)[: LIMIT + 1]
    ]
    return _short(area, "template-list")


def _investors(text: str, actor: Actor) -> Area:
    """By the whole customer number, phone number or e-mail address, or by id; masked."""
    area = Area("investors", _("Investors"), "investor")
    found = list(investors.find(actor, text)[: LIMIT + 1])
    area.people = [investor.pk for investor in found]
    profiles = investors.masked_profiles(area.people)
    area.hits = [
        Hit(
            title=f"{profile.name} {profile.ref}".strip() or _("erased"),
            url=address("investor-detail", args=[investor.pk]),
            note=investor.business_line.name,
            state=investor.status,
        )
        for investor in found
        if (profile := profiles.get(investor.pk, investors.MaskedProfile("", "")))
    ]
    return _short(area, "investor-list")


def _incidents(text: str, actor: Actor) -> Area:
    """By code or by words of the title."""
    area = Area("incidents", _("Incidents"), "crisis")
    found = incidents.incidents(actor, IncidentFilter(q=text)).order_by("-id")
    area.hits = [
        Hit(
            title=incident.title,
            url=address("incident-detail", args=[incident.pk]),
            note=f"{incident.code} · {_('EXERCISE')}" if incident.exercise else incident.code,
            state=incident.state,
            kind="incident",
            at=incident.activated_at,
        )
        for incident in found[: LIMIT + 1]
    ]
    return _short(area, "incident-list")


def _records(text: str, actor: Actor) -> Area:
    """Records by their id, by the id of what they are about, or by their place in the log."""
    area = Area("records", _("Records"), "audit")
    if identity := _uuid(text):
        subjects = ("notice", "delivery", "investor", "template", "version", "incident", "staff")
        match = Q(pk=identity)
        for name in subjects:
            match |= Q(**{name: identity})
    elif text.isascii() and text.isdigit() and len(text) < 19:
        match = Q(pk__in=Leaf.objects.filter(index=int(text)).values("record"))
    else:
        match = Q(action=text)
    found = Record.objects.filter(match).order_by("-id").defer("payload", "sealed")
    area.hits = [
        Hit(
            title=entry.action,
            url=address("record-detail", args=[entry.pk]),
            note=entry.actor,
            at=entry.recorded_at,
        )
        for entry in found[: LIMIT + 1]
    ]
    return _short(area, "audit-list")


AREAS: list[tuple[C, Callable[[str, Actor], Area]]] = [
    (C.NOTICES_VIEW, _notices),
    (C.TEMPLATES_VIEW, _templates),
    (C.INVESTORS_VIEW, _investors),
    (C.CRISIS_VIEW, _incidents),
    (C.AUDIT_BROWSE, _records),
]


def _short(area: Area, route: str) -> Area:
    if len(area.hits) > LIMIT:
        del area.hits[LIMIT:]
        area.more = address(route)
    return area


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
