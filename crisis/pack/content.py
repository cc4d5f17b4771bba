"""What stands in the pack, gathered as plain data in both languages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from audit.keys import verifier_key
from core.models import User
from crisis.clocks import selectors as clocks
from crisis.clocks.describing import due_label, start_label
from crisis.incidents.models import Incident
from crisis.incidents.rules import STATE_LABELS, State
from crisis.parties.models import Party, PartyContact
from crisis.parties.rules import KIND_LABELS, Kind
from crisis.parties.services import opened
from crisis.plans import rules as plans
from crisis.plans.selectors import frozen_plan, names_of
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import CHANNEL_LABELS, Channel

LANGUAGES = ("zh-hans", "en")
WORDED = 60  # approved wordings that a pack holds at most


def gathered(now: dt.datetime) -> dict[str, Any]:
    """The whole pack as plain JSON. It reads in a fixed number of queries."""
    plan = frozen_plan()
    return {
        "made_at": moment(now),
        "firm": settings.PUBLIC_URL,
        "key": str(verifier_key()),
        "plan": _plan(plan),
        "parties": _parties(),
        "clocks": _duties(),
        "incidents": _incidents(now),
        "wordings": _wordings(),
    }


def facts_of(content: dict[str, Any]) -> dict[str, int]:
    """How much of each a pack holds, for its record."""
    names = ("parties", "clocks", "incidents", "wordings")
    return {name: len(content[name]) for name in names} | {"roles": len(content["plan"]["roles"])}


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    shown = plans.content_of(plan)
    ids = [one for role in shown["roles"] for one in role["people"]]
    people = names_of(ids)
    return {
        "number": plan.get("number", 0),
        "hash": plan.get("hash", ""),
        "levels": [
            {"name": both(row["name"]), "minutes": row["minutes"], "hours": row["restore_hours"],
             "roles": list(row["roles"])}
            for row in shown["levels"]
        ],
        "roles": [
            {"code": role["code"], "name": both(role["name"]), "duty": both(role["duty"]),
             "people": [_person(people[one]) for one in role["people"] if one in people]}
            for role in shown["roles"]
        ],
    }  # fmt: skip


def _person(user: User) -> dict[str, str]:
    return {"name": str(user), "email": user.email}


def _parties() -> list[dict[str, Any]]:
    found = list(Party.objects.filter(ended_at=None).select_related("stands_in"))
    contacts = opened(PartyContact.objects.filter(ended_at=None, party__ended_at=None))
    return [
        {
            "name": party.name,
            "kind": worded(KIND_LABELS[Kind(party.kind)]),
            "does": party.does,
            "systems": party.systems,
            "stands_in": party.stands_in.name if party.stands_in else "",
            "contacts": [
                {name: row[name] for name in ("duty", "name", "phone", "email")}
                for row in contacts
                if row["party"] == party.pk
            ],
        }
        for party in found
    ]


def _duties() -> list[dict[str, Any]]:
    rows = [row for row in clocks.table_in_force().parsed if row.enabled]
    spoken = []
    for language in LANGUAGES:
        with translation.override(language):
            names = {row.code: row.label for row in rows}
            spoken.append(
                [
                    (" / ".join(start_label(start, names) for start in row.starts), due_label(row))
                    for row in rows
                ]
            )
    return [
        {"name": both(row.name), "starts": [zh[0], en[0]], "due": [zh[1], en[1]],
         "source": row.source}
        for row, zh, en in zip(rows, *spoken, strict=True)
    ]  # fmt: skip


def _incidents(now: dt.datetime) -> list[dict[str, Any]]:
    found = list(Incident.objects.open().select_related("lead"))
    running = clocks.running_for([incident.pk for incident in found])
    return [
        {
            "code": incident.code,
            "title": incident.title,
            "exercise": incident.exercise,
            "state": worded(STATE_LABELS[State(incident.state)]),
            "since": moment(incident.since),
            "lead": str(incident.lead or ""),
            "clocks": [
                {"name": both(clock.duty.name), "due": moment(clock.due_at),
                 "late": clock.due_at < now}
                for clock in running.get(incident.pk, ())
            ],
        }
        for incident in found
    ]  # fmt: skip


def _wordings() -> list[dict[str, Any]]:
    """Approved wordings of what a crisis needs: risk, trading system, account."""
    versions = (
        TemplateVersion.objects.filter(
            state="approved", template__category__in=("risk", "trading", "account")
        )
        .select_related("template")
        .prefetch_related("variants")
        .order_by("template__name")[:WORDED]
    )
    return [
        {
            "name": version.template.name,
            "number": version.number,
            "hash": version.content_hash,
            "variants": [
                {"channel": worded(CHANNEL_LABELS[Channel(variant.channel)]),
                 "language": variant.language, "subject": variant.subject, "body": variant.body}
                for variant in version.variants.all()
            ],
        }
        for version in versions
    ]  # fmt: skip


def moment(at: dt.datetime) -> str:
    """An instant to the minute in the firm's time zone, which it names by its offset."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:]}"


def both(texts: dict[str, str] | Any) -> list[str]:
    """A text kept by language, in Chinese and in English."""
    return [texts.get(language, "") for language in LANGUAGES]


def worded(label: Any) -> list[str]:
    """A label of the product, in Chinese and in English."""
    answers = []
    for language in LANGUAGES:
        with translation.override(language):
            answers.append(str(label))
    return answers
