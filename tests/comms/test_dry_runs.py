"""Dry runs are made while nobody holds the notice, and a release says which one it accepted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import ProgrammingError, connection

from comms import audience
from comms.dryruns.models import DryRun
from comms.dryruns.services import VALID_FOR, make_dry_run
from comms.models import Notice
from comms.services import notices
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, NotFound
from tests.builders import (
    actor_of,
    dispatcher,
    make_investor,
    make_investors,
    make_notice,
    make_user,
    releaser,
)
from tests.core.builders import last_record

pytestmark = pytest.mark.django_db(transaction=True)


def submitted() -> Notice:
    actor = dispatcher()
    notice = make_notice(actor=actor)
    return notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())


def look(notice: Notice, actor: Actor) -> DryRun:
    return make_dry_run(notice_id=notice.pk, actor=actor, now=clock.now())[0]


def release(notice: Notice, actor: Actor, *, now: dt.datetime | None = None, **given) -> Notice:
    return notices.release_notice(notice_id=notice.pk, actor=actor, now=now or clock.now(), **given)


def test_a_difference_that_nobody_accepted_refuses_the_release(null_providers):
    make_investors(2)
    notice = submitted()
    make_investor()
    with pytest.raises(Conflict) as refused:
        release(notice, releaser())
    assert refused.value.code == "audience_changed"
    assert refused.value.details["changed"]["candidates"] == [2, 3]
    notice.refresh_from_db()
    assert notice.state == "ready"


def test_an_accepted_difference_is_recorded(null_providers):
    make_investors(2)
    notice, actor = submitted(), releaser()
    make_investor()
    shown = look(notice, actor)
    release(notice, actor, dry_run_id=shown.pk)
    facts = last_record("notice.released").facts
    assert facts["accepted"] == str(shown.pk)
    assert facts["changed"]["candidates"] == [2, 3]
    assert facts["changed"]["by_channel.sms.queued"] == [2, 3]


def test_the_release_does_not_go_through_the_audience_again(null_providers, monkeypatch):
    make_investors(2)
    notice, actor = submitted(), releaser()
    shown = look(notice, actor)
    monkeypatch.setattr(audience, "page_after", lambda *_args: pytest.fail("read the audience"))
    assert release(notice, actor, dry_run_id=shown.pk).state == "released"


@pytest.mark.parametrize("step", ["submit", "release"])
def test_the_audience_is_read_while_nobody_holds_the_notice(null_providers, monkeypatch, step):
    make_investors(2)
    preparer = dispatcher()
    notice = submitted() if step == "release" else make_notice(actor=preparer)
    original, asked = audience.page_after, []

    def page_after(*args, **options):
        asked.append(connection.in_atomic_block)
        return original(*args, **options)

    monkeypatch.setattr(audience, "page_after", page_after)
    if step == "release":
        release(notice, releaser())
    else:
        notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    assert asked and not any(asked)


def test_an_old_dry_run_or_one_of_another_notice_is_no_acceptance(null_providers):
    make_investors(2)
    notice, other, actor = submitted(), submitted(), releaser()
    shown = look(notice, actor)
    with pytest.raises(NotFound):
        release(other, actor, dry_run_id=shown.pk)
    later = shown.made_at + VALID_FOR + dt.timedelta(seconds=1)
    with pytest.raises(Conflict) as refused:
        release(notice, releaser().with_step_up(later), now=later, dry_run_id=shown.pk)
    assert refused.value.code == "stale_dry_run"


def test_a_notice_changed_since_is_not_the_one_that_was_shown(null_providers):
    make_investors(2)
    notice, actor = submitted(), releaser()
    shown = look(notice, actor)
    preparer = actor_of(notice.prepared_by)
    notices.take_back(notice_id=notice.pk, reason="wrong time", actor=preparer, now=clock.now())
    notices.change_notice(
        notice_id=notice.pk,
        audience={"everyone": True},
        values={"since": "10:30"},
        criticality="important",
        channels={"parallel": ["sms"]},
        reason="right time",
        actor=preparer,
        now=clock.now(),
    )
    notices.submit_notice(notice_id=notice.pk, actor=preparer, now=clock.now())
    with pytest.raises(Conflict) as refused:
        release(notice, actor, dry_run_id=shown.pk)
    assert refused.value.code == "stale_dry_run"


def test_a_dry_run_needs_the_right_to_see_the_notice(null_providers):
    make_investors(1)
    notice = submitted()
    with pytest.raises(Forbidden):
        make_dry_run(notice_id=notice.pk, actor=actor_of(make_user()), now=clock.now())


def test_a_dry_run_cannot_be_rewritten(null_providers):
    make_investors(1)
    notice = submitted()
    shown = look(notice, releaser())
    with pytest.raises(ProgrammingError, match="permission denied"):
        DryRun.objects.filter(pk=shown.pk).update(summary={})
