"""What needs no scene of its own, and why."""

from __future__ import annotations

_PART = "a part of services: it runs in their transaction, and their scenes run it"
_QUEUE = "asks whether there is something to do"

PARTS = {
    "crisis.clocks.services.breaches.begin_next_rounds": _PART,
    "crisis.clocks.services.breaches.next_round": _PART,
    "crisis.clocks.services.breaches.settle": _PART,
    "crisis.clocks.services.common.draft_of": _PART,
    "crisis.clocks.services.common.end": _PART,
    "crisis.clocks.services.common.entry_for": _PART,
    "crisis.clocks.services.common.tell": _PART,
    "crisis.clocks.services.starting.count_anew": _PART,
    "crisis.clocks.services.starting.met": _PART,
    "crisis.clocks.services.starting.start_due": _PART,
    "crisis.clocks.services.table.require_keeper": _PART,
    "comms.services.bounces.suppress": _PART,
    "comms.services.claiming.something_due": _QUEUE,
    "comms.services.closing.compact_tallies": "fewer rows hold the same sums; nothing changes",
    "comms.services.fallback.reconsider": _PART,
    "comms.services.notices.common.locked": _PART,
    "comms.services.notices.common.move": _PART,
    "comms.services.notices.common.person_of": _PART,
    "comms.services.notices.common.readable": _PART,
    "comms.services.notices.common.write_record": _PART,
    "comms.services.optout.withdraw_channel": _PART,
    "comms.services.receipts.applying.apply_dsn": _PART,
    "comms.services.receipts.storing.keep": _PART,
    "comms.services.sending.result_of": _PART,
    "comms.services.sending.settle": _PART,
    "comms.recreating.services.delivery_for": _PART,
    "comms.dryruns.services.shown": _PART,
    "crisis.incidents.services.activating.open_incident": _PART,
    "crisis.incidents.services.attaching.attach": _PART,
    "crisis.incidents.services.common.past_instant": _PART,
    "crisis.incidents.services.common.reach": _PART,
    "crisis.incidents.services.common.require_person": _PART,
    "crisis.incidents.services.common.told": _PART,
    "crisis.incidents.services.common.write_record": _PART,
    "crisis.incidents.services.deciding.end_as_false": _PART,
    "crisis.incidents.services.deciding.proposed_tier": _PART,
    "crisis.incidents.services.staffing.give": _PART,
    "crisis.incidents.services.staffing.man_the_tier": _PART,
    "core.services.checks.own": _PART,
    "core.services.checks.require_manager": _PART,
    "core.services.checks.require_not_self": _PART,
    "core.signin.pending_user": "reads the session of the visitor",
    "investors.services.shared.enter": _PART,
    "investors.services.shared.locked": _PART,
    "investors.services.shared.require_consent_right": _PART,
    "templates_mgmt.services.common.person_of": _PART,
    "templates_mgmt.services.common.locked": _PART,
    "portal.selfservice.sessions.current": "reads the session of the visitor",
    "audit.export.requests.locked": _PART,
    "audit.export.requests.note": _PART,
    "audit.retention.services.checks.note": _PART,
    "audit.retention.services.checks.person": _PART,
    "audit.services.sealed_by_reader": _PART,
}

# Scenes of services that change only plumbing, or hand on to one that records.
NO_RECORD: dict[str, str] = {
    "templates_mgmt.writing.services.keep_words": "what is typed and not saved yet",
    "templates_mgmt.writing.services.drop_words": "what was typed and never saved",
    "templates_mgmt.writing.services.expire_words": "what was typed and never saved",
}
