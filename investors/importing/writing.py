"""Writes a chunk of rows in one transaction: COPY for new investors, set-based SQL for changed
ones, and one ledger record for each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from audit.leaf import Entry, Subjects
from audit.record import copy_lines, draft, record_many
from core.actor import Actor
from core.clock import uuid7
from investors import vault
from investors.importing.copying import copy_rows
from investors.importing.encoding import Encoded, Origin
from investors.importing.rows import ATTRIBUTES
from investors.importing.standing import Changes
from investors.models import ConsentEntry, ConsentState, ContactPoint, Investor
from investors.rules import IMPORTED, legal_basis, reach
from investors.vault import Profile

_INVESTOR = (
    "id, business_line_id, ref_hash, profile, language, time_zone, risk_level, cadence, "
    "preferred_channels, quiet_from, quiet_to, account_flags, opened_on, status, reach, "
    "systems, branches, products, access_channels, "
    "fingerprint, created_at, updated_at"
)
_CONTACT = (
    "id, investor_id, kind, rank, value_sealed, value_hash, state, suppressed_reason, created_at"
)
_ENTRY = (
    "id, investor_id, purpose, action, method, legal_basis, place, occurred_at, recorded_at, source"
)
_STATE = "investor_id, purpose, granted, entry_id, since"


@dataclass(frozen=True, slots=True)
class Context:
    """What all rows of an import share."""

    batch_id: UUID
    line_id: UUID
    actor: Actor
    now: dt.datetime

    @property
    def origin(self) -> Origin:
        """The same for those who encode new investors."""
        return Origin(self.batch_id, self.line_id, self.actor.ref, self.now)


def create(encoded: Encoded) -> None:
    """Insert new investors with their keys, contacts, consents and ledger records."""
    if not encoded.people:
        return
    copy_rows("audit_subjectkey", "subject, wrapped, created_at", encoded.keys)
    copy_rows("investors_investor", _INVESTOR, encoded.investors)
    copy_rows("investors_contactpoint", _CONTACT, encoded.contacts)
    copy_rows("investors_consententry", _ENTRY, encoded.entries)
    copy_rows("investors_consentstate", _STATE, encoded.states)
    copy_lines([encoded.records])


# --- changed investors ----------------------------------------------------------------------


def update(changes: list[Changes], context: Context) -> None:
    """Write what changed of investors that `standing.load` has locked."""
    if not changes:
        return
    entries: list[ConsentEntry] = []
    records: list[Entry] = []
    for change in changes:
        made = [_entry(change, purpose, act, context) for purpose, act in change.acts.items()]
        entries += made
        _apply_fields(change, context)
        records.append(
            draft(
                action="investor.updated",
                actor=context.actor,
                now=context.now,
                subjects=Subjects(investor=change.existing.investor.pk),
                payload={
                    "batch": str(context.batch_id),
                    "changed": change.names,
                    "consents": {entry.purpose: f"{entry.action} {entry.pk}" for entry in made},
                    "line": change.row.line,
                },
            )
        )
    for change in changes:
        for kind, value in change.contacts.items():
            _replace_contact(change, kind, value, context)
    ConsentEntry.objects.bulk_create(entries)
    _write_states(entries)
    for change in changes:
        granted = {name for name, state in change.existing.consents.items() if state.granted}
        granted -= set(change.acts)
        granted |= {purpose for purpose, act in change.acts.items() if act == "given"}
        change.existing.investor.reach = reach(change.existing.usable, granted)
    Investor.objects.bulk_update(
        [change.existing.investor for change in changes], _UPDATED, batch_size=500
    )
    record_many(records)


_UPDATED = [
    "profile", "language", "time_zone", "risk_level", "cadence", "preferred_channels",
    "quiet_from", "quiet_to", "account_flags", "opened_on", "reach", "fingerprint", "updated_at",
    *ATTRIBUTES,
]  # fmt: skip


def remember(changes: list[Changes]) -> None:
    """Keep the new fingerprint of rows that read differently but change nothing."""
    for change in changes:
        change.existing.investor.fingerprint = change.fingerprint
    Investor.objects.bulk_update(
        [change.existing.investor for change in changes], ["fingerprint"], batch_size=500
    )


def _apply_fields(change: Changes, context: Context) -> None:
    investor, row = change.existing.investor, change.row
    for name, value in change.fields.items():
        setattr(investor, name, list(value) if isinstance(value, tuple) else value)
    if change.profile:
        profile = Profile(change.existing.profile.ref, row.name)
        investor.profile = vault.seal_profile(change.existing.key, profile)
    investor.fingerprint = change.fingerprint
    investor.updated_at = context.now


def _entry(change: Changes, purpose: str, act: str, context: Context) -> ConsentEntry:
    return ConsentEntry(
        id=uuid7(),
        investor_id=change.existing.investor.pk,
        purpose=purpose,
        action=act,
        method=IMPORTED,
        legal_basis=legal_basis(purpose),
        occurred_at=context.now,
        recorded_at=context.now,
        source=context.origin.source,
    )


def _write_states(entries: list[ConsentEntry]) -> None:
    ConsentState.objects.bulk_create(
        [
            ConsentState(
                investor_id=entry.investor_id,
                purpose=entry.purpose,
                granted=entry.action == ConsentEntry.Action.GIVEN,
                entry_id=entry.pk,
                since=entry.occurred_at,
            )
            for entry in entries
        ],
        update_conflicts=True,
        unique_fields=["investor_id", "purpose"],
        update_fields=["granted", "entry", "since"],
    )


def _replace_contact(change: Changes, kind: str, value: str, context: Context) -> None:
    found = vault.put_in_use(
        investor_id=change.existing.investor.pk,
        key=change.existing.key,
        kind=kind,
        value=value,
        now=context.now,
    )
    change.existing.usable.discard(kind)
    if found.state != ContactPoint.State.SUPPRESSED:
        change.existing.usable.add(kind)
