"""Drafting, submitting and deciding (T1, T2, T3)."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Record
from core import clock
from core.actor import Actor, system
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
from templates_mgmt import rules, selectors, services
from templates_mgmt.models import Decision, TemplateVersion
from tests.core.builders import actor_of, last_record, make_line, make_user
from tests.templates_mgmt.builders import (
    FACTS,
    VARIANTS,
    author,
    make_approved,
    make_draft,
    make_submitted,
    reviewer,
    save,
)

pytestmark = pytest.mark.django_db


def approve(version: TemplateVersion, actor: Actor, **changes) -> TemplateVersion:
    given = {"shown_hash": version.content_hash, "now": clock.now(), **changes}
    return services.approve(version_id=version.pk, actor=actor, **given)


def test_a_template_starts_with_a_blank_draft():
    actor = author()
    version = services.create_template(
        code="margin-call", name="Margin call", category="risk", topic_code="risk_alert",
        line_id=make_line().pk, actor=actor, now=clock.now(),
    )  # fmt: skip
    assert (version.number, version.state, version.content_hash) == (1, "draft", "")
    assert [c.user_id for c in version.contributors.all()] == [actor.user_id]
    assert last_record("template.created").facts["code"] == "margin-call"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "Ünsafe"}, "code"),
        ({"code": "outage"}, "code"),
        ({"name": " "}, "name"),
        ({"category": "fun"}, "category"),
        ({"topic_code": ""}, "topic_code"),
    ],
)
def test_a_refused_template_names_the_field(changes, field):
    actor = author()
    make_draft(actor, code="outage")
    given = {
        "code": "fresh", "name": "x", "category": "risk", "topic_code": "risk_alert",
        "line_id": make_line().pk, **changes,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refusal:
        services.create_template(**given, actor=actor, now=clock.now())
    assert refusal.value.field == field


def test_only_authors_of_the_line_draft():
    version = make_draft()
    outsider = actor_of(make_user(Role.AUTHOR, lines=[make_line("wealth", "Wealth")]))
    with pytest.raises(NotFound):
        save(version, outsider)
    with pytest.raises(Forbidden):
        save(version, reviewer())
    program = Actor(kind="key", id="k", label="k", capabilities=author().capabilities,
                    lines=author().lines)  # fmt: skip
    with pytest.raises(FourEyesViolation):
        save(version, program)


def test_saving_keeps_every_word_and_makes_the_saver_a_contributor():
    first, second = author(), author()
    version = make_draft(first)
    save(version, second, note="Shorter")
    version.refresh_from_db()
    assert version.variants.count() == len(VARIANTS)
    assert version.facts["en"]["title"] == FACTS["en"]["title"]
    assert version.placeholders[0]["personal"] is True
    assert {c.user_id for c in version.contributors.all()} == {first.user_id, second.user_id}


def test_a_stale_save_overwrites_nothing():
    actor = author()
    version = make_draft(actor)
    save(version, author(), revision=version.revision, note="theirs")
    with pytest.raises(Conflict) as refusal:
        save(version, actor, revision=version.revision, note="mine")
    assert refusal.value.code == "stale_draft"
    version.refresh_from_db()
    assert version.note == "theirs"


def test_submission_fixes_the_hash_and_puts_the_content_on_record():
    version = make_submitted()
    content = selectors.content_of(version)
    assert version.content_hash == rules.content_hash(content)
    facts = last_record("template.submitted").facts
    assert facts["content"] == rules.canonical_content(content)


def test_submission_is_refused_with_every_finding():
    actor = author()
    facts = {**FACTS, "en": {**FACTS["en"], "risk": "", "key_points": []}}
    version = make_draft(actor, facts=facts)
    with pytest.raises(InvalidInput) as refusal:
        services.submit(version_id=version.pk, actor=actor, now=clock.now())
    codes = {finding["code"] for finding in refusal.value.details["findings"]}
    assert {"missing_risk", "missing_key_points"} <= codes
    version.refresh_from_db()
    assert version.state == "draft"


def test_a_submitted_version_is_not_edited():
    actor = author()
    version = make_submitted(actor)
    with pytest.raises(Conflict) as refusal:
        save(version, actor)
    assert refusal.value.code == "not_a_draft"


def test_a_second_person_approves():
    version, actor = make_submitted(), reviewer()
    approve(version, actor, reason="Checked against the outage plan")
    version.refresh_from_db()
    assert (version.state, version.decided_by_id) == ("approved", actor.user_id)
    decision = Decision.objects.get()
    assert (decision.decision, decision.content_hash) == ("approve", version.content_hash)
    assert last_record("template.approved").facts["content_hash"] == version.content_hash


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize("part", ["created", "edited", "submitted"])
def test_no_contributor_approves_superuser_included(part, superuser):
    people = [make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]) for _ in range(3)]
    culprit = people[["created", "edited", "submitted"].index(part)]
    User.objects.filter(pk=culprit.pk).update(is_superuser=superuser)
    creator, editor, submitter = map(actor_of, people)
    version = save(make_draft(creator), editor)
    version = services.submit(version_id=version.pk, actor=submitter, now=clock.now())
    with pytest.raises(FourEyesViolation):
        approve(version, actor_of(culprit))
    approve(version, reviewer())


def test_an_api_key_answers_for_its_owner():
    owner = make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()])
    person = actor_of(owner)
    version = make_submitted(person)
    key = Actor("key", "k1", "k1", owner.pk, person.capabilities, person.lines, clock.now())
    with pytest.raises(FourEyesViolation):
        approve(version, key)


def test_words_that_nobody_approved_stay_their_writers_words():
    writer = actor_of(make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]))
    first = make_submitted(writer)
    services.return_version(
        version_id=first.pk, reason="Shorter", actor=reviewer(), now=clock.now()
    )
    colleague = author()
    second = services.new_version(based_on=first.pk, actor=colleague, now=clock.now())
    second = services.submit(version_id=second.pk, actor=colleague, now=clock.now())
    with pytest.raises(FourEyesViolation):
        approve(second, writer)
    approve(second, reviewer())


def test_words_once_approved_may_be_reviewed_by_their_writer_in_a_later_version():
    writer = actor_of(make_user(Role.AUTHOR, Role.REVIEWER, lines=[make_line()]))
    first = make_approved(writer)
    colleague = author()
    second = services.new_version(based_on=first.pk, actor=colleague, now=clock.now())
    second = services.submit(version_id=second.pk, actor=colleague, now=clock.now())
    assert approve(second, writer).state == "approved"


def test_approval_needs_a_fresh_second_factor():
    version, actor = make_submitted(), reviewer()
    late = clock.now() + dt.timedelta(minutes=6)
    with pytest.raises(StepUpRequired):
        approve(version, actor, now=late)
    approve(version, actor.with_step_up(late), now=late)


def test_a_stale_screen_cannot_approve():
    version = make_submitted()
    with pytest.raises(Conflict) as refusal:
        approve(version, reviewer(), shown_hash="0" * 64)
    assert refusal.value.code == "stale_approval"
    version.refresh_from_db()
    assert version.state == "in_review" and not Decision.objects.exists()


def test_two_tabs_decide_once():
    version, actor = make_submitted(), reviewer()
    approve(version, actor)
    with pytest.raises(IllegalTransition):
        approve(version, actor)
    with pytest.raises(IllegalTransition):
        services.reject(version_id=version.pk, reason="No", actor=actor, now=clock.now())
    assert Decision.objects.count() == 1


def test_system_and_other_lines_approve_nothing():
    version = make_submitted()
    with pytest.raises(Forbidden):
        approve(version, system("robot"))
    outsider = make_user(Role.REVIEWER, lines=[make_line("wealth", "Wealth")])
    with pytest.raises(NotFound):
        approve(version, actor_of(outsider))


@pytest.mark.parametrize(
    ("decide", "state"),
    [
        (services.return_version, "returned"),
        (services.reject, "rejected"),
    ],
)
def test_refusing_needs_a_reason(decide, state):
    version, actor = make_submitted(), reviewer()
    with pytest.raises(InvalidInput) as refusal:
        decide(version_id=version.pk, reason="  ", actor=actor, now=clock.now())
    assert (refusal.value.code, refusal.value.field) == ("reason_required", "reason")
    decided = decide(version_id=version.pk, reason="Too long", actor=actor, now=clock.now())
    assert (decided.state, decided.reason) == (state, "Too long")


@pytest.mark.parametrize(
    ("decide", "state"), [(services.retire, "retired"), (services.recall, "recalled")]
)
def test_taking_out_of_use_needs_a_reason_and_stops_sending(decide, state):
    version = make_approved()
    assert selectors.approved_version(version.pk).content_hash == version.content_hash
    with pytest.raises(InvalidInput):
        decide(version_id=version.pk, reason="", actor=reviewer(), now=clock.now())
    decide(version_id=version.pk, reason="Wrong phone number", actor=reviewer(), now=clock.now())
    with pytest.raises(Conflict) as refusal:
        selectors.approved_version(version.pk)
    assert refusal.value.code == "unapproved_content"
    assert refusal.value.details["state"] == state


def test_only_its_authors_withdraw_a_version():
    actor = author()
    version = make_submitted(actor)
    with pytest.raises(Forbidden):
        services.withdraw(version_id=version.pk, reason="x", actor=author(), now=clock.now())
    services.withdraw(version_id=version.pk, reason="Typo", actor=actor, now=clock.now())
    version.refresh_from_db()
    assert version.state == "returned"


def test_a_new_version_copies_the_words_and_counts_on():
    version = make_approved()
    actor = author()
    second = services.new_version(template_id=version.template_id, actor=actor, now=clock.now())
    assert (second.number, second.state, second.based_on_id) == (2, "draft", version.pk)
    assert rules.content_hash(selectors.content_of(second)) == version.content_hash
    with pytest.raises(Conflict) as refusal:
        services.new_version(template_id=version.template_id, actor=actor, now=clock.now())
    assert refusal.value.code == "is_draft"


def test_every_step_leaves_exactly_one_record():
    make_approved()
    actions = list(
        Record.objects.filter(action__startswith="template.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == [
        "template.created",
        "template.draft_saved",
        "template.submitted",
        "template.approved",
    ]
