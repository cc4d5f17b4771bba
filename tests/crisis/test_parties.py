"""Third parties: whom to call stays sealed, proofs end when they say, reminders come once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from core import clock
from core.errors import Conflict, Forbidden, InvalidInput
from core.roles import Role
from crisis.parties import rules, selectors, services
from crisis.parties.models import Party, PartyContact, Proof
from tests.core.builders import make_user, sign_in
from tests.crisis.builders import make_actor

TODAY = dt.date(2026, 11, 22)


def given_by(role: Role = Role.CRISIS_OFFICER) -> dict[str, object]:
    return {"actor": make_actor(role), "now": clock.now()}


@pytest.fixture
def party(db: None) -> Party:
    return services.save_party(
        name="Example Line Provider", kind="supplier", systems=["order gateway"], **given_by()
    )


def add_hotline(party: Party) -> PartyContact:
    return services.add_contact(
        party_id=party.pk,
        duty="24 h hotline",
        name="Zhao Example",
        phone="+861380000",
        **given_by(),
    )


def add_test(party: Party, ends_on: dt.date, title: str = "Switch-over") -> Proof:
    held = ends_on - dt.timedelta(days=365)
    return services.add_proof(
        party_id=party.pk, kind="test", title=title, held_on=held, ends_on=ends_on, **given_by()
    )


# Rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "standing", "due"),
    [
        (61, "valid", None), (60, "ending", 60), (31, "ending", 60), (30, "ending", 30),
        (7, "ending", 7), (1, "ending", 7), (0, "ending", 0), (-1, "ended", -1),
    ],
)  # fmt: skip
def test_a_proof_holds_through_its_last_day(left: int, standing: str, due: int | None) -> None:
    ends_on = TODAY + dt.timedelta(days=left)
    assert rules.standing(ends_on, TODAY) == standing
    assert rules.reminder_due(ends_on, TODAY) == due


@given(st.integers(-400, 400), st.integers(0, 30))
def test_a_reminder_never_goes_back(left: int, later: int) -> None:
    ends_on = TODAY + dt.timedelta(days=left)
    first = rules.reminder_due(ends_on, TODAY)
    then = rules.reminder_due(ends_on, TODAY + dt.timedelta(days=later))
    assert first is None or (then is not None and then <= first)


# Services -------------------------------------------------------------------------------------


def test_names_and_numbers_are_in_neither_table_nor_ledger(party: Party) -> None:
    contact = add_hotline(party)
    assert b"Zhao" not in bytes(PartyContact.objects.get(pk=contact.pk).sealed)
    assert not Record.objects.filter(payload__contains="Zhao").exists()
    shown = services.show_contacts(party_id=party.pk, **given_by(Role.AUDITOR))
    assert [(row["name"], row["phone"]) for row in shown] == [("Zhao Example", "+861380000")]
    assert Record.objects.filter(action="party.contacts_shown").count() == 1


def test_who_is_taken_off_the_list_is_forgotten(party: Party) -> None:
    contact = add_hotline(party)
    services.end_contact(contact_id=contact.pk, reason="left the firm", **given_by())
    assert services.show_contacts(party_id=party.pk, **given_by()) == []
    assert services.opened([PartyContact.objects.get(pk=contact.pk)]) == []
    with pytest.raises(Conflict):
        services.end_contact(contact_id=contact.pk, reason="again", **given_by())


def test_a_contact_needs_a_way_to_be_reached(party: Party) -> None:
    with pytest.raises(InvalidInput) as refused:
        services.add_contact(party_id=party.pk, duty="x", name="y", **given_by())
    assert refused.value.field == "phone"


def test_only_who_runs_crises_keeps_parties(party: Party) -> None:
    for role in (Role.AUDITOR, Role.REVIEWER, Role.DISPATCHER, Role.AUTHOR):
        with pytest.raises(Forbidden):
            services.save_party(name="Other", kind="supplier", **given_by(role))
    with pytest.raises(Forbidden):
        services.show_contacts(party_id=party.pk, **given_by(Role.AUTHOR))


def test_a_party_is_named_once_and_is_not_its_own_backup(party: Party) -> None:
    with pytest.raises(InvalidInput) as taken:
        services.save_party(name=party.name, kind="supplier", **given_by())
    assert taken.value.field == "name"
    with pytest.raises(InvalidInput) as itself:
        services.save_party(
            party_id=party.pk, name="x", kind="backup", stands_in=party.pk, **given_by()
        )
    assert itself.value.field == "stands_in"


def test_a_newer_test_takes_the_place_of_the_older(party: Party) -> None:
    old = add_test(party, TODAY)
    new = add_test(party, TODAY + dt.timedelta(days=200))
    old.refresh_from_db()
    assert old.replaced_at is not None
    assert [
        row.proof.pk for row in selectors.proofs_of(party, TODAY) if not row.proof.replaced_at
    ] == [new.pk]


def test_each_step_is_reminded_of_once(party: Party) -> None:
    add_test(party, TODAY + dt.timedelta(days=30))
    add_test(party, TODAY + dt.timedelta(days=100), title="far away")
    now = clock.now()
    assert [services.remind_due(now=now, today=TODAY) for _ in range(2)] == [1, 0]
    assert services.remind_due(now=now, today=TODAY + dt.timedelta(days=24)) == 1
    assert services.remind_due(now=now, today=TODAY + dt.timedelta(days=31)) == 1
    assert Record.objects.filter(action="party.reminded").count() == 3


def test_nothing_is_added_to_a_party_that_ended(party: Party) -> None:
    services.end_party(party_id=party.pk, reason="contract over", **given_by())
    with pytest.raises(Conflict):
        add_hotline(party)
    assert selectors.parties(make_actor(Role.AUDITOR)) == []


# Pages ----------------------------------------------------------------------------------------


def test_the_pages_add_a_party_with_contact_and_test(client: Client, db: None) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER))
    answer = client.post(
        reverse("crisis-party-new"),
        {"name": "Example Bank", "kind": "backup", "systems": "settlement\npayments"},
    )
    party = Party.objects.get()
    assert answer["Location"] == reverse("crisis-party", args=[party.pk])
    assert party.systems == ["payments", "settlement"]
    client.post(
        reverse("crisis-party-contact-add", args=[party.pk]),
        {"contact-duty": "desk", "contact-name": "Li Example", "contact-email": "li@example.com"},
    )
    refused = client.post(
        reverse("crisis-party-proof-add", args=[party.pk]),
        {"proof-kind": "test", "proof-title": "Drill", "proof-held_on": "2026-02-01",
         "proof-ends_on": "2026-01-01"},
    )  # fmt: skip
    assert refused.status_code == 422
    assert "It cannot end before it began." in refused.text
    assert "li@example.com" in refused.text


def test_the_list_costs_the_same_for_any_number(
    client: Client, db: None, django_assert_max_num_queries
) -> None:
    sign_in(client, make_user(Role.CRISIS_OFFICER))
    for number in range(6):
        party = services.save_party(name=f"Party {number}", kind="supplier", **given_by())
        add_test(party, TODAY + dt.timedelta(days=number))
    with django_assert_max_num_queries(14):
        assert client.get(reverse("crisis-parties")).status_code == 200
