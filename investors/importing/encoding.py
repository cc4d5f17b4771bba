"""From rows in normal form to the rows of every table that a new investor needs, sealed and in
COPY's formats. Touches no database: a helper process does it."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from audit.leaf import Subjects
from audit.record import line_of
from core import crypto
from core.clock import isoformat, uuid7_hex, uuid7_raw
from investors import vault
from investors.importing import copying
from investors.importing.copying import NO, UUID_HEAD, YES
from investors.importing.rows import Row
from investors.rules import IMPORTED, INBOX, PURPOSES, legal_basis, reach
from investors.vault import Profile

ACTS = ("given", "refused")  # what the first row of an investor can say

_KEY_HEAD = copying.row_head(3)
_INVESTOR_HEAD = copying.row_head(22)
_CONTACT_HEAD = copying.row_head(9)
_ENTRY_HEAD = copying.row_head(10)
_STATE_HEAD = copying.row_head(5)
_ACTIVE = copying.word("active")
_IN_USE = copying.smallint(0)


class Origin(NamedTuple):
    """What all rows of an import share."""

    batch_id: UUID
    line_id: UUID
    actor: str
    now: dt.datetime

    @property
    def source(self) -> str:
        """Where a consent entry of this import comes from."""
        return f"{IMPORTED}:{self.batch_id}"


class New(NamedTuple):
    """A row whose customer number is not known yet."""

    row: Row
    ref_hash: bytes
    fingerprint: bytes


class Encoded(NamedTuple):
    """Rows of so many new people, each table's ready for one COPY: binary, the ledger's
    records as text."""

    people: int
    keys: bytes
    investors: bytes
    contacts: bytes
    entries: bytes
    states: bytes
    records: str


class Encoder:
    """Encodes chunk after chunk. What all rows share is put together once."""

    def __init__(self, origin: Origin) -> None:
        at = copying.timestamp(origin.now)
        source = copying.raw(origin.source.encode())
        self._line = copying.uuid_field(origin.line_id.bytes)
        self._at = at
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
            for act in ACTS
        }
        self._state_middles = {
            (purpose, act): copying.word(purpose) + (YES if act == "given" else NO)
            for purpose in PURPOSES
            for act in ACTS
        }
        self._contact_middles = {kind: copying.word(kind) + _IN_USE for kind in ("phone", "email")}
        self._contact_tail = copying.word("unverified") + copying.word("") + at
        self._investor_tail = at + at
        self._record = _record_frame(origin)
        self._payload_head = f'{{"batch":"{origin.batch_id}","consents":{{'

    def encode(self, rows: list[New]) -> Encoded:
        """Everything of these investors; each call draws fresh keys, ids and nonces."""
        draw = crypto.Draws()
        wrap = crypto.wrapper(draw)
        keys: list[bytes] = []
        investors: list[bytes] = []
        contacts: list[bytes] = []
        entries: list[bytes] = []
        states: list[bytes] = []
        records: list[str] = []
        before, middle, after = self._record
        for new in rows:
            pseudonym, key, row = uuid7_raw(), draw(crypto.KEY_BYTES), new.row
            id_bytes = pseudonym.bytes
            subject = UUID_HEAD + id_bytes
            seal = crypto.sealer(key, draw)
            keys += (_KEY_HEAD, subject, copying.raw(wrap(key, id_bytes)), self._at)
            acts = _acts(row)
            investors.append(self._investor(subject, new, seal, _reach(row)))
            if row.phone:
                contacts += self._contact(subject, "phone", row.phone, seal)
            if row.email:
                contacts += self._contact(subject, "email", row.email, seal)
            told = []
            for purpose_and_act in acts:
                entry = uuid7_raw()
                entry_id = UUID_HEAD + entry.bytes
                entries += (_ENTRY_HEAD, entry_id, subject, self._entry_tails[purpose_and_act])
                states += (
                    _STATE_HEAD, subject, self._state_middles[purpose_and_act], entry_id, self._at,
                )  # fmt: skip
                purpose, act = purpose_and_act
                told.append(f'"{purpose}":"{act} {entry}"')
            records.append(
                f"{uuid7_hex()}{before}{pseudonym.hex}{middle}{self._payload_head}"
                f'{",".join(told)}}},"line":{row.line}}}{after}'
            )
        return Encoded(
            len(rows),
            b"".join(keys),
            b"".join(investors),
            b"".join(contacts),
            b"".join(entries),
            b"".join(states),
            "".join(records),
        )

    def _investor(self, subject: bytes, new: New, seal: crypto.Sealer, reachable: int) -> bytes:
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
            copying.words(row.systems),
            copying.words(row.branches),
            copying.words(row.products),
            copying.words(row.access_channels),
            copying.raw(new.fingerprint),
            self._investor_tail,
        )
        return b"".join(fields)

    def _contact(
        self, subject: bytes, kind: str, value: str, seal: crypto.Sealer
    ) -> tuple[bytes, ...]:
        return (
            _CONTACT_HEAD,
            UUID_HEAD,
            uuid7_raw().bytes,
            subject,
            self._contact_middles[kind],
            copying.raw(seal(value.encode(), vault.CONTACT)),
            copying.raw(vault.contact_hash(kind, value)),
            self._contact_tail,
        )


def _acts(row: Row) -> tuple[tuple[str, str], ...]:
    return _ACTS_OF[row.consent_email, row.consent_push, row.consent_sms]


_Answers = tuple[bool | None, bool | None, bool | None]  # e-mail, push, SMS


def _all_acts() -> dict[_Answers, tuple[tuple[str, str], ...]]:
    """What the three answers of a row come to, with the inbox that the contract covers."""
    answers = (True, False, None)
    table: dict[_Answers, tuple[tuple[str, str], ...]] = {}
    for email in answers:
        for push in answers:
            for sms in answers:
                stated = {"channel.email": email, "channel.push": push, "channel.sms": sms}
                acts = {
                    purpose: "given" if said else "refused"
                    for purpose, said in stated.items()
                    if said is not None
                }
                acts[INBOX] = "given"
                table[email, push, sms] = tuple(sorted(acts.items()))
    return table


_ACTS_OF = _all_acts()


def _reach(row: Row) -> int:
    usable = {kind for kind, value in (("phone", row.phone), ("email", row.email)) if value}
    return reach(usable, {purpose for purpose, act in _acts(row) if act == "given"})


def _record_frame(origin: Origin) -> tuple[str, str, str]:
    """What stands between a record's id, its investor and its payload: one line of
    `audit.record.line_of` with marks in those places, cut there."""
    at = isoformat(origin.now)
    mark = UUID(bytes=sha256(b"mark").digest()[:16])
    line = line_of(
        "", at, at, "investor.imported", origin.actor, Subjects(investor=mark), "{}", None
    )
    before, rest = line.split(mark.hex)
    middle, after = rest.split("{}")
    return before, middle, after
