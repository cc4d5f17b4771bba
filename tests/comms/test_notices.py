"""From draft to release: what is refused, by whom, and what is written."""

from __future__ import annotations

import copy
import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Record
from comms.models import Delivery, Exclusion, Notice
from comms.services import closing, notices, planning
from core import clock
from core.errors import (
    Conflict,
    Forbidden,
    FourEyesViolation,
    IllegalTransition,
    InvalidInput,
    NotFound,
    StepUpRequired,
)
from core.models import User
from core.roles import Role
from templates_mgmt import services as templates
from tests.builders import (
    CRITICAL,
    actor_of,
    approved_template,
    dispatcher,
    make_investor,
    make_investors,
    make_line,
    make_notice,
    make_planned,
    make_released,
    make_user,
    releaser,
    send_all,
)
from tests.core.builders import last_record
from tests.recorded import recorded
from tests.templates_mgmt.builders import FACTS, make_submitted, reviewer

pytestmark = pytest.mark.django_db(transaction=True)


def submit(notice: Notice, actor=None) -> Notice:
    actor = actor or actor_of(notice.prepared_by)
    return notices.submit_notice(notice_id=notice.pk, actor=actor, now=clock.now())


def release(notice: Notice, actor) -> Notice:
    return notices.release_notice(notice_id=notice.pk, actor=actor, now=clock.now())


def test_a_notice_pins_the_approved_words_and_its_audience(null_providers):
    version = approved_template()
    notice = make_notice(version)
    assert (notice.content_hash, notice.state) == (version.content_hash, "draft")
    assert notice.audience == {"everyone": True, "line": "retail"}
    assert notice.title == "交易系统中断"
    facts = last_record("notice.created").facts
    assert (facts["content_hash"], facts["audience"]) == (notice.content_hash, notice.audience)


def test_a_title_taken_from_the_wording_is_filled_in():
    words = copy.deepcopy(FACTS)
    words["zh-hans"]["title"] = "{{ name }}您好：{{ since }} 起交易暂停"
    words["en"]["title"] = "{{ name }}: trading is down since {{ since }}"
    assert make_notice(approved_template(facts=words)).title == "…您好：09:30 起交易暂停"


def test_words_that_nobody_approved_cannot_be_used(null_providers):
    with pytest.raises(Conflict) as refused:
        make_notice(make_submitted())
    assert refused.value.code == "unapproved_content"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"values": {}}, "values.since"),
        ({"values": {"since": " "}}, "values.since"),
        ({"values": {"since": "9", "until": "10"}}, "values.until"),
        ({"criticality": "dire"}, "criticality"),
        ({"reason": ""}, "reason"),
        ({"audience": {}}, "audience"),
        ({"audience": {"line": "wealth"}}, "audience.line"),
        ({"audience": {"ages": [1]}}, "audience.ages"),
        ({"channels": {"parallel": []}}, "channels.parallel"),
        ({"criticality": "critical", "channels": {"parallel": ["sms", "inbox"]}}, "channels"),
    ],
)
def test_a_bad_draft_names_the_field(null_providers, changes, field):
    make_line("wealth", "Wealth")
    version = approved_template()
    with pytest.raises(InvalidInput) as refused:
        make_notice(version, **changes)
    assert refused.value.field.startswith(field) and not Notice.objects.exists()


def test_release_plans_everyone_of_the_line_and_says_who_is_left_out(null_providers):
    make_investors(3)
    without = make_investor(consents=("inbox",))
    notice = make_planned()
    assert notice.state == "sending" and notice.planned_at
    assert Delivery.objects.filter(notice=notice, state="queued").count() == 3
    assert list(Exclusion.objects.values_list("investor", "channel", "reason")) == [
        (without.pk, "sms", "no_consent")
    ]
    assert notice.counts["excluded"] == {"sms/no_consent": 1}
    assert last_record("notice.excluded").facts == {"channel": "sms", "reason": "no_consent"}


def test_planning_again_finds_nothing_left(null_providers):
    make_investors(3)
    notice = make_planned()
    before = set(Delivery.objects.values_list("pk", flat=True)), Record.objects.count()
    assert planning.plan_notice(notice_id=notice.pk, now=clock.now()) == 0
    assert (set(Delivery.objects.values_list("pk", flat=True)), Record.objects.count()) == before


def test_planning_goes_on_where_a_dead_worker_stopped(null_providers, monkeypatch):
    make_investors(5)
    notice = make_released()
    monkeypatch.setattr("comms.audience.PAGE", 2)
    monkeypatch.setattr("comms.audience.page_after.__defaults__", (2,))

    class Stop(BaseException):
        pass

    def stop(total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        planning.plan_notice(notice_id=notice.pk, now=clock.now(), progress=stop)
    assert Delivery.objects.count() == 2
    assert planning.plan_notice(notice_id=notice.pk, now=clock.now()) == 3
    assert Delivery.objects.values("investor").distinct().count() == 5


def test_the_preparer_cannot_release_not_even_with_every_role(null_providers):
    make_investor()
    user = make_user(Role.DISPATCHER, Role.RELEASER, lines=[make_line()])
    with recorded():
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    notice = submit(make_notice(actor=actor_of(user)))
    with pytest.raises(FourEyesViolation):
        release(notice, actor_of(user))
    assert release(notice, releaser()).state == "released"


def test_nor_can_whoever_submitted_it(null_providers):
    make_investor()
    other = make_user(Role.DISPATCHER, Role.RELEASER, lines=[make_line()])
    notice = submit(make_notice(), actor_of(other))
    with pytest.raises(FourEyesViolation):
        release(notice, actor_of(other))


def test_release_needs_the_right_the_line_and_a_fresh_second_factor(null_providers):
    make_investor()
    notice = submit(make_notice())
    stale = releaser().with_step_up(clock.now() - dt.timedelta(minutes=6))
    elsewhere = actor_of(make_user(Role.RELEASER, lines=[make_line("wealth", "Wealth")]))
    for actor, error in [(dispatcher(), Forbidden), (elsewhere, NotFound), (stale, StepUpRequired)]:
        with pytest.raises(error):
            release(notice, actor)
    assert release(notice, releaser()).state == "released"


@pytest.mark.parametrize(
    "change",
    [
        "state = 'released', released_by_id = prepared_by_id, released_at = now()",
        "state = 'released', released_by_id = submitted_by_id, released_at = now()",
        "state = 'released'",
        "state = 'sending'",
        "audience = '{}'",
        "content_hash = repeat('0', 64)",
        "prepared_by_id = gen_random_uuid()",
    ],
)
def test_raw_sql_meets_the_same_rules(null_providers, change):
    make_investor()
    notice = submit(make_notice())
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE comms_notice SET {change} WHERE id = %s", [notice.pk])
    notice.refresh_from_db()
    assert notice.state == "ready"


def test_raw_sql_cannot_add_deliveries_or_touch_what_happened(null_providers):
    make_investor()
    notice = make_planned()
    send_all()
    copied = (
        "INSERT INTO comms_delivery SELECT (jsonb_populate_record(d, jsonb_build_object('id', "
        "gen_random_uuid(), 'channel', 'inbox', 'state', 'queued'))).* FROM comms_delivery d"
    )
    for statement in (
        copied,
        "UPDATE comms_delivery SET state = 'queued'",
        "UPDATE comms_delivery SET evidence = 0",
        "DELETE FROM comms_delivery",
        "UPDATE comms_deliveryevent SET kind = 'opened'",
        "DELETE FROM comms_exclusion",
        "INSERT INTO comms_tally (notice, channel, state, evidence, delta, at) "
        "VALUES (gen_random_uuid(), 'sms', 'accepted', 10, 5, now())",
    ):
        refused = pytest.raises(Exception, match=r"denied|illegal|released notice|append-only")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Delivery.objects.filter(notice=notice).count() == 1


def test_a_release_is_refused_with_the_list_of_who_lacks_a_value(null_providers):
    make_investor()
    nameless = make_investor(name=" ")
    notice = make_notice()
    with pytest.raises(InvalidInput) as refused:
        submit(notice)
    assert refused.value.details == {
        "missing": {"name": 1},
        "who": [{"investor": str(nameless.pk), "channel": "sms", "reason": "missing_value:name"}],
    }
    notice.refresh_from_db()
    assert notice.state == "draft"


def test_a_release_that_reaches_nobody_is_refused(null_providers):
    make_investor(consents=())
    with pytest.raises(InvalidInput) as refused:
        submit(make_notice())
    assert (refused.value.code, refused.value.details["excluded"]) == (
        "nobody",
        {"sms/no_consent": 1},
    )


def test_everything_is_checked_again_at_the_release(null_providers):
    make_investor()
    version = approved_template()
    notice = submit(make_notice(version))
    templates.recall(version_id=version.pk, reason="wrong", actor=reviewer(), now=clock.now())
    with pytest.raises(Conflict):
        release(notice, releaser())


def test_the_preview_shows_the_split_who_is_hard_to_reach_and_a_sample(null_providers):
    make_investors(2)
    alone = make_investor(consents=("inbox",))
    notice = make_notice(criticality="critical", channels=CRITICAL)
    preview = notices.preview_audience(
        notice_id=notice.pk, actor=actor_of(notice.prepared_by), now=clock.now()
    )
    assert preview.by_channel["sms"] == {"queued": 2}
    assert preview.by_channel["inbox"] == {"queued": 3}
    assert preview.by_channel["email"] == {"standby": 2}
    assert preview.excluded["sms", "no_consent"] == preview.excluded["email", "no_consent"] == 1
    assert (preview.unreachable, preview.unreachable_who) == (1, [alone.pk])
    text = next(s.text for s in preview.samples if (s.channel, s.language) == ("sms", "zh-hans"))
    assert "张三您好，网上交易自09:30起暂停" in text and notice.code in text
    assert preview.cost_fen > 0 and not Delivery.objects.exists()


def test_a_submitted_notice_goes_back_before_it_changes(null_providers):
    make_investor()
    notice = submit(make_notice())
    actor = actor_of(notice.prepared_by)
    given = {
        "audience": {"everyone": True},
        "values": {"since": "10:00"},
        "criticality": "routine",
        "channels": {"parallel": ["sms"]},
        "reason": "later",
    }
    with pytest.raises(Conflict):
        notices.change_notice(notice_id=notice.pk, actor=actor, now=clock.now(), **given)
    with pytest.raises(InvalidInput):
        notices.take_back(notice_id=notice.pk, reason="", actor=actor, now=clock.now())
    notices.take_back(notice_id=notice.pk, reason="time", actor=actor, now=clock.now())
    with pytest.raises(Forbidden):
        notices.change_notice(notice_id=notice.pk, actor=dispatcher(), now=clock.now(), **given)
    changed = notices.change_notice(notice_id=notice.pk, actor=actor, now=clock.now(), **given)
    assert (changed.values, changed.criticality) == ({"since": "10:00"}, "routine")


def test_a_cancelled_notice_ends_what_is_open_and_leaves_what_was_sent(null_providers):
    make_investors(3)
    notice = make_planned()
    from comms.services import sending

    sending.send_batch(worker="test", now=clock.now(), limit=1)
    notices.cancel_notice(notice_id=notice.pk, reason="wrong", actor=releaser(), now=clock.now())
    assert send_all() == 0
    assert closing.cancel_open(now=clock.now()) == 2
    assert closing.finish_notices(now=clock.now()) == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == [
        "accepted",
        "cancelled",
        "cancelled",
    ]
    with pytest.raises(IllegalTransition):
        notices.resume_notice(notice_id=notice.pk, reason="oops", actor=releaser(), now=clock.now())


def test_a_correction_goes_to_exactly_those_who_got_it(null_providers):
    got = set(make_investors(2))
    version = approved_template()
    original = make_planned(version)
    actor = actor_of(original.prepared_by)

    def correct():
        return notices.correct_notice(
            notice_id=original.pk,
            version_id=version.pk,
            values={"since": "10:00"},
            reason="the time was wrong",
            actor=actor,
            now=clock.now(),
        )

    with pytest.raises(Conflict):
        correct()
    send_all()
    closing.finish_notices(now=clock.now())
    make_investor()
    correction = submit(correct(), actor)
    release(correction, releaser())
    planning.plan_notice(notice_id=correction.pk, now=clock.now())
    assert set(correction.deliveries.values_list("investor", flat=True)) == got
    assert correction.corrects == original
