"""Writes of retention: versions of the schedule, holds, proposals and their shredding."""

from audit.retention.services.holds import place_hold, release_hold
from audit.retention.services.proposals import (
    approve_proposal,
    propose_due,
    refuse_proposal,
    shred_batch,
    submit_proposal,
)
from audit.retention.services.reading import note_holds_read, note_retention_read
from audit.retention.services.schedules import (
    approve_schedule,
    change_assignments,
    change_scope,
    draft_schedule,
    refuse_schedule,
    save_rule,
    submit_schedule,
)

__all__ = [
    "approve_proposal",
    "approve_schedule",
    "change_assignments",
    "change_scope",
    "draft_schedule",
    "note_holds_read",
    "note_retention_read",
    "place_hold",
    "propose_due",
    "refuse_proposal",
    "refuse_schedule",
    "release_hold",
    "save_rule",
    "shred_batch",
    "submit_proposal",
    "submit_schedule",
]
