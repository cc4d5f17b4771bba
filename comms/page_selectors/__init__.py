"""Reads that only pages and the API need: lists, figures, dry runs, masked people.

Figures come from the tallies, never from counting deliveries, and lists are keyset pages, so a
page costs the same for a thousand and for a million deliveries.
"""

from comms.page_selectors.dry_runs import read_dry_run, read_exclusions
from comms.page_selectors.figures import briefs, figures
from comms.page_selectors.lists import (
    BY_INVESTOR,
    deliveries_of,
    delivery_for,
    exclusions_of,
    find_approved_versions,
    find_notices,
    lines_for,
    notice_for,
    siblings_of,
    whole_notice_for,
)
from comms.page_selectors.people import ids_of_refs, masked_message, people

__all__ = [
    "BY_INVESTOR",
    "briefs",
    "deliveries_of",
    "delivery_for",
    "exclusions_of",
    "figures",
    "find_approved_versions",
    "find_notices",
    "ids_of_refs",
    "lines_for",
    "masked_message",
    "notice_for",
    "people",
    "read_dry_run",
    "read_exclusions",
    "siblings_of",
    "whole_notice_for",
]
