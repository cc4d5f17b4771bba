"""Word lists: two persons, fixed words, examples that must come out, and what a change touches."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput, StepUpRequired
from core.reviewed.rules import State, content_hash
from templates_mgmt import lint
from templates_mgmt.lexicon import selectors, services
from templates_mgmt.lexicon.models import WordList, WordListVersion
from templates_mgmt.lexicon.rules import parse_examples, wrong_examples
from templates_mgmt.lexicon.shipped import SHIPPED
from tests.core.builders import last_record
from tests.templates_mgmt.builders import author, content, make_approved, make_submitted, reviewer

pytestmark = pytest.mark.django_db
TEXTS = {"zh-hans": "原因", "en": "A reason."}


def draft(by: Actor, code: str = "promise") -> WordListVersion:
    word_list = WordList.objects.get(code=code)
    return services.new_version(list_id=word_list.pk, actor=by, now=clock.now())


def save(version: WordListVersion, by: Actor, **changes) -> WordListVersion:
    words = {
        "severity": "error",
        "why": TEXTS,
        "fix": TEXTS,
        "terms": ["持仓", "positions"],
        "exceptions": [],
        "examples": [{"text": "您的持 仓", "hit": True}, {"text": "您的资金", "hit": False}],
        **changes,
    }
    return services.save(version_id=version.pk, actor=by, now=clock.now(), **words)


def submitted(by: Actor, **changes) -> WordListVersion:
    version = save(draft(by), by, **changes)
    return services.submit(version_id=version.pk, actor=by, now=clock.now())


def approve(version: WordListVersion, by: Actor, **changes) -> WordListVersion:
    given = {"shown_hash": version.content_hash, **changes}
    return services.approve(version_id=version.pk, actor=by, now=clock.now(), **given)


def test_the_shipped_lists_are_in_force_and_their_examples_come_out():
    assert selectors.in_force().lists == SHIPPED.lists
    assert [wrong_examples(words) for words in SHIPPED.lists] == [[], []]


def test_a_new_list_flags_texts_only_after_a_second_person_approved_it():
    first, second = reviewer(), reviewer()
    version = submitted(first)
    text = content()
    assert not [f for f in lint.lint(text, selectors.in_force()) if f.code == "forbidden_word"]
    approve(version, second)
    found = [f for f in lint.lint(text, selectors.in_force()) if f.code == "forbidden_word"]
    assert {f.excerpt for f in found} == {"持仓", "positions"}
    assert str(found[0].why) == "A reason."
    states = WordList.objects.get(code="promise").versions.order_by("number")
    assert [each.state for each in states] == [State.SUPERSEDED, State.APPROVED]
    assert last_record("lexicon.approved").content["content_hash"] == version.content_hash


def test_whoever_had_a_hand_in_it_cannot_decide():
    first, second = reviewer(), reviewer()
    version = draft(first)
    save(version, second)
    version = services.submit(version_id=version.pk, actor=first, now=clock.now())
    for contributor in (first, second):
        with pytest.raises(FourEyesViolation):
            approve(version, contributor)
    assert approve(version, reviewer()).state == State.APPROVED


def test_an_approval_needs_the_content_shown_and_a_second_factor():
    version = submitted(reviewer())
    with pytest.raises(Conflict) as stale:
        approve(version, reviewer(), shown_hash="0" * 64)
    assert stale.value.code == "stale_approval"
    with pytest.raises(StepUpRequired):
        approve(version, reviewer(stepped_up=False))
    with pytest.raises(Forbidden):
        approve(version, author())


def test_a_return_needs_a_reason_and_its_words_stay_their_writers():
    first, second = reviewer(), reviewer()
    version = submitted(first)
    with pytest.raises(InvalidInput):
        services.return_version(version_id=version.pk, reason=" ", actor=second, now=clock.now())
    services.return_version(version_id=version.pk, reason="why", actor=second, now=clock.now())
    again = draft(second)
    assert again.terms == version.terms
    again = services.submit(version_id=again.pk, actor=second, now=clock.now())
    with pytest.raises(FourEyesViolation):
        approve(again, first)


def test_examples_that_come_out_otherwise_stop_the_submission():
    by = reviewer()
    version = save(draft(by), by, examples=[{"text": "资金", "hit": True}])
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=version.pk, actor=by, now=clock.now())
    assert refused.value.details == {"examples": [1]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"severity": "loud"}, "severity"),
        ({"why": {"en": "only"}}, "why.zh-hans"),
        ({"terms": ["ok", "--"]}, "terms"),
        ({"terms": ["a\x00b"]}, "terms.1"),
    ],
)
def test_bad_words_are_refused_by_field(changes, field):
    by = reviewer()
    version = draft(by)
    with pytest.raises(InvalidInput) as refused:
        save(version, by, **changes)
    assert refused.value.field == field


def test_two_people_editing_lose_nothing():
    by = reviewer()
    version = draft(by)
    save(version, by, revision=1)
    with pytest.raises(Conflict) as stale:
        save(version, reviewer(), revision=1, terms=["other"])
    assert stale.value.code == "stale_draft"
    version.refresh_from_db()
    assert version.terms == ["positions", "持仓"]


def test_one_version_is_in_work_at_a_time():
    draft(reviewer())
    with pytest.raises(Conflict) as refused:
        draft(reviewer())
    assert refused.value.code == "in_work"


def test_a_change_shows_which_approved_templates_it_would_flag(django_assert_max_num_queries):
    approved = make_approved()
    make_submitted(code="other")
    version = submitted(reviewer())
    with django_assert_max_num_queries(4):
        (impact,) = selectors.impact_of(version)
    assert (impact.version, impact.flagged, impact.cleared) == (
        approved, ("positions", "持仓"), (),
    )  # fmt: skip
    assert selectors.impact_of(save(draft(reviewer(), "pressure"), reviewer(), terms=["x"])) == []


def test_examples_are_written_a_line_each():
    assert parse_examples(["+ 保本", "", "-不保本"]) == [
        {"text": "保本", "hit": True},
        {"text": "不保本", "hit": False},
    ]
    with pytest.raises(InvalidInput, match="Line 2"):
        parse_examples(["+ a", "b"])


# --- below Python ---------------------------------------------------------------------------


def refused_by_sql(statement: str, *params: object) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


TABLE = "templates_mgmt_wordlistversion"


def test_raw_sql_cannot_put_a_list_in_force_alone():
    by = reviewer()
    version = submitted(by)
    refused_by_sql(f"UPDATE {TABLE} SET state = 'approved' WHERE id = %s", version.pk)
    refused_by_sql(
        f"UPDATE {TABLE} SET state = 'approved', decided_by_id = %s, decided_at = now(), "
        "contributors = '{}' WHERE id = %s",
        by.user_id, version.pk,
    )  # fmt: skip
    refused_by_sql(f"UPDATE {TABLE} SET terms = '[]' WHERE id = %s", version.pk)
    refused_by_sql(f"UPDATE {TABLE} SET state = 'draft' WHERE id = %s", version.pk)
    refused_by_sql(f"DELETE FROM {TABLE} WHERE id = %s", version.pk)
    refused_by_sql(f"TRUNCATE {TABLE}")


def test_raw_sql_cannot_insert_a_list_in_force_or_drop_a_contributor():
    by = reviewer()
    version = save(draft(by), by)
    refused_by_sql(
        f"INSERT INTO {TABLE} (id, word_list_id, number, state, severity, why, fix, terms, "
        "exceptions, examples, revision, content_hash, contributors, reason) "
        "SELECT gen_random_uuid(), word_list_id, 9, 'superseded', severity, why, fix, terms, "
        f"exceptions, examples, 1, '', '{{}}', '' FROM {TABLE} WHERE id = %s",
        version.pk,
    )
    WordListVersion.objects.filter(pk=version.pk).update(contributors=[])
    version.refresh_from_db()
    assert version.contributors == [by.user_id]
    assert version.content_hash == content_hash(version.canonical())
