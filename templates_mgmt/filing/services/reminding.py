"""Mails to reviewers about what is overdue: one mail a person and day, each version named in it
once a day at most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.leaf import Subjects
from audit.record import record
from core.actor import system
from core.models import User
from templates_mgmt.filing.due import Due, due_mails
from templates_mgmt.filing.models import ReminderMail

ACTOR = system("reviews")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to a member of staff. The same `key` is the same mail."""

    key: UUID
    to: str
    language: str
    subject: str
    text: str


Send = Callable[[Mail], str]  # "" when the mail server took it, else a short code of why not


def mail_overdue(*, send: Send, now: dt.datetime) -> int:
    """Write to every reviewer with an address about the reviews that are overdue and the
    re-reviews that are open, where he or she could decide; returns how many mails were taken.

    A mail is claimed before it is handed over and never sent twice: what became of one that was
    interrupted stays blank, and the next day brings another. Runs daily and may run at any time.
    """
    sent = 0
    for person, items in due_mails(now).items():
        rows = claim_mail(person=person, items=items, now=now)
        if rows:
            code = send(_written(person, [item for item in items if item.version.pk in rows], rows))
            settle_mail(person=person, rows=rows.values(), code=code, now=now)
            sent += not code
    return sent


@transaction.atomic
def claim_mail(*, person: User, items: Iterable[Due], now: dt.datetime) -> dict[UUID, ReminderMail]:
    """Note that a person is being written to today about versions that were not yet in a mail to
    her today; by version. Records `template.reminder_prepared` when there are any."""
    made: dict[UUID, ReminderMail] = {}
    for item in items:
        row, new = ReminderMail.objects.get_or_create(
            version=item.version, user=person, day=now.date(), defaults={"at": now}
        )
        if new:
            made[item.version.pk] = row
    if made:
        record(
            action="template.reminder_prepared",
            actor=ACTOR,
            now=now,
            subjects=Subjects(staff=person.pk),
            payload={"versions": sorted(str(pk) for pk in made)},
        )
    return made


@transaction.atomic
def settle_mail(*, person: User, rows: Iterable[ReminderMail], code: str, now: dt.datetime) -> None:
    """Note whether the mail server took the mail; `code` is blank when it did."""
    kept = list(rows)
    ReminderMail.objects.filter(pk__in=[row.pk for row in kept]).update(
        outcome="failed" if code else "accepted", code=code[:80]
    )
    record(
        action="template.reminder_failed" if code else "template.reminder_mailed",
        actor=ACTOR,
        now=now,
        subjects=Subjects(staff=person.pk),
        payload={"versions": sorted(str(row.version_id) for row in kept), "code": code},
    )


def _written(person: User, items: list[Due], rows: dict[UUID, ReminderMail]) -> Mail:
    """The mail in the reader's language, with times in her zone."""
    with translation.override(person.language), timezone.override(person.time_zone):
        lines = [_line(item) for item in items]
        subject = ngettext("%(n)s review waits for you", "%(n)s reviews wait for you", len(lines))
        text = "\n".join([
            _("These are overdue and you can decide about them:"), "", *lines, "",
            settings.PUBLIC_URL + reverse("review-queue"), "",
            _("You get this mail once a day as long as something is overdue."),
        ])  # fmt: skip
    key = min(row.pk for row in rows.values())
    return Mail(key, person.email, person.language, subject % {"n": len(lines)}, text)


def _line(item: Due) -> str:
    since = timezone.localtime(item.since).strftime("%Y-%m-%d %H:%M %Z")
    words = _("re-review open since %(at)s") if item.again else _("to be decided by %(at)s")
    return f"• {item.version} – {words % {'at': since}}"
