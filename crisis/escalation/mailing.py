"""The e-mails of calls: each claimed under a lease, handed over outside any transaction, settled.

A call whose page has been answered meanwhile is not claimed; the database refuses it too. A worker
that dies between handing over and settling leaves the outcome open: the e-mail goes out again with
the same Message-ID, because a summons twice is better than none.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from email.utils import format_datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from audit.leaf import Subjects
from audit.record import record
from comms.channels import mime
from comms.channels.email import Relay
from core.errors import Misconfigured
from crisis.escalation.models import Call
from crisis.escalation.rules import MAIL_LEASE, MAIL_TRIES, PAGE_ANSWERABLE, Mail
from crisis.escalation.services import CALLER

log = logging.getLogger(__name__)


def send_waiting(*, now: dt.datetime) -> int:
    """Send every e-mail that is queued, or was left behind by a worker; answers how many left."""
    sent = 0
    while (call := _claim(now=now)) is not None:
        try:
            _hand_over(call)
        except (OSError, smtplib.SMTPException, ValueError, Misconfigured) as error:
            log.warning("the e-mail of call %s did not leave: %s", call.pk, type(error).__name__)
            _settle(call.pk, taken=False, problem=type(error).__name__, now=now)
        else:
            _settle(call.pk, taken=True, problem="", now=now)
            sent += 1
    return sent


@transaction.atomic
def _claim(*, now: dt.datetime) -> Call | None:
    """The next call whose e-mail is to be sent, leased to this worker."""
    left_behind = Q(mail=Mail.SENDING, mail_lease__lte=now)
    call = (
        Call.objects.select_for_update(of=("self", "page"), skip_locked=True)
        .select_related("page__incident", "person")
        .filter(Q(mail=Mail.QUEUED) & (Q(mail_lease=None) | Q(mail_lease__lte=now)) | left_behind)
        .filter(page__state__in=sorted(PAGE_ANSWERABLE), mail_tries__lt=MAIL_TRIES)
        .order_by("pk")
        .first()
    )
    if call is None:
        return None
    call.mail, call.mail_tries = Mail.SENDING.value, call.mail_tries + 1
    call.mail_lease = now + dt.timedelta(seconds=MAIL_LEASE)
    call.save(update_fields=["mail", "mail_tries", "mail_lease"])
    return call


@transaction.atomic
def _settle(call_id: UUID, *, taken: bool, problem: str, now: dt.datetime) -> None:
    """Note what became of an e-mail; one that failed is tried again later, a few times."""
    call = (
        Call.objects.select_for_update(of=("self",))
        .select_related("page__incident")
        .get(pk=call_id)
    )
    again = not taken and call.mail_tries < MAIL_TRIES
    state = Mail.SENT if taken else Mail.QUEUED if again else Mail.FAILED
    if again and call.page.state not in PAGE_ANSWERABLE:
        state = Mail.DROPPED
    lease = now + dt.timedelta(seconds=10 * 2**call.mail_tries) if again else None
    Call.objects.filter(pk=call_id).update(mail=state.value, mail_lease=lease)
    incident = call.page.incident
    record(
        action="call.mailed",
        actor=CALLER,
        now=now,
        subjects=Subjects(incident=incident.pk, staff=call.person_id),
        payload={
            "code": incident.code, "exercise": incident.exercise, "call": str(call.pk),
            "outcome": state.value, "try": call.mail_tries, "problem": problem,
        },
    )  # fmt: skip


def _hand_over(call: Call) -> None:
    """One SMTP session; raises OSError, SMTPException, ValueError or Misconfigured."""
    address = mime.plain_address(call.person.email)
    content = mail_of(call)
    smtp = Relay.parse(settings.SMTP_URL).connect()
    try:
        smtp.sendmail(mime.mailbox(settings.MAIL_FROM)[1], [address], content)
    finally:
        smtp.close()


def mail_of(call: Call) -> bytes:
    """The e-mail in the language of the person called. Its link leads to a page with a button:
    opening it, as scanners do, acknowledges nothing."""
    incident, person = call.page.incident, call.person
    with translation.override(person.language), timezone.override(person.time_zone):
        mark = _("[EXERCISE] ") if incident.exercise else ""
        words = {
            "mark": mark,
            "role": call.page.role_name,
            "code": incident.code,
            "title": incident.title,
            "until": date_format(timezone.localtime(call.until), "Y-m-d H:i"),
            "zone": person.time_zone,
            "link": settings.PUBLIC_URL + reverse("call-detail", args=[call.pk]),
        }
        subject = _("%(mark)sYou are called: %(code)s %(title)s") % words
        text = (
            _(
                "%(mark)sYou are called for “%(role)s” in incident %(code)s: %(title)s\n\n"
                "Acknowledge or decline here, signed in:\n%(link)s\n\n"
                "Without an answer the next person is called at %(until)s (%(zone)s)."
            )
            % words
        )
    identity = f"call-{call.pk}@{settings.MAIL_DOMAIN}"
    headers = [
        ("From", mime.mailbox(settings.MAIL_FROM)[0]),
        ("To", mime.plain_address(person.email)),
        ("Subject", mime.unstructured(subject)),
        ("Date", format_datetime(call.at)),
        ("Message-ID", f"<{identity}>"),
        ("Auto-Submitted", "auto-generated"),
        ("Importance", "high"),
        ("Content-Language", mime.one_line(person.language)),
    ]
    return mime.message(headers, text=text, html="", identity=identity)
