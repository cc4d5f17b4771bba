"""Mails about overdue reviews: to whom, how often, and what is kept of them."""

from __future__ import annotations

import datetime as dt

import pytest

from comms import staff_mail
from comms.channels import base
from core import clock
from core.models import User
from core.roles import Role
from templates_mgmt.filing import services as filings
from templates_mgmt.filing.models import ReminderMail
from templates_mgmt.reviewing import services as reviewing
from tests.core.builders import actor_of, last_record, make_line, make_user
from tests.templates_mgmt.builders import make_submitted
from tests.templates_mgmt.filing import approve, days, make_filed

pytestmark = pytest.mark.django_db
LATE = days(30)


def reviewer(email: str = "", *, line: str = "retail", language: str = "en") -> User:
    """A reviewer with an address of her own."""
    user = make_user(Role.REVIEWER, lines=[make_line(line, line.title())])
    user.email, user.language = email or f"{user.username}@example.com", language
    user.save()
    return user


class Box:
    """Takes mails; refuses those to `refused` with a code."""

    def __init__(self, refused: str = "") -> None:
        self.mails: list[filings.Mail] = []
        self.refused = refused

    def __call__(self, mail: filings.Mail) -> str:
        self.mails.append(mail)
        return "recipient_refused" if mail.to == self.refused else ""

    @property
    def to(self) -> list[str]:
        return sorted(mail.to for mail in self.mails)


def remind(box: Box, after: dt.timedelta = LATE) -> int:
    return filings.mail_overdue(send=box, now=clock.now() + after)


def test_every_reviewer_who_may_decide_gets_one_mail_that_names_all():
    first, second = make_submitted(name="Outage"), make_submitted(code="margin", name="Margin")
    one, two, box = reviewer(), reviewer(), Box()
    assert remind(box) == 2 and box.to == sorted([one.email, two.email])
    text = box.mails[0].text
    assert "Outage v1" in text and "Margin v1" in text and "/templates/reviews/" in text
    assert box.mails[0].subject == "2 reviews wait for you"
    rows = ReminderMail.objects.values_list("version", "outcome")
    assert sorted(rows) == sorted([(v.pk, "accepted") for v in (first, second)] * 2)


def test_what_is_not_overdue_brings_no_mail():
    make_submitted()
    reviewer()
    assert remind(Box(), dt.timedelta()) == 0 and not ReminderMail.objects.exists()


def test_once_a_day_and_version_however_often_it_runs():
    make_submitted()
    reviewer()
    box = Box()
    assert [remind(box), remind(box), remind(box, LATE + days(1))] == [1, 0, 1]
    make_submitted(code="later", name="Later")
    assert remind(box, LATE + days(1)) == 1  # only what was not yet in a mail of that day
    assert "Later v1" in box.mails[-1].text and "Outage" not in box.mails[-1].text


def test_nobody_else_is_written_to():
    mine = reviewer()
    version = make_submitted(actor=None)
    author = User.objects.get(pk=version.created_by_id)
    author.email = "author@example.com"
    author.save()
    reviewer(line="wealth")
    no_address = reviewer()
    User.objects.filter(pk=no_address.pk).update(email="")
    gone = reviewer()
    User.objects.filter(pk=gone.pk).update(is_active=False)
    box = Box()
    remind(box)
    assert box.to == [mine.email]


def test_whoever_took_the_review_is_written_to_alone():
    version = make_submitted()
    one, _two = reviewer(), reviewer()
    reviewing.take(version_id=version.pk, actor=actor_of(one), now=clock.now())
    box = Box()
    remind(box)
    assert box.to == [one.email]


def test_an_open_re_review_is_a_reason_too_and_closing_it_ends_the_mails():
    version = approve(make_filed(review_due=clock.now().date() + days(1)))
    filings.open_due(now=clock.now() + days(2))
    one, box = reviewer(), Box()
    remind(box)
    assert "re-review open since" in box.mails[0].text and version.template.name in (
        box.mails[0].text
    )
    row = version.rereviews.get()
    actor = actor_of(one)
    filings.keep(rereview_id=row.pk, reason="still right", actor=actor, now=clock.now())
    assert remind(box, LATE + days(1)) == 0


def test_a_mail_is_in_the_reader_s_language():
    make_submitted()
    reviewer(language="zh-hans")
    box = Box()
    remind(box)
    assert box.mails[0].language == "zh-hans"


def test_what_the_mail_server_refuses_is_recorded_without_an_address():
    make_submitted()
    one = reviewer()
    assert remind(Box(refused=one.email)) == 0
    row = ReminderMail.objects.get()
    assert (row.outcome, row.code) == ("failed", "recipient_refused")
    written = last_record("template.reminder_failed")
    assert written.staff == one.pk and written.facts["code"] == "recipient_refused"
    assert one.email not in str(written.facts)


def test_an_interrupted_mail_is_not_sent_again_that_day():
    make_submitted()
    reviewer()

    def die(mail: filings.Mail) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filings.mail_overdue(send=die, now=clock.now() + LATE)
    assert ReminderMail.objects.get().outcome == ""
    box = Box()
    assert [remind(box), remind(box, LATE + days(1))] == [0, 1]


def test_the_mail_goes_over_the_provider_and_offers_no_way_to_unsubscribe(settings):
    from comms.channels.email import mime_of

    settings.CHANNEL_PROVIDERS = {"email": [{"name": "scripted", "kind": "scripted"}]}
    import tests.comms.scripted  # noqa: F401  registers the kind

    make_submitted()
    one = reviewer()
    assert filings.mail_overdue(send=staff_mail.send, now=clock.now() + LATE) == 1
    (given,) = base.provider("email").given  # type: ignore[attr-defined]
    assert given.to == one.email
    wire = mime_of(given, date="Sun, 22 Nov 2026 00:30:00 +0000")
    assert b"List-Unsubscribe" not in wire and b"Auto-Submitted: auto-generated" in wire
