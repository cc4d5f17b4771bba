"""A wording that is retired or recalled while a notice that uses it goes out."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from audit.models import Record
from comms.models import Delivery, Notice
from comms.services import closing, notices, planning, sending
from core import clock
from core.errors import Conflict
from templates_mgmt import services as templates
from tests.builders import (
    actor_of,
    approved_template,
    dispatcher,
    make_investors,
    make_notice,
    make_planned,
    make_released,
    releaser,
    send_all,
)
from tests.templates_mgmt.builders import reviewer

pytestmark = pytest.mark.django_db(transaction=True)


def retire(version) -> None:
    templates.retire(version_id=version.pk, reason="old", actor=reviewer(), now=clock.now())


def recall(version) -> None:
    templates.recall(version_id=version.pk, reason="wrong", actor=reviewer(), now=clock.now())


def states(notice: Notice) -> Counter[str]:
    return Counter(Delivery.objects.filter(notice=notice).values_list("state", flat=True))


def stop(notice: Notice) -> int:
    stopped = closing.stop_recalled(now=clock.now())
    closing.cancel_open(now=clock.now())
    closing.finish_notices(now=clock.now())
    notice.refresh_from_db()
    return stopped


def test_a_retired_wording_arrives_where_it_was_released(null_providers):
    make_investors(4)
    version = approved_template()
    notice = make_released(version)
    retire(version)
    planning.plan_notice(notice_id=notice.pk, now=clock.now())
    send_all()
    assert stop(notice) == 0
    assert (notice.state, states(notice)) == ("done", {"accepted": 4})


def test_a_retired_wording_starts_nothing_new(null_providers):
    make_investors(1)
    version = approved_template()
    actor = dispatcher()
    draft, ready = make_notice(version, actor=actor), make_notice(version, actor=actor)
    notices.submit_notice(notice_id=ready.pk, actor=actor, now=clock.now())
    retire(version)
    for step in (
        lambda: make_notice(version),
        lambda: notices.submit_notice(notice_id=draft.pk, actor=actor, now=clock.now()),
        lambda: notices.release_notice(notice_id=ready.pk, actor=releaser(), now=clock.now()),
    ):
        with pytest.raises(Conflict) as refused:
            step()
        assert refused.value.code == "unapproved_content"


def test_a_recall_stops_what_is_queued_and_says_what_had_gone(null_providers):
    make_investors(10)
    version = approved_template()
    notice = make_planned(version)
    send_all_but(notice, 7)
    recall(version)
    assert stop(notice) == 1
    assert (notice.state, states(notice)) == ("cancelled", {"accepted": 3, "cancelled": 7})
    assert notice.counts["recalled"] == {"gone": 3, "stopped": 7}
    told = json.loads(Record.objects.get(action="notice.recalled").payload)
    assert (told["gone"], told["stopped"]) == (3, 7)
    assert notice.finished_at is not None


def send_all_but(notice: Notice, kept: int) -> None:
    count = Delivery.objects.filter(notice=notice).count() - kept
    assert sending.send_batch(worker="test", now=clock.now(), limit=count) == count


def test_a_recall_between_two_calls_of_the_provider_stops_the_rest_of_the_batch(sms):
    make_investors(6)
    version = approved_template()
    notice = make_planned(version)
    sms.batch = 2
    sms.before = lambda: recall(version) if len(sms.given) == 2 else None
    send_all()
    assert len(sms.given) == 2
    assert stop(notice) == 1
    assert states(notice) == {"accepted": 2, "refused": 4}
    assert notice.counts["recalled"] == {"gone": 2, "stopped": 4}


def test_a_paused_notice_is_stopped_by_a_recall_as_well(null_providers):
    make_investors(2)
    version = approved_template()
    notice = make_planned(version)
    actor = actor_of(notice.released_by)
    notices.pause_notice(notice_id=notice.pk, reason="wait", actor=actor, now=clock.now())
    recall(version)
    assert stop(notice) == 1
    assert states(notice) == {"cancelled": 2}
