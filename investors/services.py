"""Writes about investors. Each is one transaction with its ledger record."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from audit.leaf import Subjects
from audit.record import record
from core import access
from core.actor import Actor
from core.clock import uuid7
from core.errors import Conflict, InvalidInput, NotFound
from core.roles import Capability
from investors import rules, selectors, vault
from investors.models import (
    Channel,
    ConsentEntry,
    ConsentNotice,
    ConsentState,
    ContactPoint,
    Investor,
    Preference,
    Topic,
)
from investors.rules import Refused, vocabulary

Action = ConsentEntry.Action


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
        if Investor.objects.filter(ref_hash=hashed).exists():
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
            _enter(investor_id, purpose, Action.GIVEN, method, actor, now)
            for purpose in [*consents, rules.INBOX]
        ]
        _refresh_reach(investor_id)
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


# --- consent --------------------------------------------------------------------------------


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
    _require_consent_right(actor, investor_id)
    if purpose not in rules.PURPOSES:
        raise InvalidInput(
            _("There is no purpose “%(purpose)s”.") % {"purpose": purpose}, field="purpose"
        )
    if method not in rules.METHODS:
        raise InvalidInput(
            _("“%(method)s” is not a way of giving consent.") % {"method": method}, field="method"
        )
    if (
        notice_id is not None
        and not ConsentNotice.objects.filter(pk=notice_id, purpose=purpose).exists()
    ):
        raise InvalidInput(_("That text was not about this purpose."), field="notice_id")
    with transaction.atomic():
        _locked(investor_id, actor)
        standing = ConsentState.objects.filter(investor_id=investor_id, purpose=purpose).first()
        _check_move(purpose, action, standing)
        entry = _enter(
            investor_id, purpose, action, method, actor, now,
            ip=ip or actor.ip, notice_id=notice_id, source=source,
        )  # fmt: skip
        _refresh_reach(investor_id)
        record(
            action=f"consent.{action}",
            actor=actor,
            now=now,
            subjects=Subjects(investor=investor_id),
            payload={
                "entry": str(entry.pk),
                "method": method,
                "notice": str(notice_id) if notice_id else None,
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


def _enter(
    investor_id: UUID,
    purpose: str,
    action: ConsentEntry.Action,
    method: str,
    actor: Actor,
    now: dt.datetime,
    *,
    ip: str | None = None,
    notice_id: UUID | None = None,
    source: str = "",
) -> ConsentEntry:
    """The ledger entry and the standing that follows from it."""
    entry = ConsentEntry.objects.create(
        id=uuid7(),
        investor_id=investor_id,
        purpose=purpose,
        action=action,
        notice_id=notice_id,
        method=method,
        legal_basis=rules.legal_basis(purpose),
        place=rules.truncated_ip(ip),
        occurred_at=now,
        recorded_at=now,
        source=source or actor.kind,
    )
    ConsentState.objects.update_or_create(
        investor_id=investor_id,
        purpose=purpose,
        defaults={"granted": action == Action.GIVEN, "entry_id": entry.pk, "since": now},
    )
    return entry


def _require_consent_right(actor: Actor, investor_id: UUID) -> None:
    """Investors act for themselves; the system for what providers report; staff by right."""
    if actor.kind == "investor":
        if actor.id != str(investor_id):
            raise NotFound(_("There is no such investor."))
    elif not actor.is_system:
        access.require(actor, Capability.INVESTORS_EDIT)


def publish_consent_notice(
    *, purpose: str, language: str, text: str, actor: Actor, now: dt.datetime
) -> UUID:
    """Put a new version of the text that investors are shown; earlier versions stay as they are."""
    access.require(actor, Capability.INVESTORS_EDIT)
    if purpose not in rules.PURPOSES:
        raise InvalidInput(_("Choose a purpose."), field="purpose")
    if not text.strip():
        raise InvalidInput(_("The text is empty."), field="text")
    with transaction.atomic():
        same = ConsentNotice.objects.filter(purpose=purpose, language=language)
        newest = same.order_by("-version").values_list("version", flat=True).first() or 0
        notice = ConsentNotice.objects.create(
            purpose=purpose,
            version=newest + 1,
            language=language,
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            created_at=now,
        )
        record(
            action="consent_notice.published",
            actor=actor,
            now=now,
            subjects=Subjects(object=f"consent_notice:{notice.pk}"),
            payload={
                "language": language,
                "purpose": purpose,
                "sha256": notice.sha256,
                "version": notice.version,
            },
        )
    return notice.pk


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


# --- preferences ----------------------------------------------------------------------------


def set_preference(
    *, investor_id: UUID, topic: str, channel: str, wanted: bool, actor: Actor, now: dt.datetime
) -> None:
    """Whether the investor wants `topic` on `channel`. Saying the same again writes nothing.

    Raises Conflict (code `mandatory_topic`), naming the rule, for a mandatory topic.
    """
    _require_consent_right(actor, investor_id)
    if channel not in Channel.values:
        raise InvalidInput(
            _("There is no channel “%(channel)s”.") % {"channel": channel}, field="channel"
        )
    with transaction.atomic():
        _locked(investor_id, actor)
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


# --- contacts -------------------------------------------------------------------------------


def set_contact_state(
    *, contact_id: UUID, state: str, actor: Actor, now: dt.datetime, reason: str = ""
) -> None:
    """Mark a contact as unverified, verified or suppressed (which needs a reason)."""
    if state not in ContactPoint.State.values:
        raise InvalidInput(_("There is no such state."), field="state")
    if state == ContactPoint.State.SUPPRESSED and not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    if not actor.is_system:
        access.require(actor, Capability.INVESTORS_EDIT)
    with transaction.atomic():
        contact = _locked_contact(contact_id, actor)
        if contact.state == state:
            return
        old = contact.state
        contact.state = state
        contact.suppressed_reason = reason[:200] if state == ContactPoint.State.SUPPRESSED else ""
        if state == ContactPoint.State.VERIFIED:
            contact.verified_at = now
        contact.save(update_fields=["state", "suppressed_reason", "verified_at"])
        _refresh_reach(contact.investor_id)
        record(
            action=f"contact.{state}",
            actor=actor,
            now=now,
            subjects=Subjects(investor=contact.investor_id, object=f"contact:{contact.pk}"),
            payload={"from": old, "kind": contact.kind},
            sealed=_sealed_reason(contact.investor_id, reason),
        )


def suppress_contact(*, contact_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Send nothing more to this contact (I9): hard bounce, complaint, or by hand. Repeating it
    is harmless."""
    set_contact_state(
        contact_id=contact_id,
        state=ContactPoint.State.SUPPRESSED,
        reason=reason,
        actor=actor,
        now=now,
    )


def reveal_contact(*, contact_id: UUID, reason: str, actor: Actor, now: dt.datetime) -> str:
    """The plain contact, for a person with the right, a reason and a fresh second factor (I11).
    The reason is sealed in the record: people write personal things there."""
    access.require(actor, Capability.INVESTORS_REVEAL)
    access.require_step_up(actor, now)
    if not reason.strip():
        raise InvalidInput(_("A reason is required."), code="reason_required", field="reason")
    with transaction.atomic():
        contact = _locked_contact(contact_id, actor)
        value = selectors.open_contacts([contact_id]).get(contact_id)
        if value is None:
            raise Conflict(_("This contact was erased."), code="erased")
        record(
            action="contact.revealed",
            actor=actor,
            now=now,
            subjects=Subjects(
                investor=contact.investor_id,
                staff=actor.user_id,
                object=f"contact:{contact.pk}",
            ),
            payload={"kind": contact.kind},
            sealed=_sealed_reason(contact.investor_id, reason),
        )
    return value


def _sealed_reason(investor_id: UUID, reason: str) -> bytes | None:
    key = sealing.keys_of([investor_id]).get(investor_id) if reason.strip() else None
    return sealing.seal_text(key, reason.strip(), context="reason") if key else None


# --- reads that leave a record ----------------------------------------------------------------


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


# --- shared -----------------------------------------------------------------------------------


def _locked(investor_id: UUID, actor: Actor) -> Investor:
    investor = Investor.objects.select_for_update().filter(pk=investor_id).first()
    if investor is None:
        raise NotFound(_("There is no such investor."))
    if actor.kind not in ("investor", "system"):
        access.require_line(actor, investor.business_line_id)
    return investor


def _locked_contact(contact_id: UUID, actor: Actor) -> ContactPoint:
    investor_id = (
        ContactPoint.objects.filter(pk=contact_id).values_list("investor_id", flat=True).first()
    )
    if investor_id is None:
        raise NotFound(_("There is no such contact."))
    _locked(investor_id, actor)
    return ContactPoint.objects.select_for_update().get(pk=contact_id)


def _refresh_reach(investor_id: UUID) -> None:
    """Count again which of SMS and e-mail can be used."""
    kinds = set(
        ContactPoint.objects.filter(investor_id=investor_id, rank=0)
        .exclude(state=ContactPoint.State.SUPPRESSED)
        .values_list("kind", flat=True)
    )
    granted = set(
        ConsentState.objects.filter(investor_id=investor_id, granted=True).values_list(
            "purpose", flat=True
        )
    )
    Investor.objects.filter(pk=investor_id).update(reach=rules.reach(kinds, granted))
