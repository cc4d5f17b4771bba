"""Unsaved words are kept, findings are justified, and blank texts are made from the facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Record
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput
from templates_mgmt import lint, services
from templates_mgmt.library import read_example, slugs
from templates_mgmt.selectors import content_of
from templates_mgmt.tasks import expire_unsaved_words
from templates_mgmt.writing import selectors
from templates_mgmt.writing import services as writing
from templates_mgmt.writing.derive import derive
from templates_mgmt.writing.models import Justification, UnsavedWords
from tests.core.builders import last_record
from tests.templates_mgmt.builders import VARIANTS, author, content, make_draft, reviewer

WORDS = {"text-sms-en-body": "half a sen", "csrfmiddlewaretoken": "x", "rows": "3"}


def keep(version, actor, **changes):
    given = {"session": uuid4(), "revision": version.revision, "fields": WORDS, "now": clock.now()}
    return writing.keep_words(version_id=version.pk, actor=actor, **{**given, **changes})


def test_every_blank_text_is_made_from_the_facts_and_passes_lint():
    made = derive(content(variants=()))
    assert {(text.channel, text.language) for text in made} == {
        (channel, language)
        for channel in ("sms", "email", "push", "inbox", "chat", "hotline")
        for language in ("zh-hans", "en")
    }
    whole = content(variants=tuple(made))
    assert not lint.errors(lint.lint(whole))
    assert derive(whole) == []


@pytest.mark.parametrize("slug", slugs())
def test_what_is_made_from_the_facts_of_an_example_has_no_error(slug):
    example = read_example(slug).content
    assert not lint.errors(
        lint.lint(replace(example, variants=tuple(derive(replace(example, variants=())))))
    )


def test_written_words_stay_and_the_same_facts_give_the_same_words():
    whole = content(variants=content().variants[:1])
    made = derive(whole)
    assert whole.variants[0] not in made
    assert (whole.variants[0].channel, whole.variants[0].language) not in {
        (text.channel, text.language) for text in made
    }
    assert derive(whole) == made


@pytest.mark.django_db
def test_unsaved_words_are_kept_per_window_and_leave_no_record():
    actor = author()
    version = make_draft(actor)
    records = Record.objects.count()
    first = keep(version, actor)
    again = keep(
        version, actor, session=first.session, fields={"text-sms-en-body": "half a sentence"}
    )
    other = keep(version, actor)
    assert again.pk == first.pk != other.pk
    assert again.fields == {"text-sms-en-body": "half a sentence"}
    assert "csrfmiddlewaretoken" not in other.fields
    assert Record.objects.count() == records
    assert selectors.unsaved_of(version, actor)[0] == other
    assert selectors.unsaved_of(version, author()) == []


@pytest.mark.django_db
def test_others_see_who_is_editing_but_not_the_words():
    writer, colleague = author(), author()
    version = make_draft(writer)
    keep(version, writer)
    (seen,) = selectors.others_editing(version, colleague, clock.now())
    assert seen.user_id == writer.user_id
    assert selectors.others_editing(version, writer, clock.now()) == []
    later = clock.now() + dt.timedelta(minutes=11)
    assert selectors.others_editing(version, colleague, later) == []


@pytest.mark.django_db
def test_unsaved_words_go_when_dropped_and_after_thirty_days():
    actor = author()
    version = make_draft(actor)
    kept = keep(version, actor)
    assert not writing.drop_words(
        version_id=version.pk, session=kept.session, actor=author(), now=clock.now()
    )
    assert UnsavedWords.objects.count() == 1
    assert writing.drop_words(
        version_id=version.pk, session=kept.session, actor=actor, now=clock.now()
    )
    keep(version, actor)
    newer = keep(version, actor, now=clock.now() + dt.timedelta(days=31))
    assert UnsavedWords.objects.count() == 2  # typing removes nothing
    records = Record.objects.count()
    assert writing.expire_words(now=clock.now() + dt.timedelta(days=31)) == 1
    assert list(UnsavedWords.objects.all()) == [newer]
    assert expire_unsaved_words() == 0 and Record.objects.count() == records


@pytest.mark.django_db
def test_words_of_a_submitted_version_and_of_a_reviewer_are_not_kept():
    actor = author()
    version = make_draft(actor)
    with pytest.raises(Forbidden):
        keep(version, reviewer())
    services.submit(version_id=version.pk, actor=actor, now=clock.now())
    assert keep(version, actor) is None
    assert not UnsavedWords.objects.exists()


def bad_draft(actor):
    texts = [{**text, "body": text["body"] + " guaranteed"} for text in VARIANTS]
    version = make_draft(actor, variants=texts)
    whole = content_of(version)
    found = {
        item.place.ref: lint.fingerprint(item, whole)
        for item in lint.lint(whole)
        if item.code == "forbidden_word"
    }
    return version, found


def justify(version, fingerprint, actor, reason="A quotation of the exchange's rule"):
    return writing.justify(
        version_id=version.pk,
        fingerprint=fingerprint,
        reason=reason,
        actor=actor,
        now=clock.now(),
    )


@pytest.mark.django_db
def test_only_when_every_error_is_justified_it_can_be_submitted():
    actor = author()
    version, found = bad_draft(actor)
    assert len(found) == 4
    for fingerprint in list(found.values())[:-1]:
        justify(version, fingerprint, actor)
    with pytest.raises(InvalidInput, match="1"):
        services.submit(version_id=version.pk, actor=actor, now=clock.now())
    justify(version, list(found.values())[-1], actor)
    services.submit(version_id=version.pk, actor=actor, now=clock.now())
    told = last_record("template.submitted").facts["justified"]
    assert {item["place"] for item in told} == set(found)
    assert {item["reason"] for item in told} == {"A quotation of the exchange's rule"}


@pytest.mark.django_db
def test_a_reason_covers_the_words_that_it_was_written_for_only():
    actor = author()
    version, found = bad_draft(actor)
    justify(version, found["sms/en/body"], actor)
    texts = [{**text, "body": text["body"] + " guaranteed!"} for text in VARIANTS]
    version = services.save_draft(
        version_id=version.pk,
        facts=version.facts,
        placeholders=version.placeholders,
        variants=texts,
        actor=actor,
        now=clock.now(),
    )
    whole = content_of(version)
    blocking = selectors.blocking(version, whole, lint.lint(whole))
    assert "sms/en/body" in {item.place.ref for item in blocking}


@pytest.mark.django_db
def test_what_cannot_be_justified():
    actor = author()
    version, found = bad_draft(actor)
    fingerprint = found["sms/en/body"]
    with pytest.raises(InvalidInput, match="reason"):
        justify(version, fingerprint, actor, reason="  ")
    with pytest.raises(InvalidInput) as refused:
        justify(version, "0" * 64, actor)
    assert refused.value.code == "no_finding"
    with pytest.raises(Forbidden):
        justify(version, fingerprint, reviewer())
    justify(version, fingerprint, actor)
    with pytest.raises(InvalidInput) as refused:
        justify(version, fingerprint, actor)
    assert refused.value.code == "duplicate"
    dropped = make_draft(
        actor,
        code="other",
        variants=[{**text, "body": text["body"].replace("{{ risk }}", "")} for text in VARIANTS],
    )
    whole = content_of(dropped)
    structural = next(item for item in lint.lint(whole) if item.code == "risk_dropped")
    with pytest.raises(InvalidInput) as refused:
        justify(dropped, lint.fingerprint(structural, whole), actor)
    assert refused.value.code == "not_overridable"


@pytest.mark.django_db
def test_nothing_is_justified_after_submission_not_even_in_sql():
    actor = author()
    version = make_draft(actor)
    services.submit(version_id=version.pk, actor=actor, now=clock.now())
    with pytest.raises(Conflict):
        justify(version, "0" * 64, actor)
    with pytest.raises(DatabaseError, match="before submission"), transaction.atomic():
        Justification.objects.create(
            version=version, fingerprint="0" * 64, code="x", reason="y",
            user_id=actor.user_id, at=clock.now(),
        )  # fmt: skip


@pytest.mark.django_db
def test_a_reason_never_changes_and_makes_its_author_a_contributor():
    writer, helper = author(), author()
    version, found = bad_draft(writer)
    justify(version, found["sms/en/body"], helper)
    assert version.contributors.filter(user=helper.user_id).exists()
    for statement in (
        "UPDATE templates_mgmt_justification SET reason = 'z'",
        "DELETE FROM templates_mgmt_justification",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
