"""Sign-in of investors by one-time code.

1. `request_code` answers alike whether anybody has that contact or not; a contact that nobody
   has makes a decoy row. The code goes out from a worker, so that time tells nothing either.
2. `send_code` hands it to the e-mail or SMS provider.
3. `verify_code` counts the try before it compares, and says only that the code is wrong.
"""

from __future__ import annotations

import datetime as dt
import hmac
import logging
import secrets
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import sealing
from audit.leaf import NO_SUBJECTS, Subjects
from audit.record import record
from comms.channels import base
from comms.channels.email import PURPOSE_HEADER
from core import actor as actors
from core import crypto
from core.actor import system
from core.clock import uuid7
from core.errors import InvalidInput
from core.throttle import Limit
from investors import services, vault
from investors.models import ContactPoint, Investor
from investors.rules import Refused, normal_email, normal_phone, normal_ref
from portal.models import InvestorLoginCode

LIFETIME = dt.timedelta(minutes=10)
MAX_ATTEMPTS = 5
CHANNEL_OF = {"email": "email", "phone": "sms"}
PER_CONTACT = Limit("me.code.contact", 5, dt.timedelta(minutes=15))
PER_ADDRESS = Limit("me.code.address", 20, dt.timedelta(minutes=15))
TRIES_PER_ADDRESS = Limit("me.try.address", 30, dt.timedelta(minutes=15))
_SELF = system("selfservice")
_KEPT = dt.timedelta(days=1)
_WRONG = gettext_lazy("The code is wrong or has expired. You can ask for a new one.")

log = logging.getLogger(__name__)


def request_code(*, typed: str, ip: str, now: dt.datetime) -> UUID:
    """Make a one-time code for the e-mail address or phone number `typed`; returns the id of
    the sign-in that waits for it.

    Raises InvalidInput for what is neither, and RateLimited; both say nothing about whether
    anybody has that contact.
    """
    kind, normal = _contact_of(typed)
    PER_ADDRESS.hit(ip, now=now)
    PER_CONTACT.hit(f"{kind}:{normal}", now=now)
    code_id, code = uuid7(), f"{secrets.randbelow(1_000_000):06d}"
    value_hash = vault.contact_hash(kind, normal)
    with transaction.atomic():
        contact = _candidates(kind, value_hash).first()
        InvestorLoginCode.objects.filter(expires_at__lt=now - _KEPT).delete()
        InvestorLoginCode.objects.create(
            id=code_id,
            kind=kind,
            value_hash=value_hash,
            contact=contact,
            code_hash=_hash(code_id, code),
            code_sealed=crypto.seal(crypto.kek(), code.encode(), context=code_id.bytes),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        record(
            action="selfservice.code_requested",
            actor=_SELF,
            now=now,
            subjects=Subjects(investor=contact.investor_id) if contact else NO_SUBJECTS,
            payload={"by": kind, "known": contact is not None},
        )
        transaction.on_commit(lambda: _ring(code_id))
    return code_id


def send_code(*, code_id: UUID, now: dt.datetime) -> bool:
    """Hand a code to the provider, at most once; returns whether it was accepted. A decoy goes
    nowhere."""
    with transaction.atomic():
        row = (
            InvestorLoginCode.objects.select_for_update()
            .filter(pk=code_id, sent_at=None, expires_at__gt=now)
            .first()
        )
        if row is None or row.code_sealed is None:
            return False
        code = crypto.unseal(crypto.kek(), bytes(row.code_sealed), context=code_id.bytes).decode()
        row.sent_at, row.code_sealed = now, None
        row.save(update_fields=["sent_at", "code_sealed"])
    if row.contact is None:
        return False
    investor = row.contact.investor
    message = _message(row, investor, code)
    (outcome,) = base.provider(CHANNEL_OF[row.kind]).send_batch([message])
    accepted = isinstance(outcome, base.Accepted)
    with transaction.atomic():
        record(
            action="selfservice.code_sent" if accepted else "selfservice.code_not_sent",
            actor=_SELF,
            now=now,
            subjects=Subjects(investor=investor.pk),
            payload={"by": row.kind, "error": getattr(outcome, "code", "")},
        )
    return accepted


def verify_code(*, code_id: UUID, typed: str, ref: str = "", ip: str, now: dt.datetime) -> Investor:
    """The investor that the code signs in; the code is used up.

    When several investors share the contact, `ref` (the customer number) says which one: asked
    for only after the code was right (InvalidInput with field `ref`). Raises InvalidInput for a
    wrong, used or expired code, after five tries too, and RateLimited.
    """
    TRIES_PER_ADDRESS.hit(ip, now=now)
    row = _counted_try(code_id, now)
    if row is None:
        raise InvalidInput(_WRONG, field="code", code="code_wrong")
    if not hmac.compare_digest(bytes(row.code_hash), _hash(code_id, typed.strip())):
        _refused(row, now)
        raise InvalidInput(_WRONG, field="code", code="code_wrong")
    with transaction.atomic():
        contact = _chosen(row, ref)
        if contact is None:
            raise InvalidInput(
                gettext_lazy("Several accounts use this contact. Type your customer number."),
                field="ref",
                code="which_account",
            )
        used = InvestorLoginCode.objects.filter(pk=code_id, used_at=None).update(used_at=now)
        if not used:
            raise InvalidInput(_WRONG, field="code", code="code_wrong")
        _mark_verified(contact, now)
        actor = actors.investor(contact.investor_id, ip=ip)
        record(
            action="selfservice.signed_in",
            actor=actor,
            now=now,
            subjects=Subjects(investor=contact.investor_id),
            payload={"by": row.kind},
        )
    return contact.investor


def _contact_of(typed: str) -> tuple[str, str]:
    kind = "email" if "@" in typed or "＠" in typed else "phone"
    try:
        normal = normal_email(typed.strip()) if kind == "email" else normal_phone(typed)
    except Refused:
        normal = ""
    if not normal:
        raise InvalidInput(
            gettext_lazy("This is neither an e-mail address nor a phone number."),
            field="contact",
            code="contact_unreadable",
        )
    return kind, normal


def _candidates(kind: str, value_hash: bytes) -> QuerySet[ContactPoint]:
    """Contacts in use, of active investors, that a code may go to."""
    return (
        ContactPoint.objects.filter(
            kind=kind, value_hash=value_hash, rank=0, investor__status=Investor.Status.ACTIVE
        )
        .exclude(state=ContactPoint.State.SUPPRESSED)
        .select_related("investor")
        .order_by("id")
    )


def _counted_try(code_id: UUID, now: dt.datetime) -> InvestorLoginCode | None:
    """Count a try in a transaction of its own, so that a refusal cannot undo the counting."""
    counted = InvestorLoginCode.objects.filter(
        pk=code_id, used_at=None, expires_at__gt=now, attempts__lt=MAX_ATTEMPTS
    ).update(attempts=F("attempts") + 1)
    return InvestorLoginCode.objects.get(pk=code_id) if counted else None


def _chosen(row: InvestorLoginCode, ref: str) -> ContactPoint | None:
    """The contact of the investor to sign in; None when it takes a customer number to tell."""
    found = list(_candidates(row.kind, bytes(row.value_hash)))
    if row.contact is not None and len(found) == 1:
        return found[0]
    if not found:
        raise InvalidInput(_WRONG, field="code", code="code_wrong")
    try:
        wanted = vault.ref_hash(normal_ref(ref)) if ref else b""
    except Refused:
        wanted = b""
    return next((each for each in found if bytes(each.investor.ref_hash) == wanted), None)


def _refused(row: InvestorLoginCode, now: dt.datetime) -> None:
    subjects = Subjects(investor=row.contact.investor_id) if row.contact else NO_SUBJECTS
    with transaction.atomic():
        record(
            action="selfservice.code_refused",
            actor=_SELF,
            now=now,
            subjects=subjects,
            payload={"by": row.kind, "attempt": row.attempts},
        )


def _mark_verified(contact: ContactPoint, now: dt.datetime) -> None:
    """Who could read the code holds the contact (I9)."""
    if contact.state == ContactPoint.State.UNVERIFIED:
        services.set_contact_state(
            contact_id=contact.pk, state=ContactPoint.State.VERIFIED, actor=_SELF, now=now
        )


def _message(row: InvestorLoginCode, investor: Investor, code: str) -> base.Outgoing:
    assert row.contact is not None
    key = sealing.key_of(investor.pk)
    minutes = int(LIFETIME.total_seconds() // 60)
    with translation.override(interface_language(investor.language)):
        subject = _("Your sign-in code")
        text = _(
            "%(code)s is your sign-in code. It is valid for %(minutes)d minutes. We never ask "
            "you for it; if you did not ask for it, ignore this message."
        ) % {"code": code, "minutes": minutes}
    return base.Outgoing(
        delivery_id=row.id,
        notice_id=row.id,
        investor_id=investor.pk,
        idempotency_key=f"{row.id}.0",
        to=vault.open_contact(key, bytes(row.contact.value_sealed)),
        subject=subject,
        text=text,
        html="",
        language=investor.language,
        headers={PURPOSE_HEADER: "sign-in"} if row.kind == "email" else {},
    )


def interface_language(language: str) -> str:
    """The language of the pages for an investor's: Chinese of either script, else English."""
    return "zh-hans" if language.startswith("zh") else "en"


def _hash(code_id: UUID, code: str) -> bytes:
    return crypto.blind_index("me.code", f"{code_id}:{code}")


def _ring(code_id: UUID) -> None:
    try:
        current_app.send_task("portal.tasks.send_sign_in_code", args=[str(code_id)], retry=False)
    except Exception:  # the answer must not tell a working broker from a broken one
        log.exception("the broker did not take a sign-in code")
