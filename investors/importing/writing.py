"""Writes a chunk of rows in one transaction: COPY for new investors, set-based SQL for changed
ones, and one ledger record for each."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from audit import sealing
from audit.leaf import Entry, Subjects
from audit.record import draft, record_many
from core.actor import Actor
from core.clock import isoformat, uuid7
from investors import vault
from investors.importing.rows import Row
from investors.importing.standing import Changes, first_acts, reach
from investors.models import ConsentEntry, ConsentState, ContactPoint, Investor
from investors.rules import IMPORTED, INBOX, legal_basis
from investors.vault import Profile

_INVESTOR = (
    "id, business_line_id, ref_hash, profile, language, time_zone, risk_level, cadence, "
    "preferred_channels, quiet_from, quiet_to, account_flags, opened_on, status, reach, "
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
    def source(self) -> str:
        """Where a consent entry of this import comes from."""
        return f"{IMPORTED}:{self.batch_id}"


@dataclass(frozen=True, slots=True)
class New:
    """A row whose customer number is not known yet."""

    row: Row
    ref_hash: bytes
    fingerprint: bytes


def create(rows: list[New], context: Context) -> None:
    """Insert new investors with their keys, contacts, consents and ledger records."""
    if not rows:
        return
    ids = [UUID(bytes=os.urandom(16), version=4) for _row in rows]
    keys = sealing.create_keys(ids, now=context.now)
    at = isoformat(context.now)
    investors: list[str] = []
    contacts: list[str] = []
    entries: list[str] = []
    states: list[str] = []
    records: list[Entry] = []
    for investor_id, new in zip(ids, rows, strict=True):
        row, key = new.row, keys[investor_id]
        acts = first_acts(row)
        acts[INBOX] = "given"
        granted = {purpose for purpose, act in acts.items() if act == "given"}
        usable = {kind for kind, value in (("phone", row.phone), ("email", row.email)) if value}
        investors.append(_investor_line(investor_id, new, key, context, at, reach(usable, granted)))
        for kind, value in (("phone", row.phone), ("email", row.email)):
            if value:
                contacts.append(_contact_line(investor_id, kind, value, key, at))
        made = {}
        for purpose, act in acts.items():
            made[purpose] = entry_id = uuid7()
            basis = legal_basis(purpose)
            entries.append(
                f"{entry_id}\t{investor_id}\t{purpose}\t{act}\t{IMPORTED}\t{basis}\t\t{at}\t{at}\t"
                f"{context.source}\n"
            )
            flag = "t" if act == "given" else "f"
            states.append(f"{investor_id}\t{purpose}\t{flag}\t{entry_id}\t{at}\n")
        records.append(_record(investor_id, row.line, acts, made, context))
    _copy("investors_investor", _INVESTOR, investors)
    _copy("investors_contactpoint", _CONTACT, contacts)
    _copy("investors_consententry", _ENTRY, entries)
    _copy("investors_consentstate", _STATE, states)
    record_many(records)


def _investor_line(
    investor_id: UUID, new: New, key: bytes, context: Context, at: str, reachable: int
) -> str:
    """One COPY line; every text in it comes from a fixed vocabulary or is hexadecimal."""
    row = new.row
    sealed = vault.seal_profile(key, Profile(row.ref, row.name))
    quiet_from, quiet_to = row.quiet_hours or ("\\N", "\\N")
    return (
        f"{investor_id}\t{context.line_id}\t\\\\x{new.ref_hash.hex()}\t\\\\x{sealed.hex()}\t"
        f"{row.language}\t{row.time_zone}\t{row.risk_level}\t{row.cadence}\t"
        f"{{{','.join(row.preferred_channels)}}}\t{quiet_from}\t{quiet_to}\t"
        f"{{{','.join(row.account_flags)}}}\t{row.opened_on or chr(92) + 'N'}\tactive\t"
        f"{reachable}\t\\\\x{new.fingerprint.hex()}\t{at}\t{at}\n"
    )


def _contact_line(investor_id: UUID, kind: str, value: str, key: bytes, at: str) -> str:
    sealed = vault.seal_contact(key, value)
    return (
        f"{uuid7()}\t{investor_id}\t{kind}\t0\t\\\\x{sealed.hex()}\t"
        f"\\\\x{vault.contact_hash(kind, value).hex()}\tunverified\t\t{at}\n"
    )


def _record(
    investor_id: UUID, line: int, acts: dict[str, str], made: dict[str, UUID], context: Context
) -> Entry:
    """`draft` by hand, because it is made a million times: the payload is canonical JSON as it
    stands (sorted keys, plain ASCII), which a test compares with `canonical_text`."""
    consents = ",".join(
        f'"{purpose}":"{acts[purpose]} {made[purpose]}"' for purpose in sorted(acts)
    )
    return Entry(
        id=uuid7(),
        occurred_at=context.now,
        recorded_at=context.now,
        action="investor.imported",
        actor=context.actor.ref,
        subjects=Subjects(investor=investor_id),
        payload=f'{{"batch":"{context.batch_id}","consents":{{{consents}}},"line":{line}}}',
        sealed=None,
    )


def _copy(table: str, columns: str, lines: Iterable[str]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        copy.write("".join(lines))


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
        source=context.source,
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
