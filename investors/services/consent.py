"""Consent and preferences: giving, withdrawing, choosing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotFound
from investors import rules, selectors
from investors.models import Channel, ConsentEntry, ConsentNotice, ConsentState, Preference, Topic
from investors.services import shared
from investors.services.shared import Action


def give_consent(
    *,
    investor_id: UUID,
    purpose: str,
    method: str,
    actor: Actor,
    now: dt.datetime,
    ip: str | None = None,
    notice_id: UUID | None = None,
    source: str = "",
) -> UUID:
    """Enter that the investor agrees to `purpose`; returns the entry.

    `notice_id` is the ConsentNotice that was shown. Raises Conflict when it is given already.
    """
    return _act(investor_id, purpose, Action.GIVEN, method, actor, now, ip, notice_id, source)


def withdraw_consent(
    *,
    investor_id: UUID,
    purpose: str,
    method: str,
    actor: Actor,
    now: dt.datetime,
    ip: str | None = None,
    notice_id: UUID | None = None,
    source: str = "",
) -> UUID:
    """Enter that the investor agrees no longer; as easy as giving (PIPL Art. 15, GDPR Art. 7(3)).

    Takes effect at once: sending checks again. Raises Conflict when there is nothing to withdraw,
    or when the account contract covers the purpose.
    """
    return _act(investor_id, purpose, Action.WITHDRAWN, method, actor, now, ip, notice_id, source)


def _act(
    investor_id: UUID,
    purpose: str,
    action: ConsentEntry.Action,
    method: str,
    actor: Actor,
    now: dt.datetime,
    ip: str | None,
    notice_id: UUID | None,
    source: str,
) -> UUID:
    shared.require_consent_right(actor, investor_id)
    if purpose not in rules.PURPOSES:
        raise InvalidInput(
            _("There is no purpose “%(purpose)s”.") % {"purpose": purpose}, field="purpose"
        )
    if method not in rules.METHODS:
        raise InvalidInput(
            _("“%(method)s” is not a way of giving consent.") % {"method": method}, field="method"
        )
    notices = ConsentNotice.objects.filter(purpose=purpose)
    text = None if notice_id is None else notices.filter(pk=notice_id).first()
    if notice_id is not None and text is None:
        raise InvalidInput(_("That text was not about this purpose."), field="notice_id")
    with transaction.atomic():
        shared.locked(investor_id, actor)
        if action == ConsentEntry.Action.GIVEN:  # a withdrawal is always taken
            shared.require_alive(investor_id)
        standing = ConsentState.objects.filter(investor_id=investor_id, purpose=purpose).first()
        _check_move(purpose, action, standing)
        entry = shared.enter(
            investor_id, purpose, action, method, actor, now,
            ip=ip or actor.ip, notice_id=notice_id, source=source,
        )  # fmt: skip
        shared.refresh_reach(investor_id)
        record(
            action=f"consent.{action}",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id),
            payload={
                "entry": str(entry.pk),
                "method": method,
                "notice": str(notice_id) if notice_id else None,
                "notice_sha256": text.sha256 if text else None,
                "notice_version": text.version if text else None,
                "purpose": purpose,
            },
        )
    return entry.pk


def _check_move(purpose: str, action: str, standing: ConsentState | None) -> None:
    granted = standing is not None and standing.granted
    if action == Action.GIVEN and granted:
        raise Conflict(_("This consent is given already."), code="consent_given")
    if action == Action.WITHDRAWN and not granted:
        raise Conflict(_("There is no such consent to withdraw."), code="consent_absent")
    if action == Action.WITHDRAWN and purpose in rules.CONTRACTUAL:
        raise Conflict(
            _("The portal inbox belongs to the account contract and cannot be withdrawn from."),
            code="consent_contractual",
        )


def set_preference(
    *, investor_id: UUID, topic: str, channel: str, wanted: bool, actor: Actor, now: dt.datetime
) -> None:
    """Whether the investor wants `topic` on `channel`. Saying the same again writes nothing.

    Raises Conflict (code `mandatory_topic`), naming the rule, for a mandatory topic.
    """
    shared.require_consent_right(actor, investor_id)
    if channel not in Channel.values:
        raise InvalidInput(
            _("There is no channel “%(channel)s”.") % {"channel": channel}, field="channel"
        )
    with transaction.atomic():
        shared.locked(investor_id, actor)
        shared.require_alive(investor_id)
        found = Topic.objects.filter(pk=topic).first()
        if found is None:
            raise NotFound(_("There is no topic “%(code)s”.") % {"code": topic}, field="topic")
        if found.mandatory:
            raise Conflict(
                _("This topic cannot be switched off: %(rule)s") % {"rule": found.why},
                code="mandatory_topic",
                field="topic",
            )
        before = Preference.objects.filter(
            investor_id=investor_id, topic=found, channel=channel
        ).first()
        if (before is None and wanted) or (before is not None and before.wanted == wanted):
            return
        Preference.objects.update_or_create(
            investor_id=investor_id,
            topic=found,
            channel=channel,
            defaults={"wanted": wanted, "updated_at": now},
        )
        record(
            action="preference.set",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id),
            payload={"channel": channel, "topic": found.code, "wanted": wanted},
        )


def set_preferences(
    *, investor_id: UUID, wanted: Collection[str], actor: Actor, now: dt.datetime
) -> int:
    """Set the whole matrix of optional topics: `wanted` lists “topic:channel” of every place that
    is wanted. Returns how many places changed."""
    changed = 0
    with transaction.atomic():
        for row in selectors.preference_matrix(investor_id):
            for cell in row.cells:
                choice = f"{row.topic.code}:{cell.channel}" in wanted
                if row.locked or choice == cell.wanted:
                    continue
                changed += 1
                set_preference(
                    investor_id=investor_id,
                    topic=row.topic.code,
                    channel=cell.channel,
                    wanted=choice,
                    actor=actor,
                    now=now,
                )
    return changed
