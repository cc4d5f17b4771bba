"""Writes about investors. Each is one transaction with its ledger record."""

from __future__ import annotations

from investors.services.consent import (
    give_consent,
    set_preference,
    set_preferences,
    withdraw_consent,
)
from investors.services.contacts import reveal_contact, set_contact_state, suppress_contact
from investors.services.people import (
    create_investor,
    list_shown,
    save_topic,
    search_investors,
    view_investor,
)

__all__ = [
    "create_investor",
    "give_consent",
    "list_shown",
    "reveal_contact",
    "save_topic",
    "search_investors",
    "set_contact_state",
    "set_preference",
    "set_preferences",
    "suppress_contact",
    "view_investor",
    "withdraw_consent",
]
