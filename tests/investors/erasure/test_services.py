"""Erasure: asked for, refused while it must be, approved by a second person, and then final."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Record, SubjectKey
from audit.retention.models import LegalHold
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
from core.roles import Role
from investors import selectors as people
from investors import services as investors
from investors.erasure import selectors, services
from investors.erasure.models import ErasureRequest
from investors.models import ConsentState, ContactPoint, Investor
from tests.audit.retention import no_duties
from tests.investors import builders
from tests.investors.builders import NOW, row, run, write_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def who(tmp_path) -> UUID:
    run(write_csv(tmp_path / "in.csv", [row()]))
    return Investor.objects.get().pk


def officer(**options) -> Actor:
    return builders.privacy_officer(**options)


def ask(who: UUID, actor: Actor | None = None) -> UUID:
    return services.request_erasure(
        investor_id=who, ground="consent", reason="王小明 wrote to us", actor=actor or officer(),
        now=NOW,
    )  # fmt: skip


def erase(who: UUID) -> UUID:
    no_duties()
    request = ask(who)
    services.approve_erasure(request_id=request, actor=officer(), now=NOW)
    return request


def test_a_request_waits_with_its_day_and_is_recorded_without_the_investor(who: UUID) -> None:
    request = ErasureRequest.objects.get(pk=ask(who))
    assert (request.state, request.answer_due) == ("requested", NOW + dt.timedelta(days=30))
    assert selectors.texts_of(request) == ("王小明 wrote to us", "")
    told = Record.objects.get(action="erasure.requested")
    assert (told.investor, told.object) == (None, f"erasure:{request.pk}")
    assert "王小明" not in told.payload


def test_what_a_request_needs(who: UUID) -> None:
    for ground, reason, field in (("whim", "because", "ground"), ("consent", " ", "reason")):
        with pytest.raises(InvalidInput) as refused:
            services.request_erasure(
                investor_id=who, ground=ground, reason=reason, actor=officer(), now=NOW
            )
        assert refused.value.field == field
    for actor in (builders.staff(Role.AUDITOR), builders.importer(), system("x")):
        with pytest.raises(Forbidden):
            ask(who, actor)
    with pytest.raises(NotFound):
        ask(UUID(int=7))
    ask(who)
    with pytest.raises(Conflict) as twice:
        ask(who)
    assert twice.value.code == "erasure_open"


def test_a_retention_duty_wins_and_says_which_and_until_when(who: UUID) -> None:
    request = ask(who)
    with pytest.raises(Conflict) as refused:
        services.approve_erasure(request_id=request, actor=officer(), now=NOW)
    assert refused.value.code == "must_be_kept"
    kept = refused.value.details["kept_because"]
    assert kept
    assert all(reason["type"] == "duty" and reason["source"] for reason in kept)
    untils = [reason["until"] for reason in kept if reason["until"]]
    assert any(until > "2030-01-01" and until in str(refused.value) for until in untils)
    assert ErasureRequest.objects.get().state == "requested"
    assert people.open_profiles([who])


def test_a_legal_hold_wins_and_says_which(who: UUID) -> None:
    no_duties()
    request = ask(who)
    LegalHold.objects.create(
        scope="investor", investor=who, matter="Case 7", reason="court", placed_by=UUID(int=1),
        placed_at=NOW,
    )  # fmt: skip
    with pytest.raises(Conflict, match="Case 7") as refused:
        services.approve_erasure(request_id=request, actor=officer(), now=NOW)
    assert refused.value.details["kept_because"][0]["type"] == "hold"
    assert people.open_profiles([who])


def test_two_people_with_a_fresh_second_factor_are_needed(who: UUID) -> None:
    no_duties()
    first = officer()
    request = ask(who, first)
    with pytest.raises(FourEyesViolation):
        services.approve_erasure(request_id=request, actor=first, now=NOW)
    with pytest.raises(FourEyesViolation):
        services.refuse_erasure(request_id=request, reason="no", actor=first, now=NOW)
    with pytest.raises(StepUpRequired):
        services.approve_erasure(request_id=request, actor=officer(stepped_up=False), now=NOW)
    with pytest.raises(Forbidden):
        services.approve_erasure(request_id=request, actor=builders.importer(), now=NOW)
    assert people.open_profiles([who])
    services.approve_erasure(request_id=request, actor=officer(), now=NOW)
    assert not people.open_profiles([who])


def test_the_database_wants_two_people_and_a_destroyed_key_too(who: UUID) -> None:
    request = ask(who)
    wanted = ErasureRequest.objects.get(pk=request)
    for changes in (
        {"state": "refused", "decided_by": wanted.requested_by, "decided_at": NOW},
        {"state": "erased", "decided_by": UUID(int=3), "decided_at": NOW},
        {"requested_by": UUID(int=3)},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            ErasureRequest.objects.filter(pk=request).update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        ErasureRequest.objects.filter(pk=request).delete()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE investors_erasurerequest")


def test_an_erasure_takes_everything_readable_and_leaves_a_record(who: UUID) -> None:
    hashes = list(ContactPoint.objects.values_list("value_hash", flat=True))
    ref_hash = bytes(Investor.objects.get().ref_hash)
    request = erase(who)
    investor = Investor.objects.get()
    assert SubjectKey.objects.get(subject=who).wrapped is None
    assert (bytes(investor.profile), bytes(investor.fingerprint)) == (b"", b"")
    assert bytes(investor.ref_hash) != ref_hash
    assert (investor.status, investor.risk_level, investor.opened_on, investor.reach) == (
        "closed", "", None, 0,
    )  # fmt: skip
    contacts = ContactPoint.objects.filter(investor=who)
    assert contacts.count() == 2
    assert not contacts.filter(value_hash__in=hashes).exists()
    assert {bytes(contact.value_sealed) for contact in contacts} == {b""}
    assert not ConsentState.objects.filter(investor=who, granted=True).exists()
    told = Record.objects.get(action="investor.erased", investor=who)
    assert told.object == f"erasure:{request}"
    done = selectors.erased(who)
    assert done is not None
    assert (done.at, done.request.pk) == (NOW, request)
    assert selectors.texts_of(done.request) == ("", "")


def test_an_erased_investor_is_not_found_and_not_brought_back(who: UUID, tmp_path) -> None:
    erase(who)
    for text in ("100001", "13812345678", "wang@example.com"):
        assert not people.find(officer(), text)
    again = run(write_csv(tmp_path / "again.csv", [row(), row(ref="100002")]))
    assert (again.created, again.by_reason) == (1, {"erased": 1})
    assert people.masked_contacts(Investor.objects.get(pk=who)) == []
    with pytest.raises(Conflict):
        ask(who)


def test_an_erased_investor_cannot_be_given_a_contact_or_entered_again(who: UUID) -> None:
    erase(who)
    line = builders.line()
    with pytest.raises(Conflict) as refused:
        investors.create_investor(
            line_id=line.pk, ref="100001", name="王小明", actor=officer(), now=NOW
        )
    assert refused.value.code == "erased"


def test_what_went_stays_gone(who: UUID) -> None:
    erase(who)
    with pytest.raises(DatabaseError), transaction.atomic():
        SubjectKey.objects.filter(subject=who).update(wrapped=bytes(62))
    with pytest.raises(IllegalTransition):
        services.withdraw_erasure(
            request_id=ErasureRequest.objects.get().pk, actor=officer(), now=NOW
        )


def test_a_refusal_keeps_its_reason_and_the_duties(who: UUID) -> None:
    request = ask(who)
    with pytest.raises(InvalidInput):
        services.refuse_erasure(request_id=request, reason="", actor=officer(), now=NOW)
    services.refuse_erasure(request_id=request, reason="20 years", actor=officer(), now=NOW)
    refused = ErasureRequest.objects.get()
    assert refused.state == "refused"
    assert refused.kept_because
    assert selectors.texts_of(refused)[1] == "20 years"
    assert ask(who) != request


def test_a_request_can_be_withdrawn(who: UUID) -> None:
    request = ask(who)
    services.withdraw_erasure(request_id=request, actor=officer(), now=NOW)
    assert ErasureRequest.objects.get().state == "withdrawn"
    with pytest.raises(IllegalTransition):
        services.approve_erasure(request_id=request, actor=officer(), now=NOW)


def test_what_others_keep_of_a_person_goes_with_the_erasure(who: UUID, monkeypatch) -> None:
    gone: list[UUID] = []
    monkeypatch.setattr(services, "FORGETTING", [gone.append])
    erase(who)
    assert gone == [who]


def test_an_erasure_that_fails_half_way_erases_nothing(who: UUID, monkeypatch) -> None:
    def broken(_investor: UUID) -> None:
        raise OSError("no")

    monkeypatch.setattr(services, "FORGETTING", [broken])
    no_duties()
    request = ask(who)
    with pytest.raises(OSError, match="no"), transaction.atomic():
        services.approve_erasure(request_id=request, actor=officer(), now=NOW)
    assert people.open_profiles([who])
    assert ErasureRequest.objects.get().state == "requested"


def test_nothing_is_entered_about_somebody_erased_but_a_withdrawal(who: UUID) -> None:
    contact = ContactPoint.objects.get(kind="phone").pk
    erase(who)
    words = {"investor_id": who, "actor": officer(), "now": NOW}
    for act in (
        lambda: investors.give_consent(purpose="channel.sms", method="phone", **words),
        lambda: investors.set_preference(topic="education", channel="sms", wanted=False, **words),
        lambda: investors.set_contact_state(
            contact_id=contact, state="verified", actor=officer(), now=NOW
        ),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "erased"
