"""What the steps of a notice share: locking, moving, recording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audit.leaf import Subjects
from audit.record import record
from comms import rules
from comms.channels import base
from comms.models import Notice
from comms.planning import ChannelPlan
from comms.rules import NoticeState
from core.access import require, require_line
from core.actor import Actor
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.roles import Capability
from templates_mgmt.selectors import ApprovedVersion


def move(
    notice: Notice, state: NoticeState, action: str, reason: str, actor: Actor, now: dt.datetime
) -> Notice:
    old = notice.state
    rules.NOTICES.check(old=old, new=state, reason=reason)
    notice.state = state.value
    notice.state_reason = reason.strip()
    notice.save()
    write_record(
        action, notice, actor, now, {"from": old, "to": state.value, "reason": reason.strip()}
    )
    return notice


def locked(notice_id: UUID, actor: Actor, capability: Capability) -> Notice:
    """The notice, held until the transaction ends, for an actor who may do this to it."""
    return _checked(Notice.objects.select_for_update(of=("self",)), notice_id, actor, capability)


def readable(notice_id: UUID, actor: Actor, capability: Capability) -> Notice:
    """The same without holding it: for work that goes before the step itself."""
    return _checked(Notice.objects.all(), notice_id, actor, capability)


def _checked(
    notices: QuerySet[Notice], notice_id: UUID, actor: Actor, capability: Capability
) -> Notice:
    require(actor, capability)
    notice = notices.select_related("business_line").filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    require_line(actor, notice.business_line_id)
    return notice


def require_state(notice: Notice, state: NoticeState) -> None:
    if notice.state != state:
        raise Conflict(
            _("The notice is “%(state)s”.")
            % {"state": rules.NOTICE_STATE_LABELS[NoticeState(notice.state)]},
            details={"state": notice.state},
        )


def person_of(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden(_("This step needs a person, not a program."))
    return actor.user_id


def facts_of(notice: Notice) -> dict[str, Any]:
    """What the ledger keeps of a notice. Values are the firm's own words, shown to everybody who
    gets the notice; listed investors are pseudonyms."""
    return {
        "code": notice.code,
        "title": notice.title,
        "content_hash": notice.content_hash,
        "topic": notice.topic,
        "criticality": notice.criticality,
        "audience": notice.audience,
        "values": notice.values,
        "channels": notice.channels,
        "reason": notice.reason,
        "corrects": str(notice.corrects_id) if notice.corrects_id else None,
        "exercise": notice.exercise,
    }


def write_record(
    action: str, notice: Notice, actor: Actor, now: dt.datetime, payload: Mapping[str, Any]
) -> None:
    record(
        action=action,
        actor=actor,
        now=now,
        subjects=Subjects(
            notice=notice.pk, template=notice.version.template_id, version=notice.version_id
        ),
        payload=payload,
    )


def check_channels(plan: ChannelPlan, version: ApprovedVersion) -> None:
    """Every channel must have a wording and a configured provider."""
    for channel in plan.channels:
        if not any(of == channel for of, _language in version.variants):
            raise InvalidInput(
                _("The version has no wording for “%(channel)s”.")
                % {"channel": rules.CHANNEL_LABELS[channel]},
                code="no_variant",
                field="channels",
                details={"channel": channel.value},
            )
        base.provider(channel.value)
