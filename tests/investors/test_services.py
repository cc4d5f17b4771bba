"""Consent, preferences, contacts and reveal: each success beside its refusals."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from audit import sealing
from audit.models import Record, SubjectKey
from core import actor as actors
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, StepUpRequired
from core.roles import Role
from investors import selectors, services
from investors.consent_texts.selectors import in_force
from investors.models import ConsentEntry, ContactPoint, Investor, Preference, Topic
from investors.rules import EMAIL, INBOX, SMS
from tests.audit.retention import no_duties
from tests.investors import builders
from tests.investors.builders import NOW, investor, privacy_officer, staff

pytestmark = pytest.mark.django_db


def standing(investor_id):
    return selectors.current_standing([investor_id], "market_news")[investor_id]


def phone_of(investor_id):
    return ContactPoint.objects.get(investor_id=investor_id, kind="phone")


# --- consent ----------------------------------------------------------------------------------


def test_withdrawing_is_as_easy_as_giving_and_both_take_effect_at_once() -> None:
    who = investor(consents=())
    me = actors.investor(who, ip="203.0.113.77")
    notice = in_force("en")[SMS].pk
    given = services.give_consent(
        investor_id=who, purpose=SMS, method="portal", notice_id=notice, actor=me, now=NOW
    )
    assert standing(who).sms_consent
    services.withdraw_consent(investor_id=who, purpose=SMS, method="portal", actor=me, now=NOW)
    assert not standing(who).sms_consent
    entry = ConsentEntry.objects.get(pk=given)
    assert (entry.notice_id, entry.place, entry.legal_basis) == (
        notice, "203.0.113.0/24", "consent",
    )  # fmt: skip
    history = {item.purpose: item for item in selectors.consents(who)}[SMS]
    assert [act.action for act in history.history] == ["withdrawn", "given"]
    assert Record.objects.filter(action="consent.withdrawn", investor=who).count() == 1


def test_consent_cannot_be_given_twice_or_withdrawn_from_nothing() -> None:
    who = investor(consents=(SMS,))
    clerk = privacy_officer()
    with pytest.raises(Conflict):
        services.give_consent(investor_id=who, purpose=SMS, method="phone", actor=clerk, now=NOW)
    with pytest.raises(Conflict):
        services.withdraw_consent(
            investor_id=who, purpose=EMAIL, method="phone", actor=clerk, now=NOW
        )
    with pytest.raises(Conflict) as refused:
        services.withdraw_consent(
            investor_id=who, purpose=INBOX, method="phone", actor=clerk, now=NOW
        )
    assert refused.value.code == "consent_contractual"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "channel.pigeon"}, "purpose"),
        ({"method": "telepathy"}, "method"),
        ({"notice_id": uuid4()}, "notice_id"),
    ],
)
def test_consent_names_the_field_at_fault(change: dict[str, object], field: str) -> None:
    given = {
        "investor_id": investor(consents=()), "purpose": SMS, "method": "phone",
        "actor": privacy_officer(), "now": NOW, **change,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        services.give_consent(**given)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_an_investor_acts_for_nobody_else_and_staff_need_the_right() -> None:
    who = investor(consents=())
    with pytest.raises(NotFound):
        services.give_consent(
            investor_id=who, purpose=SMS, method="portal", actor=actors.investor(uuid4()), now=NOW
        )
    with pytest.raises(Forbidden):
        services.give_consent(
            investor_id=who, purpose=SMS, method="phone",
            actor=staff(Role.DISPATCHER, builders.line()), now=NOW,
        )  # fmt: skip


# --- preferences ------------------------------------------------------------------------------


def test_a_topic_can_be_left_on_one_channel_and_taken_up_again() -> None:
    who = investor()
    me = actors.investor(who)
    common = {"investor_id": who, "topic": "market_news", "channel": "sms", "actor": me, "now": NOW}
    services.set_preference(**common, wanted=False)  # type: ignore[arg-type]
    assert (standing(who).sms_wanted, standing(who).email_wanted) == (False, True)
    services.set_preference(**common, wanted=False)  # type: ignore[arg-type]
    assert Record.objects.filter(action="preference.set").count() == 1
    services.set_preference(**common, wanted=True)  # type: ignore[arg-type]
    assert standing(who).sms_wanted


def test_a_mandatory_topic_is_locked_and_says_why() -> None:
    who = investor()
    with pytest.raises(Conflict) as refused:
        services.set_preference(
            investor_id=who, topic="risk_alert", channel="sms", wanted=False,
            actor=actors.investor(who), now=NOW,
        )  # fmt: skip
    assert refused.value.code == "mandatory_topic"
    assert Topic.objects.get(pk="risk_alert").why in str(refused.value)
    locked = {row.topic.code: row.locked for row in selectors.preference_matrix(who)}
    assert locked["risk_alert"]
    assert not locked["education"]


def test_a_mandatory_topic_ignores_a_preference_that_stands_in_the_table() -> None:
    who = investor()
    Preference.objects.create(
        investor_id=who, topic_id="risk_alert", channel="sms", wanted=False, updated_at=NOW
    )
    assert selectors.current_standing([who], "risk_alert")[who].sms_wanted


# --- contacts ---------------------------------------------------------------------------------


def test_a_suppressed_contact_is_used_no_more_and_reach_follows() -> None:
    who = investor()
    phone = phone_of(who)
    assert Investor.objects.get(pk=who).reach == 2
    for _again in range(2):
        services.suppress_contact(
            contact_id=phone.pk, reason="hard_bounce", actor=actors.system("receiver"), now=NOW
        )
    assert standing(who).sms_contact is None
    assert standing(who).email_contact is not None
    assert Investor.objects.get(pk=who).reach == 1
    assert Record.objects.filter(action="contact.suppressed").count() == 1
    services.set_contact_state(
        contact_id=phone.pk, state="verified", actor=privacy_officer(), now=NOW
    )
    assert standing(who).sms_contact == phone.pk


def test_suppression_needs_a_reason_and_a_right() -> None:
    phone = phone_of(investor())
    with pytest.raises(InvalidInput) as refused:
        services.suppress_contact(contact_id=phone.pk, reason=" ", actor=privacy_officer(), now=NOW)
    assert refused.value.field == "reason"
    with pytest.raises(Forbidden):
        services.suppress_contact(
            contact_id=phone.pk, reason="x", actor=staff(Role.RELEASER, builders.line()), now=NOW
        )


def test_a_reveal_needs_right_second_factor_and_reason_and_leaves_a_record() -> None:
    who = investor()
    phone = phone_of(who)
    shown = services.reveal_contact(
        contact_id=phone.pk, reason="Called back", actor=privacy_officer(), now=NOW
    )
    assert shown == "+8613812345678"
    told = Record.objects.get(action="contact.revealed")
    assert (told.investor, told.payload) == (who, '{"kind":"phone"}')
    reason = sealing.unseal_text(sealing.key_of(who), bytes(told.sealed), context="reason")
    assert reason == "Called back"

    for actor, reason, error in (
        (staff(Role.DISPATCHER, builders.line()), "why", Forbidden),
        (privacy_officer(stepped_up=False), "why", StepUpRequired),
        (privacy_officer(), "  ", InvalidInput),
    ):
        with pytest.raises(error):
            services.reveal_contact(contact_id=phone.pk, reason=reason, actor=actor, now=NOW)
    assert Record.objects.filter(action="contact.revealed").count() == 1


def test_erasing_the_key_erases_contacts_and_profile() -> None:
    who = investor()
    phone = phone_of(who)
    no_duties()
    SubjectKey.objects.filter(subject=who).update(wrapped=None, destroyed_at=NOW)
    assert selectors.open_contacts([phone.pk]) == {}
    assert selectors.open_profiles([who]) == {}
    assert selectors.masked_contacts(Investor.objects.get(pk=who)) == []
    with pytest.raises(Conflict):
        services.reveal_contact(contact_id=phone.pk, reason="x", actor=privacy_officer(), now=NOW)


# --- seeing and finding -----------------------------------------------------------------------


def test_contacts_are_masked_and_sharing_is_flagged() -> None:
    first, second = investor("1"), investor("2", email="other@example.com")
    shown = selectors.masked_contacts(Investor.objects.get(pk=first))
    assert [(contact.masked, contact.shared) for contact in shown] == [
        ("u***@example.com", 0),
        ("+86 138****5678", 1),
    ]
    services.suppress_contact(
        contact_id=phone_of(second).pk, reason="x", actor=privacy_officer(), now=NOW
    )


@pytest.mark.parametrize(
    "text", ["100001", " １００００１ ", "138-1234-5678", "U100001@EXAMPLE.com"]
)
def test_an_investor_is_found_by_what_is_known_of_them(text: str) -> None:
    who = investor("100001")
    investor("2", phone="13900000000")
    clerk = staff(Role.DISPATCHER, builders.line())
    assert services.search_investors(text=text, actor=clerk, now=NOW) == [who]
    payload = json.loads(Record.objects.get(action="investor.searched").payload)
    assert payload == {"found": 1, "investors": [str(who)]}


def test_people_of_another_line_do_not_see_or_find() -> None:
    who = investor("100001")
    stranger = staff(Role.DISPATCHER, builders.line("wealth"))
    assert services.search_investors(text="100001", actor=stranger, now=NOW) == []
    assert not selectors.investors_visible_to(stranger).exists()
    with pytest.raises(NotFound):
        services.view_investor(investor_id=who, actor=stranger, now=NOW)
    with pytest.raises(Forbidden):
        selectors.investors_visible_to(staff(Role.ADMINISTRATOR))
    assert services.view_investor(investor_id=who, actor=staff(Role.AUDITOR), now=NOW).pk == who


def test_a_customer_number_is_entered_once() -> None:
    investor("100001")
    with pytest.raises(Conflict):
        investor("100001")
    with pytest.raises(InvalidInput) as refused:
        investor("3", phone="12")
    assert refused.value.field == "phone"
