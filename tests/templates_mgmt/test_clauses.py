"""Clauses: approved words included by name, pinned by what is approved, listed when they change."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.actor import Actor
from core.errors import FourEyesViolation, InvalidInput, StepUpRequired
from core.reviewed.rules import State
from templates_mgmt import lint, services
from templates_mgmt.clauses import rules, selectors
from templates_mgmt.clauses import services as keeping
from templates_mgmt.clauses.models import Clause, ClauseVersion
from templates_mgmt.clauses.rules import Wording
from templates_mgmt.models import TemplateVersion
from templates_mgmt.rules import Language, VariantText
from templates_mgmt.selectors import approved_version, content_of, previews
from tests.core.builders import last_record
from tests.templates_mgmt.builders import (
    VARIANTS,
    author,
    make_approved,
    make_draft,
    reviewer,
    save,
)

NEW = "损失可能超过预期。"


def including(code: str) -> list[dict[str, str]]:
    """The standard texts, each with the clause at its end."""
    return [{**text, "body": f"{text['body']} {{{{ clause_{code} }}}}"} for text in VARIANTS]


def draft(by: Actor, code: str = "standard_risk") -> ClauseVersion:
    clause = Clause.objects.get(code=code)
    return keeping.new_version(clause_id=clause.pk, actor=by, now=clock.now())


def changed(by: Actor, second: Actor) -> ClauseVersion:
    """A new wording of the standard risk statement, in force."""
    version = keeping.save(
        version_id=draft(by).pk,
        texts={"zh-hans": NEW, "en": "More than you expect."},
        source="rule",
        actor=by,
        now=clock.now(),
    )
    keeping.submit(version_id=version.pk, actor=by, now=clock.now())
    return keeping.approve(
        version_id=version.pk, shown_hash=version.content_hash, actor=second, now=clock.now()
    )


@pytest.mark.django_db
def test_the_words_of_a_clause_are_in_every_message_and_in_what_is_approved():
    version = make_approved(variants=including("standard_risk"))
    texts = {(item.channel, item.language): item.text for item in previews(content_of(version))}
    assert all("{{" not in text for text in texts.values())
    assert "您可能损失部分或全部本金" in texts["sms", "zh-hans"]
    assert approved_version(version.pk).facts["en"]["clauses"]["standard_risk"]["version"] == 1


@pytest.mark.django_db
def test_a_change_leaves_what_was_approved_alone_and_lists_it():
    version = make_approved(variants=including("standard_risk"))
    changed(reviewer(), reviewer())
    assert "您可能损失" in approved_version(version.pk).facts["zh-hans"]["clauses"][
        "standard_risk"]["text"]  # fmt: skip
    (use,) = selectors.uses_of("standard_risk")
    assert (use.version, use.pinned) == (version, 1)
    again = services.new_version(template_id=version.template_id, actor=author(), now=clock.now())
    assert again.facts["zh-hans"]["clauses"]["standard_risk"] == {"version": 2, "text": NEW}
    assert last_record("clause.approved").content["number"] == 2


@pytest.mark.django_db
def test_submitting_pins_what_is_in_force_then():
    version = save(make_draft(), author(), variants=including("standard_risk"))
    changed(reviewer(), reviewer())
    submitted = services.submit(version_id=version.pk, actor=author(), now=clock.now())
    assert submitted.facts["zh-hans"]["clauses"]["standard_risk"]["version"] == 2
    stored = TemplateVersion.objects.get(pk=version.pk)
    assert stored.facts == submitted.facts


@pytest.mark.django_db
def test_an_unknown_clause_is_named_with_its_place_and_stops_the_submission():
    version = save(make_draft(), author(), variants=including("nowhere"))
    found = [f for f in lint.lint(content_of(version)) if f.code == "unknown_clause"]
    assert {f.place.ref for f in found} >= {"sms/en/body", "email/zh-hans/body"}
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=version.pk, actor=author(), now=clock.now())
    assert refused.value.code == "lint"


@pytest.mark.django_db
def test_a_clause_needs_two_persons_and_a_second_factor():
    by = reviewer()
    version = draft(by)
    with pytest.raises(FourEyesViolation):
        changed_by_one(version, by)
    with pytest.raises(StepUpRequired):
        keeping.approve(
            version_id=version.pk,
            shown_hash=version.content_hash,
            actor=reviewer(stepped_up=False),
            now=clock.now(),
        )
    keeping.return_version(
        version_id=version.pk, reason="unclear", actor=reviewer(), now=clock.now()
    )
    version.refresh_from_db()
    assert version.state == State.RETURNED


def changed_by_one(version: ClauseVersion, by: Actor) -> None:
    keeping.submit(version_id=version.pk, actor=by, now=clock.now())
    keeping.approve(
        version_id=version.pk, shown_hash=version.content_hash, actor=by, now=clock.now()
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("texts", "field"),
    [({}, "texts.zh-hans"), ({"en": "{{ name }}"}, "texts.en"), ({"en": "a\x00"}, "texts.en")],
)
def test_bad_words_are_refused_by_field(texts, field):
    by = reviewer()
    with pytest.raises(InvalidInput) as refused:
        keeping.save(version_id=draft(by).pk, texts=texts, source="", actor=by, now=clock.now())
    assert refused.value.field == field


@pytest.mark.django_db
def test_a_clause_has_a_name_of_its_own_that_fits_a_placeholder():
    by, now = reviewer(), clock.now()
    assert keeping.create_clause(code="fees", name="Fees", actor=by, now=now).number == 1
    for code, name in (("fees", "Fees"), ("no-dash", "x"), ("fine", " ")):
        with pytest.raises(InvalidInput):
            keeping.create_clause(code=code, name=name, actor=by, now=now)


@pytest.mark.django_db
def test_raw_sql_cannot_change_a_clause_in_force():
    for statement in (
        "UPDATE templates_mgmt_clauseversion SET texts = '{}' WHERE state = 'approved'",
        "UPDATE templates_mgmt_clauseversion SET state = 'draft' WHERE state = 'approved'",
        "DELETE FROM templates_mgmt_clauseversion",
        "DELETE FROM templates_mgmt_clause",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


CODES = st.sampled_from(["a_b", "c_d", "e_f"])
TEXTS = st.dictionaries(st.sampled_from([each.value for each in Language]), st.text(min_size=1))


@given(
    st.dictionaries(CODES, TEXTS),
    st.dictionaries(st.sampled_from(["zh-hans", "en"]), st.lists(CODES)),
)
def test_pinning_is_exact_and_repeatable(texts, used):
    wordings = {code: Wording(code, 3, given) for code, given in texts.items()}
    facts = {language: {"title": "t"} for language in used}
    variants = [
        VariantText("sms", language, "", " ".join(f"{{{{ clause_{code} }}}}" for code in codes))
        for language, codes in used.items()
    ]
    pinned = rules.pin(facts, variants, wordings)
    assert rules.pin(pinned, variants, wordings) == pinned
    assert rules.pin(pinned, [], wordings) == facts
    for language, codes in used.items():
        known = {code for code in codes if language in texts.get(code, {})}
        assert set(pinned[language].get("clauses", {})) == known
    assert set(rules.pinned_numbers(pinned).values()) <= {3}
