"""Scenes of third parties."""

from __future__ import annotations

import datetime as dt

from core.roles import Role
from crisis.parties import services
from crisis.parties.models import Party, PartyContact
from tests.completeness.catalogue import Act, scene
from tests.completeness.scenes.core import REASON, call
from tests.crisis.builders import make_actor

DAY = dt.date(2026, 3, 2)


def _officer():
    return make_actor(Role.CRISIS_OFFICER)


def _party() -> Party:
    return call(services.save_party, name="Example Bank", kind="backup", actor=_officer())()


def _contact() -> PartyContact:
    words = {"duty": "desk", "name": "Li Example", "email": "li@example.com"}
    return call(services.add_contact, party_id=_party().pk, actor=_officer(), **words)()


@scene("crisis.parties.services.save_party")
def _save() -> Act:
    return call(services.save_party, name="Example Bank", kind="backup", actor=_officer())


@scene("crisis.parties.services.end_party")
def _end() -> Act:
    return call(services.end_party, party_id=_party().pk, reason=REASON, actor=_officer())


@scene("crisis.parties.services.add_contact")
def _add_contact() -> Act:
    words = {"duty": "desk", "name": "Li Example", "phone": "+861380000"}
    return call(services.add_contact, party_id=_party().pk, actor=_officer(), **words)


@scene("crisis.parties.services.end_contact")
def _end_contact() -> Act:
    return call(services.end_contact, contact_id=_contact().pk, reason=REASON, actor=_officer())


@scene("crisis.parties.services.show_contacts")
def _show() -> Act:
    return call(services.show_contacts, party_id=_contact().party_id, actor=_officer())


@scene("crisis.parties.services.add_proof")
def _add_proof() -> Act:
    return call(services.add_proof, party_id=_party().pk, actor=_officer(), **_proof())


@scene("crisis.parties.services.remind_due")
def _remind() -> Act:
    call(services.add_proof, party_id=_party().pk, actor=_officer(), **_proof())()
    return call(services.remind_due, today=DAY)


def _proof() -> dict[str, object]:
    return {"kind": "test", "title": "Switch-over", "held_on": DAY, "ends_on": DAY}
