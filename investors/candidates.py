"""Investors as planning and sending see them: one query for what decides, whatever the number.

`stream_candidates` reads a whole audience through a server-side cursor, in the order of the ids;
`candidates_after` gives the same rows page by page, for work that commits in between;
`current_standing` gives them for chosen investors, at the instant of sending (I5).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit import sealing
from core.errors import NotFound
from investors import vault
from investors.models import Topic
from investors.rules import Audience, Candidate

# One row per investor: contacts of rank 0 are unique by constraint, the two aggregates by nature.
_SELECT = """
SELECT i.id, i.language, i.time_zone, i.quiet_from, i.quiet_to, i.risk_level,
    i.preferred_channels, p.id, coalesce(p.state, ''), e.id, coalesce(e.state, ''),
    coalesce(c.sms, false), coalesce(c.email, false), coalesce(c.push, false),
    coalesce(c.inbox, false), {wanted}, i.status = 'active'
FROM investors_investor i
LEFT JOIN investors_contactpoint p
    ON p.investor_id = i.id AND p.kind = 'phone' AND p.rank = 0{beyond_phones}
LEFT JOIN investors_contactpoint e
    ON e.investor_id = i.id AND e.kind = 'email' AND e.rank = 0{beyond_mails}
LEFT JOIN LATERAL (
    SELECT bool_or(granted) FILTER (WHERE purpose = 'channel.sms') AS sms,
           bool_or(granted) FILTER (WHERE purpose = 'channel.email') AS email,
           bool_or(granted) FILTER (WHERE purpose = 'channel.push') AS push,
           bool_or(granted) FILTER (WHERE purpose = 'channel.inbox') AS inbox
    FROM investors_consentstate WHERE investor_id = i.id) c ON true
"""
_TOUCHED = ("systems", "branches", "products", "access_channels")  # as `Audience.touched`
_ALWAYS = "true, true, true, true"
_WANTED = (
    "coalesce(w.sms, true), coalesce(w.email, true), coalesce(w.push, true), "
    "coalesce(w.inbox, true)"
)
_PREFERENCES = """
LEFT JOIN LATERAL (
    SELECT bool_and(wanted) FILTER (WHERE channel = 'sms') AS sms,
           bool_and(wanted) FILTER (WHERE channel = 'email') AS email,
           bool_and(wanted) FILTER (WHERE channel = 'push') AS push,
           bool_and(wanted) FILTER (WHERE channel = 'inbox') AS inbox
    FROM investors_preference WHERE investor_id = i.id AND topic_id = %(topic)s) w ON true
"""


def topic_is_mandatory(topic_code: str) -> bool:
    """Whether a rule makes the topic mandatory; raises NotFound for a topic that is not there."""
    found = Topic.objects.filter(pk=topic_code).values_list("mandatory", flat=True).first()
    if found is None:
        raise NotFound(
            _("There is no topic “%(code)s”.") % {"code": topic_code}, field="topic_code"
        )
    return found


def stream_candidates(
    *, audience: Audience, topic_code: str, batch: int = 2000
) -> Iterator[list[Candidate]]:
    """Everyone in `audience` as of one instant, in lists of `batch`, ordered by id.

    One query behind a server-side cursor that survives the caller's commits.
    """
    condition, params = _condition(audience)
    sql = f"{_query(topic_code)} WHERE {condition} ORDER BY i.id"
    params["topic"] = topic_code
    name = f"candidates_{uuid.uuid4().hex}"
    with connection.cursor() as ordinary:
        held = "WITH HOLD" if not connection.in_atomic_block else ""
        with transaction.atomic():  # the declaration alone; a held cursor outlives it
            ordinary.execute(f"DECLARE {name} NO SCROLL CURSOR {held} FOR {sql}", params)
        try:
            while rows := _fetch(ordinary, f"FETCH {int(batch)} FROM {name}"):
                yield [_candidate(row) for row in rows]
        finally:
            if connection.connection is not None and not connection.needs_rollback:
                ordinary.execute(f"CLOSE {name}")


def candidates_after(
    audience: Audience, topic_code: str, *, after: UUID | None, limit: int
) -> list[Candidate]:
    """The next `limit` of `audience` by id, beyond `after` (None: from the beginning)."""
    condition, params = _condition(audience)
    query = _query(topic_code)
    if after is not None:
        condition += " AND i.id > %(after)s"
        query = _query(topic_code, beyond=" AND {}.investor_id > %(after)s")
    sql = f"{query} WHERE {condition} ORDER BY i.id LIMIT %(limit)s"
    params.update(topic=topic_code, after=after, limit=limit)
    with connection.cursor() as cursor:
        return [_candidate(row) for row in _fetch(cursor, sql, params)]


def count_candidates(audience: Audience) -> int:
    """How many investors are in `audience` now."""
    condition, params = _condition(audience)
    with connection.cursor() as cursor:
        sql = "SELECT count(*) FROM investors_investor i WHERE " + condition  # noqa: S608
        return int(_fetch(cursor, sql, params)[0][0])


def current_standing(ids: Iterable[UUID], topic_code: str) -> dict[UUID, Candidate]:
    """The same rows for these investors as they stand now, closed ones too (`active` says so)."""
    sql = f"{_query(topic_code)} WHERE i.id = ANY(%(ids)s::uuid[])"
    with connection.cursor() as cursor:
        rows = _fetch(cursor, sql, {"ids": _literal(ids), "topic": topic_code})
    return {row[0]: _candidate(row) for row in rows}


class OnChannel(NamedTuple):
    """One investor on one channel at the instant of sending: what decides, and what a message
    is made of, still sealed. `contact_state` is "" without an address, and "none" on channels
    that need none; `wrapped` is None for an erased investor."""

    investor_id: UUID
    active: bool
    time_zone: str
    quiet_from: dt.time | None
    quiet_to: dt.time | None
    contact_id: UUID | None
    contact_state: str
    consent: bool
    wanted: bool
    contact_sealed: bytes | None
    profile: bytes
    wrapped: bytes | None


_ON_CHANNEL = """
SELECT i.id, i.status = 'active', i.time_zone, i.quiet_from, i.quiet_to, {contact_id},
    {contact_state}, coalesce(g.granted, false), {wanted}, {contact_sealed}, i.profile, k.wrapped
FROM investors_investor i
LEFT JOIN investors_consentstate g ON g.investor_id = i.id AND g.purpose = %(purpose)s
LEFT JOIN audit_subjectkey k ON k.subject = i.id
{joins} WHERE i.id = ANY(%(ids)s::uuid[])
"""
_ADDRESS = """LEFT JOIN investors_contactpoint p
    ON p.investor_id = i.id AND p.kind = %(kind)s AND p.rank = 0"""
_WISH = """LEFT JOIN investors_preference w
    ON w.investor_id = i.id AND w.topic_id = %(topic)s AND w.channel = %(channel)s"""
_KINDS = {"sms": "phone", "email": "email"}


def on_channel(ids: Iterable[UUID], *, topic_code: str, channel: str) -> dict[UUID, OnChannel]:
    """The standing of these investors on one channel as of now, closed ones too, together with
    what their messages are made of: one query for a whole batch (I5)."""
    kind = _KINDS.get(channel)
    mandatory = topic_is_mandatory(topic_code)
    sql = _ON_CHANNEL.format(
        contact_id="p.id" if kind else "NULL::uuid",
        contact_state="coalesce(p.state, '')" if kind else "'none'",
        contact_sealed="p.value_sealed" if kind else "NULL::bytea",
        wanted="true" if mandatory else "coalesce(w.wanted, true)",
        joins=(_ADDRESS if kind else "") + ("" if mandatory else "\n" + _WISH),
    )
    params = {
        "ids": _literal(ids),
        "kind": kind,
        "purpose": f"channel.{channel}",
        "topic": topic_code,
        "channel": channel,
    }
    with connection.cursor() as cursor:
        return {row[0]: OnChannel._make(row) for row in _fetch(cursor, sql, params)}


def open_contacts(
    contact_ids: Iterable[UUID], *, keys: Mapping[UUID, bytes] | None = None
) -> dict[UUID, str]:
    """The plain values of contacts, for sending. Those of erased investors are absent.

    `keys` are the investors' data keys if the caller has them already (`sealing.keys_of`).
    Showing one to a person goes through `services.reveal_contact` instead.
    """
    with connection.cursor() as cursor:
        rows = _fetch(
            cursor,
            "SELECT id, investor_id, value_sealed FROM investors_contactpoint "
            "WHERE id = ANY(%(ids)s::uuid[])",
            {"ids": _literal(contact_ids)},
        )
    keys = sealing.keys_of({row[1] for row in rows}) if keys is None else keys
    return {
        contact_id: vault.open_contact(keys[investor_id], sealed)
        for contact_id, investor_id, sealed in rows
        if investor_id in keys
    }


def open_profiles(
    ids: Iterable[UUID], *, keys: Mapping[UUID, bytes] | None = None
) -> dict[UUID, vault.Profile]:
    """Customer numbers and names, for personal placeholders and for pages that mask them. Those
    of erased investors are absent; `keys` as in `open_contacts`."""
    with connection.cursor() as cursor:
        rows = _fetch(
            cursor,
            "SELECT id, profile FROM investors_investor WHERE id = ANY(%(ids)s::uuid[])",
            {"ids": _literal(ids)},
        )
    keys = sealing.keys_of([row[0] for row in rows]) if keys is None else keys
    return {
        investor_id: vault.open_profile(keys[investor_id], sealed)
        for investor_id, sealed in rows
        if investor_id in keys
    }


def _query(topic_code: str, beyond: str = "") -> str:
    """`beyond` narrows the contacts as well: a merge join then starts there, instead of reading
    every contact before the page again for each page."""
    joined = {"beyond_phones": beyond.format("p"), "beyond_mails": beyond.format("e")}
    if topic_is_mandatory(topic_code):
        return _SELECT.format(wanted=_ALWAYS, **joined)
    return _SELECT.format(wanted=_WANTED, **joined) + _PREFERENCES


def _condition(audience: Audience) -> tuple[str, dict[str, Any]]:
    """The audience as SQL over `i`, and its parameters."""
    parts = ["i.status = 'active'"]
    params: dict[str, Any] = {}
    if audience.line:
        parts.append(
            "i.business_line_id = (SELECT id FROM core_businessline WHERE code = %(line)s)"
        )
        params["line"] = audience.line
    filters: list[tuple[str, tuple[Any, ...], str]] = [
        ("languages", audience.languages, "i.language = ANY(%(languages)s)"),
        ("risk_levels", audience.risk_levels, "i.risk_level = ANY(%(risk_levels)s)"),
        ("flags", audience.account_flags, "i.account_flags::text[] && %(flags)s"),
        ("ids", audience.ids, "i.id = ANY(%(ids)s)"),
    ]
    for name, values, condition in filters:
        if values:
            parts.append(condition)
            params[name] = list(values)
    touched = []
    for name, values in zip(_TOUCHED, audience.touched, strict=True):
        if values:
            touched.append(f"i.{name}::text[] && %({name})s")
            params[name] = list(values)
    if touched:
        parts.append("(" + (" OR " if audience.hit == "any" else " AND ").join(touched) + ")")
    return " AND ".join(parts), params


def _fetch(cursor: Any, sql: str, params: Mapping[str, Any] | None = None) -> list[Any]:
    """All rows, on the connection of Django's `cursor`: parameters apart from the statement, and
    values in binary, which is much cheaper to read."""
    with psycopg.Cursor(cursor.connection) as plain:
        return plain.execute(sql, params, binary=True).fetchall()


def _literal(ids: Iterable[UUID]) -> str:
    """A `uuid[]` as PostgreSQL writes it: cheaper than adapting each id."""
    return "{" + ",".join([item.hex for item in ids]) + "}"


def _candidate(row: tuple[Any, ...]) -> Candidate:
    return Candidate._make((*row[:6], tuple(row[6]), *row[7:]))
