"""Entering, finding and looking at investors; the topics they are told about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core import access
from core.actor import Actor
from core.errors import Conflict, InvalidInput
from core.roles import Capability
from investors import rules, selectors, vault
from investors.importing import standing
from investors.models import Investor, Topic
from investors.rules import Refused, vocabulary
from investors.services import shared
from investors.services.shared import Action


def create_investor(
    *,
    line_id: UUID,
    ref: str,
    name: str,
    actor: Actor,
    now: dt.datetime,
    phone: str = "",
    email: str = "",
    language: str = rules.DEFAULT_LANGUAGE,
    time_zone: str = rules.DEFAULT_TIME_ZONE,
    risk_level: str = "",
    consents: Iterable[str] = (),
    method: str = "branch",
    account_flags: Iterable[str] = (),
) -> UUID:
    """Enter one investor by hand; returns the pseudonym.

    `consents` are the purposes that the investor agrees to, by `method`. Raises InvalidInput
    naming the field, and Conflict when the customer number is taken.
    """
    access.require(actor, Capability.INVESTORS_EDIT)
    access.require_line(actor, line_id)
    profile = vault.Profile(_normal("ref", ref), _normal("name", name))
    contacts = {"phone": _normal("phone", phone), "email": _normal("email", email)}
    with transaction.atomic():
        hashed = vault.ref_hash(profile.ref)
        if known := standing.known_investors([hashed]).get(hashed):
            if not sealing.keys_of([known.investor_id]):
                raise Conflict(str(rules.REASONS["erased"]), code="erased", field="ref")
            raise Conflict(_("This customer number is taken."), code="ref_taken", field="ref")
        investor_id = uuid4()
        key = sealing.create_keys([investor_id], now=now)[investor_id]
        Investor.objects.create(
            id=investor_id,
            business_line_id=line_id,
            ref_hash=hashed,
            profile=vault.seal_profile(key, profile),
            language=_normal("language", language),
            time_zone=_normal("time_zone", time_zone),
            risk_level=_normal("risk_level", risk_level),
            account_flags=sorted(account_flags),
            created_at=now,
            updated_at=now,
        )
        for kind, value in contacts.items():
            if value:
                vault.put_in_use(investor_id=investor_id, key=key, kind=kind, value=value, now=now)
        entries = [
            shared.enter(investor_id, purpose, Action.GIVEN, method, actor, now)
            for purpose in [*consents, rules.INBOX]
        ]
        shared.refresh_reach(investor_id)
        record(
            action="investor.created",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id),
            payload={"consents": {entry.purpose: f"given {entry.pk}" for entry in entries}},
        )
    return investor_id


_NORMAL: dict[str, Callable[[str], str]] = {
    "ref": rules.normal_ref,
    "name": rules.normal_name,
    "phone": rules.normal_phone,
    "email": rules.normal_email,
    "language": vocabulary.language,
    "time_zone": vocabulary.time_zone,
    "risk_level": vocabulary.risk_level,
}


def _normal(field: str, text: str) -> str:
    try:
        return _NORMAL[field](text)
    except Refused as refused:
        message = rules.reason(refused.code, refused.args_, value=text)
        raise InvalidInput(message, code=refused.code, field=field) from None


def search_investors(*, text: str, actor: Actor, now: dt.datetime) -> list[UUID]:
    """Ids of the investors with exactly this customer number, phone or e-mail; recorded (L1).
    What was searched for is not: it may be anybody's number."""
    found = list(selectors.find(actor, text).values_list("pk", flat=True)[:50])
    with transaction.atomic():
        record(
            action="investor.searched",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id, investor=found[0] if len(found) == 1 else None),
            payload={"found": len(found), "investors": [str(pk) for pk in found]},
        )
    return found


def view_investor(*, investor_id: UUID, actor: Actor, now: dt.datetime) -> Investor:
    """One investor for a page or the API; that it was looked at is recorded (I7)."""
    investor = selectors.investor_for(actor, investor_id)
    with transaction.atomic():
        record(
            action="investor.viewed",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id, staff=actor.user_id),
        )
    return investor


def list_shown(*, count: int, actor: Actor, now: dt.datetime) -> None:
    """Note that the actor was shown a page of `count` investors, masked."""
    access.require(actor, Capability.INVESTORS_VIEW)
    with transaction.atomic():
        record(
            action="investor.listed",
            actor=actor,
            now=now,
            subjects=Subjects(staff=actor.user_id),
            payload={"investors": count},
        )


def save_topic(*, topic: Topic, actor: Actor, now: dt.datetime) -> None:
    """Add or change a topic. A mandatory one must name its rule: raises InvalidInput."""
    access.require(actor, Capability.SETTINGS_MANAGE)
    if topic.mandatory and not topic.rule.strip():
        raise InvalidInput(_("Name the rule that makes the topic mandatory."), field="rule")
    with transaction.atomic():
        before = Topic.objects.filter(pk=topic.pk).values_list("mandatory", flat=True).first()
        topic.save()
        record(
            action="topic.saved",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"topic:{topic.pk}", staff=actor.user_id),
            payload={"mandatory": topic.mandatory, "was_mandatory": before},
        )
