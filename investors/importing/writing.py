"""Writes a chunk of rows in one transaction: COPY for new investors, set-based SQL for changed
ones, and one ledger record for each."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from audit import sealing
from audit.leaf import Entry, Subjects
from audit.record import draft, record_many
from core import crypto
from core.actor import Actor
from core.clock import uuid7, uuid7_raw
from investors import vault
from investors.importing import copying
from investors.importing.copying import NO, UUID_HEAD, YES, copy_rows
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
_STATE = "investor_id, purpose, granted, entry_id, since"


_INVESTOR_HEAD = copying.row_head(18)
_CONTACT_HEAD = copying.row_head(9)
_ENTRY_HEAD = copying.row_head(10)
_STATE_HEAD = copying.row_head(5)
_ACTIVE = copying.word("active")
_IN_USE = copying.smallint(0)

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
    made = _Rows(context)
    for investor_id, new in zip(ids, rows, strict=True):
        made.add(investor_id, new, keys[investor_id])
    copy_rows("investors_investor", _INVESTOR, made.investors)
    copy_rows("investors_contactpoint", _CONTACT, made.contacts)
    copy_rows("investors_consententry", _ENTRY, made.entries)
    copy_rows("investors_consentstate", _STATE, made.states)
    record_many(made.records)


class _Rows:
    """Binary COPY rows of new investors. What all rows share is put together once per chunk."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._actor = context.actor.ref
        self._batch = str(context.batch_id)
        self._line = copying.uuid_field(context.line_id.bytes)
        self._at = at = copying.timestamp(context.now)
        source = copying.raw(context.source.encode())
        self._entry_tails = {
            (purpose, act): b"".join(
                (
                    *map(copying.word, (purpose, act, IMPORTED, legal_basis(purpose), "")),
                    at,
                    at,
                    source,
                )
            )
            for purpose in PURPOSES
            for act in ConsentEntry.Action.values
        }
        self._contact_tail = copying.word("unverified") + copying.word("") + at
        self._investor_tail = at + at
        self.investors: list[bytes] = []
        self.contacts: list[bytes] = []
        self.entries: list[bytes] = []
        self.states: list[bytes] = []
        self.records: list[Entry] = []

    def add(self, investor_id: UUID, new: New, key: bytes) -> None:
        """Everything of one investor."""
        row, subject = new.row, copying.uuid_field(investor_id.bytes)
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
            act, entry = acts[purpose], uuid7_raw()
            entry_id = UUID_HEAD + entry.bytes
            self.entries.append(_ENTRY_HEAD + entry_id + subject + self._entry_tails[purpose, act])
            flag = YES if act == "given" else NO
            self.states.append(
                _STATE_HEAD + subject + copying.word(purpose) + flag + entry_id + self._at
            )
            told.append(f'"{purpose}":"{act} {entry}"')
        self._record(investor_id, row.line, ",".join(told))

    def _investor(self, subject: bytes, new: New, seal: Seal, reachable: int) -> None:
        row = new.row
        sealed = seal(vault.profile_text(Profile(row.ref, row.name)), vault.PROFILE)
        quiet_from, quiet_to = row.quiet_hours or (None, None)
        fields = (
            _INVESTOR_HEAD,
            subject,
            self._line,
            copying.raw(new.ref_hash),
            copying.raw(sealed),
            copying.word(row.language),
            copying.word(row.time_zone),
            copying.word(row.risk_level),
            copying.word(row.cadence),
            copying.words(row.preferred_channels),
            copying.time(quiet_from),
            copying.time(quiet_to),
            copying.words(row.account_flags),
            copying.date(row.opened_on),
            _ACTIVE,
            copying.smallint(reachable),
            copying.raw(new.fingerprint),
            self._investor_tail,
        )
        self.investors.append(b"".join(fields))

    def _contact(self, subject: bytes, kind: str, value: str, seal: Seal) -> None:
        fields = (
            _CONTACT_HEAD,
            UUID_HEAD,
            uuid7_raw().bytes,
            subject,
            copying.word(kind),
            _IN_USE,
            copying.raw(seal(value.encode(), vault.CONTACT)),
            copying.raw(vault.contact_hash(kind, value)),
            self._contact_tail,
        )
        self.contacts.append(b"".join(fields))

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
