"""Stages and quorum, delegation, stale screens, comments: by the services and below them."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, NotFound
from core.models import User
from core.roles import Role
from templates_mgmt import services
from templates_mgmt.lexicon import services as lexicon
from templates_mgmt.lexicon.models import WordList
from templates_mgmt.models import Decision, TemplateVersion
from templates_mgmt.reviewing import rules, selectors
from templates_mgmt.reviewing import services as reviewing
from templates_mgmt.reviewing.models import Absence, Comment
from templates_mgmt.reviewing.rules import Approval, Stage
from tests.core.builders import actor_of, last_record, make_line, make_user
from tests.templates_mgmt.builders import author, make_draft, make_submitted, reviewer

DAY = dt.timedelta(days=1)
STAGES = [
    {"name": {"zh-hans": "合规", "en": "Compliance"}, "quorum": 2, "days": 1},
    {"name": {"zh-hans": "法务", "en": "Legal"}, "group": "legal", "days": 3},
]


def admin() -> Actor:
    return actor_of(make_user(Role.ADMINISTRATOR))


def person(actor: Actor) -> uuid.UUID:
    assert actor.user_id is not None
    return actor.user_id


def plan_of_two_stages(*legal: Actor, category: str = "risk") -> None:
    """Two of compliance, then one of legal, in force for risk alerts."""
    reviewing.set_group(
        code="legal", name="Legal", members=[person(each) for each in legal], actor=admin(),
        now=clock.now(),
    )  # fmt: skip
    first = reviewer()
    version = reviewing.new_plan(category=category, actor=first, now=clock.now())
    version = reviewing.save_plan(
        version_id=version.pk, stages=STAGES, actor=first, now=clock.now()
    )
    reviewing.submit_plan(version_id=version.pk, actor=first, now=clock.now())
    reviewing.approve_plan(
        version_id=version.pk, shown_hash=version.content_hash, actor=reviewer(), now=clock.now()
    )


def approve(version: TemplateVersion, by: Actor, **more) -> TemplateVersion:
    given = {"shown_hash": version.content_hash, "now": clock.now(), **more}
    return services.approve(version_id=version.pk, actor=by, **given)


@pytest.mark.django_db
def test_a_version_goes_through_every_stage_with_its_quorum():
    lawyer = reviewer()
    plan_of_two_stages(lawyer)
    version = make_submitted()
    assert approve(version, reviewer()).state == "in_review"
    assert approve(version, reviewer()).state == "in_review"
    open_now = next(row for row in selectors.standing_of(version) if row.open)
    assert (open_now.number, open_now.missing) == (1, 1)
    assert last_record("template.stage_approved").content["stage"] == 0
    assert approve(version, lawyer).state == "approved"
    assert last_record("template.approved").content["stage"] == 1


@pytest.mark.django_db
def test_nobody_counts_twice_and_only_the_group_speaks_for_legal():
    lawyer, first = reviewer(), reviewer()
    plan_of_two_stages(lawyer)
    version = make_submitted()
    approve(version, first)
    with pytest.raises(FourEyesViolation):
        approve(version, first)
    approve(version, reviewer())
    with pytest.raises(FourEyesViolation):
        approve(version, first)
    with pytest.raises(Forbidden) as refused:
        approve(version, reviewer())
    assert refused.value.code == "not_in_group"
    approve(version, lawyer)


@pytest.mark.django_db
def test_the_plan_is_frozen_when_a_version_is_submitted():
    version = make_submitted()
    plan_of_two_stages(reviewer())
    assert approve(version, reviewer()).state == "approved"
    assert len(make_submitted(code="next").review_plan) == 2


@pytest.mark.django_db
def test_a_delegate_sits_in_for_an_absent_member_while_she_is_away():
    lawyer, delegate, now = reviewer(), reviewer(), clock.now()
    plan_of_two_stages(lawyer)
    version = make_submitted()
    approve(version, reviewer())
    approve(version, reviewer())
    with pytest.raises(Forbidden):
        approve(version, delegate)
    away = reviewing.announce_absence(
        delegate_id=person(delegate), starts=now - DAY, ends=now + DAY, actor=lawyer, now=now
    )
    reviewing.end_absence(absence_id=away.pk, actor=lawyer, now=now)
    with pytest.raises(Forbidden):
        approve(version, delegate)
    reviewing.announce_absence(
        delegate_id=person(delegate), starts=now - DAY, ends=now + DAY, actor=lawyer, now=now
    )
    assert approve(version, delegate).state == "approved"
    decision = Decision.objects.get(version=version, user=delegate.user_id)
    assert decision.on_behalf_of_id == lawyer.user_id
    assert last_record("template.approved").content["on_behalf_of"] == str(lawyer.user_id)


@pytest.mark.django_db
def test_nobody_sits_in_for_a_contributor():
    drafting = actor_of(make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]))
    delegate, now = reviewer(), clock.now()
    plan_of_two_stages(drafting)
    version = make_submitted(drafting)
    approve(version, reviewer())
    approve(version, reviewer())
    reviewing.announce_absence(
        delegate_id=person(delegate), starts=now - DAY, ends=now + DAY, actor=drafting, now=now
    )
    with pytest.raises(IntegrityError, match="on behalf"), transaction.atomic():
        approve(version, delegate)


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["comment", "settle", "decision", "word list"])
def test_a_screen_that_is_not_true_any_more_cannot_approve(change):
    plan_of_two_stages(reviewer())
    version, by = make_submitted(), reviewer()
    remark = reviewing.comment(version_id=version.pk, text="why?", actor=by, now=clock.now())
    seen = selectors.screen_token(version)
    if change == "comment":
        reviewing.comment(version_id=version.pk, text="and?", actor=by, now=clock.now())
    elif change == "settle":
        reviewing.settle(comment_id=remark.pk, actor=by, now=clock.now())
    elif change == "decision":
        approve(version, reviewer())
    else:
        new_words_in_force()
    with pytest.raises(Conflict) as stale:
        approve(version, by, seen=seen)
    assert stale.value.code == "stale_screen"
    approve(version, by, seen=selectors.screen_token(version))


def new_words_in_force() -> None:
    first = reviewer()
    list_id = WordList.objects.get(code="pressure").pk
    version = lexicon.new_version(list_id=list_id, actor=first, now=clock.now())
    lexicon.save(
        version_id=version.pk, severity="warning", why=version.why, fix=version.fix,
        terms=["urgent"], exceptions=[], examples=[], actor=first, now=clock.now(),
    )  # fmt: skip
    version = lexicon.submit(version_id=version.pk, actor=first, now=clock.now())
    lexicon.approve(
        version_id=version.pk, shown_hash=version.content_hash, actor=reviewer(), now=clock.now()
    )


@pytest.mark.django_db
def test_a_review_is_taken_by_one_and_given_back():
    version, one, two = make_submitted(), reviewer(), reviewer()
    reviewing.take(version_id=version.pk, actor=one, now=clock.now())
    with pytest.raises(Conflict):
        reviewing.take(version_id=version.pk, actor=two, now=clock.now())
    with pytest.raises(Conflict):
        reviewing.give_up(version_id=version.pk, actor=two, now=clock.now())
    load = {each.person.pk: each.taken for each in selectors.loads(clock.now())}
    assert (load[person(one)], load[person(two)]) == (1, 0)
    reviewing.give_up(version_id=version.pk, actor=one, now=clock.now())
    reviewing.take(version_id=version.pk, actor=two, now=clock.now())
    drafter = actor_of(make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]))
    own = make_submitted(drafter, code="own")
    with pytest.raises(FourEyesViolation):
        reviewing.take(version_id=own.pk, actor=drafter, now=clock.now())


@pytest.mark.django_db
def test_the_queue_shows_the_late_first_in_a_constant_number_of_queries(
    django_assert_max_num_queries,
):
    by, now = reviewer(), clock.now()
    late = make_submitted(code="late")
    TemplateVersion.objects.filter(pk=late.pk).update(due_at=now - DAY)
    for number in range(5):
        make_submitted(code=f"more-{number}")
    make_draft(code="draft")
    with django_assert_max_num_queries(6):
        rows = selectors.queue(by, now)
    assert (rows[0].version, rows[0].overdue, len(rows)) == (late, True, 6)
    assert selectors.queue(by, now, only="late") == [rows[0]]
    stranger = actor_of(make_user(Role.REVIEWER))
    assert selectors.queue(stranger, now) == []
    with pytest.raises(Forbidden):
        selectors.queue(actor_of(make_user(Role.SUPERVISOR)), now)


@pytest.mark.django_db
def test_comments_keep_their_words_and_their_place():
    version, by = make_submitted(), reviewer()
    made = reviewing.comment(
        version_id=version.pk, place="sms/en/body", start=0, end=4, excerpt="{{ n",
        text="Name first?", actor=by, now=clock.now(),
    )  # fmt: skip
    reviewing.comment(version_id=version.pk, text="Yes", actor=author(), now=clock.now())
    assert [each.text for each in selectors.comments_of(version)] == ["Name first?", "Yes"]
    reviewing.settle(comment_id=made.pk, actor=by, now=clock.now())
    with pytest.raises(Conflict):
        reviewing.settle(comment_id=made.pk, actor=by, now=clock.now())
    for wrong in ({"text": " "}, {"text": "x", "start": 3}, {"text": "x", "start": 3, "end": 3}):
        with pytest.raises(InvalidInput):
            reviewing.comment(version_id=version.pk, actor=by, now=clock.now(), **wrong)
    draft = make_draft(code="draft")
    with pytest.raises(Conflict):
        reviewing.comment(version_id=draft.pk, text="x", actor=by, now=clock.now())


@pytest.mark.django_db
def test_an_absence_needs_another_reviewer_and_an_end():
    by, other, now = reviewer(), reviewer(), clock.now()

    def announce(delegate: uuid.UUID, starts: dt.timedelta, ends: dt.timedelta) -> Absence:
        return reviewing.announce_absence(
            delegate_id=delegate, starts=now + starts, ends=now + ends, actor=by, now=now
        )

    for wrong in (
        (person(by), -DAY, DAY),
        (person(author()), -DAY, DAY),
        (person(other), DAY, -DAY),
        (person(other), -2 * DAY, -DAY),
        (person(other), -DAY, 200 * DAY),
    ):
        with pytest.raises(InvalidInput):
            announce(*wrong)
    away = announce(person(other), -DAY, DAY)
    with pytest.raises(NotFound):
        reviewing.end_absence(absence_id=away.pk, actor=other, now=now)


@pytest.mark.django_db
def test_groups_are_set_by_administrators_from_active_reviewers():
    one = reviewer()
    with pytest.raises(Forbidden):
        reviewing.set_group(code="legal", name="L", members=[], actor=one, now=clock.now())
    with pytest.raises(InvalidInput) as refused:
        reviewing.set_group(
            code="legal", name="L", members=[person(author())], actor=admin(), now=clock.now()
        )
    assert refused.value.field == "members"
    for wrong in ({"code": "Bad!", "name": "L"}, {"code": "legal", "name": " "}):
        with pytest.raises(InvalidInput):
            reviewing.set_group(members=[], actor=admin(), now=clock.now(), **wrong)


@pytest.mark.django_db
def test_a_plan_needs_known_groups_names_and_numbers():
    by = reviewer()
    version = reviewing.new_plan(category="risk", actor=by, now=clock.now())
    good = STAGES[0]
    for wrong in (
        [],
        [good] * 7,
        [{**good, "group": "nobody"}],
        [{**good, "name": {"en": "only"}}],
        [{**good, "quorum": 0}],
        [{**good, "days": "soon"}],
    ):
        with pytest.raises(InvalidInput):
            reviewing.save_plan(version_id=version.pk, stages=wrong, actor=by, now=clock.now())
    with pytest.raises(NotFound):
        reviewing.new_plan(category="party", actor=by, now=clock.now())
    reviewing.submit_plan(version_id=version.pk, actor=by, now=clock.now())
    back = reviewing.return_plan(
        version_id=version.pk, reason="no", actor=reviewer(), now=clock.now()
    )
    assert back.state == "returned"


# --- below Python ---------------------------------------------------------------------------


def sql_refused(statement: str, *params: object) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def decide(version: TemplateVersion, by: uuid.UUID, **more) -> None:
    with transaction.atomic():
        Decision.objects.create(
            version=version, user_id=by, decision="approve", content_hash=version.content_hash,
            at=clock.now(), **more,
        )  # fmt: skip


@pytest.mark.django_db
def test_raw_rows_cannot_skip_a_stage_a_quorum_or_a_group():
    plan_of_two_stages(reviewer())
    version, one, two = make_submitted(), reviewer(), reviewer()
    with pytest.raises(IntegrityError, match="turn of stage 0"):
        decide(version, person(one), stage=1)
    decide(version, person(one))
    with pytest.raises(IntegrityError):
        decide(version, person(one))
    latest = Decision.objects.get(version=version)
    sql_refused(
        "UPDATE templates_mgmt_templateversion SET state = 'approved', decided_by_id = %s, "
        "decided_at = %s WHERE id = %s",
        latest.user_id, latest.at, version.pk,
    )  # fmt: skip
    decide(version, person(two))
    with pytest.raises(IntegrityError, match="members of the group"):
        decide(version, person(reviewer()), stage=1)
    with pytest.raises(IntegrityError):
        decide(version, person(reviewer()), stage=1, on_behalf_of_id=person(two))


@pytest.mark.django_db
def test_raw_sql_cannot_change_a_plan_a_comment_or_lengthen_an_absence():
    version, by, other, now = make_submitted(), reviewer(), reviewer(), clock.now()
    reviewing.comment(version_id=version.pk, text="x", actor=by, now=now)
    reviewing.announce_absence(
        delegate_id=person(other), starts=now, ends=now + DAY, actor=by, now=now
    )
    sql_refused("UPDATE templates_mgmt_templateversion SET review_plan = '[]'")
    sql_refused("UPDATE templates_mgmt_comment SET text = 'y'")
    sql_refused("DELETE FROM templates_mgmt_comment")
    sql_refused("UPDATE templates_mgmt_absence SET ends = ends + interval '1 day'")
    sql_refused("DELETE FROM templates_mgmt_absence")
    assert Comment.objects.get().text == "x"
    assert User.objects.get(pk=by.user_id).absences.count() == 1


START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

# --- rules ----------------------------------------------------------------------------------

PEOPLE = [uuid.UUID(int=number) for number in range(6)]


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 3)), max_size=20),
)
def test_stages_open_one_after_another(quorums, given_in):
    plan = tuple(Stage({"en": "s"}, "", quorum) for quorum in quorums)
    rows = rules.standing(plan, [Approval(*each) for each in given_in])
    assert sum(row.open for row in rows) <= 1
    first_open = next((row.number for row in rows if not row.done), None)
    assert rules.open_stage(plan, [Approval(*each) for each in given_in]) == first_open
    assert all(row.missing == max(0, row.stage.quorum - row.given) for row in rows)
    assert rules.from_json(rules.as_json(plan)) == plan


@given(
    st.integers(0, 80_000).map(lambda hours: START + hours * dt.timedelta(hours=1)),
    st.integers(1, 60),
)
def test_a_due_day_is_a_working_day_as_many_working_days_later(start, days):
    end = rules.due(start, days)
    between = (start + DAY * n for n in range(1, (end - start).days + 1))
    assert end.weekday() < 5
    assert sum(moment.weekday() < 5 for moment in between) == days
