"""Writes a chunk of rows in one transaction: COPY for new investors, set-based SQL for changed
ones, and one ledger record for each."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from audit import sealing
from audit.leaf import Entry, Subjects
from audit.record import draft, record_many
from core import crypto
from core.actor import Actor
from core.clock import isoformat, uuid7, uuid7_text
from investors import vault
from investors.importing.rows import Row
from investors.importing.standing import Changes, first_acts
from investors.models import ConsentEntry, ConsentState, ContactPoint, Investor
from investors.rules import IMPORTED, INBOX, PURPOSES, legal_basis, reach
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
_NULL = "\\N"
_STATE = "investor_id, purpose, granted, entry_id, since"


Seal = Callable[[bytes, bytes], bytes]


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
    lines = _Lines(context)
    for investor_id, new in zip(ids, rows, strict=True):
        lines.add(investor_id, new, keys[investor_id])
    _copy("investors_investor", _INVESTOR, lines.investors)
    _copy("investors_contactpoint", _CONTACT, lines.contacts)
    _copy("investors_consententry", _ENTRY, lines.entries)
    _copy("investors_consentstate", _STATE, lines.states)
    record_many(lines.records)


class _Lines:
    """COPY lines of new investors. Text is put together once per import where it can be; all of
    it is from fixed vocabularies, hexadecimal or a UUID, so nothing needs escaping."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._actor = context.actor.ref
        self._at = at = isoformat(context.now)
        self._batch = str(context.batch_id)
        self._line = str(context.line_id)
        self._entry_tail = {
            purpose: f"{IMPORTED}\t{legal_basis(purpose)}\t\t{at}\t{at}\t{context.source}\n"
            for purpose in PURPOSES
        }
        self.investors: list[str] = []
        self.contacts: list[str] = []
        self.entries: list[str] = []
        self.states: list[str] = []
        self.records: list[Entry] = []

    def add(self, investor_id: UUID, new: New, key: bytes) -> None:
        """Everything of one investor."""
        row, subject, at = new.row, str(investor_id), self._at
        acts = first_acts(row)
        usable = {kind for kind, value in (("phone", row.phone), ("email", row.email)) if value}
        granted = {purpose for purpose, act in acts.items() if act == "given"}
        seal = crypto.sealer(key)
        self._investor(subject, new, seal, reach(usable, granted))
        if row.phone:
            self._contact(subject, "phone", row.phone, seal)
        if row.email:
            self._contact(subject, "email", row.email, seal)
        acts[INBOX] = "given"
        told = []
        for purpose in sorted(acts):
            act, entry = acts[purpose], uuid7_text()
            self.entries.append(
                f"{entry}\t{subject}\t{purpose}\t{act}\t{self._entry_tail[purpose]}"
            )
            flag = "t" if act == "given" else "f"
            self.states.append(f"{subject}\t{purpose}\t{flag}\t{entry}\t{at}\n")
            told.append(f'"{purpose}":"{act} {entry}"')
        self._record(investor_id, row.line, ",".join(told))

    def _investor(self, subject: str, new: New, seal: Seal, reachable: int) -> None:
        row = new.row
        sealed = seal(vault.profile_text(Profile(row.ref, row.name)), vault.PROFILE)
        quiet_from, quiet_to = row.quiet_hours or ("\\N", "\\N")
        self.investors.append(
            f"{subject}\t{self._line}\t\\\\x{new.ref_hash.hex()}\t\\\\x{sealed.hex()}\t"
            f"{row.language}\t{row.time_zone}\t{row.risk_level}\t{row.cadence}\t"
            f"{{{','.join(row.preferred_channels)}}}\t{quiet_from}\t{quiet_to}\t"
            f"{{{','.join(row.account_flags)}}}\t{row.opened_on or _NULL}\tactive\t"
            f"{reachable}\t\\\\x{new.fingerprint.hex()}\t{self._at}\t{self._at}\n"
        )

    def _contact(self, subject: str, kind: str, value: str, seal: Seal) -> None:
        self.contacts.append(
            f"{uuid7_text()}\t{subject}\t{kind}\t0\t"
            f"\\\\x{seal(value.encode(), vault.CONTACT).hex()}\t"
            f"\\\\x{vault.contact_hash(kind, value).hex()}\tunverified\t\t{self._at}\n"
        )

    def _record(self, investor_id: UUID, line: int, consents: str) -> None:
        """`audit.record.draft` by hand, because it is made a million times: the payload is
        canonical JSON as it stands, which a test compares with `canonical_text`."""
        self.records.append(
            Entry(
                id=uuid7(),
                occurred_at=self._context.now,
                recorded_at=self._context.now,
                action="investor.imported",
                actor=self._actor,
                subjects=Subjects(investor=investor_id),
                payload=f'{{"batch":"{self._batch}","consents":{{{consents}}},"line":{line}}}',
                sealed=None,
            )
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
