"""The handbook: published by a second person, read and confirmed by all staff, reviewed yearly."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.actor import Actor
from core.errors import Conflict, Forbidden, FourEyesViolation, InvalidInput
from core.roles import Role
from crisis.handbook import rules, selectors, services
from crisis.handbook.models import Attestation, HandbookVersion
from crisis.handbook.rules import Piece
from tests.core.builders import make_user, sign_in
from tests.crisis.builders import make_actor

WORDS = {"zh-hans": "# 总则\n\n先报告。\n\n- 一\n- 二", "en": "# Rules\n\nReport first."}


def given_by(actor: Actor) -> dict[str, Any]:
    return {"actor": actor, "now": clock.now()}


def officer() -> Actor:
    return make_actor(Role.CRISIS_OFFICER)


def submitted(by: Actor) -> HandbookVersion:
    version = services.start(**given_by(by))
    services.save(version_id=version.pk, words=WORDS, changes="first", **given_by(by))
    return services.submit(version_id=version.pk, **given_by(by))


def published() -> HandbookVersion:
    version = submitted(officer())
    return services.approve(
        version_id=version.pk, shown_hash=version.content_hash,
        **given_by(make_actor(Role.REVIEWER)),
    )  # fmt: skip


# Rules ----------------------------------------------------------------------------------------


def test_headings_paragraphs_and_items() -> None:
    assert rules.pieces("# A\n\none\ntwo\n\n- x\n- y\n### B") == [
        Piece("h2", "A"), Piece("p", "one two"), Piece("li", "x"), Piece("li", "y"),
        Piece("h4", "B"),
    ]  # fmt: skip


@given(st.text(alphabet="ab #-\n"))
def test_no_letter_is_lost(text: str) -> None:
    letters = "".join(piece.text for piece in rules.pieces(text))
    assert sorted(c for c in letters if c in "ab") == sorted(c for c in text if c in "ab")


@pytest.mark.parametrize(
    ("days", "standing"),
    [(0, "current"), (334, "current"), (335, "due_soon"), (364, "due_soon"), (365, "overdue")],
)
def test_the_yearly_review(days: int, standing: str) -> None:
    then = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert rules.standing(then, then + dt.timedelta(days=days)) == standing


# Services -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_its_writer_does_not_publish_it() -> None:
    both = make_actor(Role.CRISIS_OFFICER, Role.REVIEWER)
    version = submitted(both)
    with pytest.raises(FourEyesViolation):
        services.approve(version_id=version.pk, shown_hash=version.content_hash, **given_by(both))


@pytest.mark.django_db
def test_it_needs_both_languages() -> None:
    by = officer()
    version = services.start(**given_by(by))
    services.save(version_id=version.pk, words={"en": "Report first."}, **given_by(by))
    with pytest.raises(InvalidInput) as refused:
        services.submit(version_id=version.pk, **given_by(by))
    assert refused.value.field == "text.zh-hans"


@pytest.mark.django_db
def test_any_staff_confirms_once_and_only_the_version_in_force() -> None:
    version, reader = published(), make_actor(Role.AUTHOR)
    assert selectors.unread_by(reader) == version
    first = services.attest(version_id=version.pk, **given_by(reader))
    assert services.attest(version_id=version.pk, **given_by(reader)).pk == first.pk
    assert selectors.unread_by(reader) is None
    assert Record.objects.filter(action="handbook.attested").count() == 1
    newer = published()
    assert selectors.unread_by(reader) == newer
    with pytest.raises(Conflict):
        services.attest(version_id=version.pk, **given_by(reader))


@pytest.mark.django_db
def test_who_has_not_read_it_stands_first() -> None:
    version, reader = published(), make_actor(Role.AUTHOR)
    services.attest(version_id=version.pk, **given_by(reader))
    rows = selectors.readings(make_actor(Role.AUDITOR), version)
    assert rows[-1].user.pk == reader.user_id
    assert all(row.at is None for row in rows[:-1])
    with pytest.raises(Forbidden):
        selectors.readings(reader, version)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM crisis_attestation", "UPDATE crisis_attestation SET at = now()",
     "UPDATE crisis_handbookversion SET words = '{}'"],
)  # fmt: skip
def test_the_database_refuses(statement: str) -> None:
    services.attest(version_id=published().pk, **given_by(make_actor(Role.AUTHOR)))
    with pytest.raises(Exception, match=r"refused|denied|cannot"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Attestation.objects.count() == 1


# Pages ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_from_draft_to_confirmed(client: Client) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER), stepped_up=True)
    edit = client.post(reverse("handbook-new"))["Location"]
    refused = client.post(edit, {"revision": 1, "en": "x", "then": "submit"})
    assert refused.status_code == 422
    version = HandbookVersion.objects.get()
    client.post(
        edit, {"revision": version.revision, "zh": "先报告。", "en": "Report.", "then": "submit"}
    )
    version.refresh_from_db()
    reviewer = sign_in(Client(), make_user(Role.REVIEWER), stepped_up=True)
    reviewer.post(
        reverse("handbook-decide", args=[version.pk]),
        {"verb": "approve", "shown_hash": version.content_hash},
    )
    author = sign_in(Client(), make_user(Role.AUTHOR))
    assert "I have read it" in author.get(reverse("handbook")).text
    author.post(reverse("handbook-attest", args=[version.pk]))
    assert "You confirmed that you read this version" in author.get(reverse("handbook")).text


@pytest.mark.django_db
def test_a_draft_is_not_for_everybody(client: Client) -> None:
    version = services.start(**given_by(officer()))
    sign_in(client, make_user(Role.AUTHOR))
    assert client.get(reverse("handbook-version", args=[version.pk])).status_code == 404
    assert "No handbook is published yet" in client.get(reverse("handbook")).text
