"""Interim reads over investors, until investors.selectors has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from audit import sealing
from comms import bulk
from investors import vault
from investors.models import Topic
from investors.rules.audience import Audience, Candidate

_SELECT = """
SELECT i.id, i.language, i.time_zone, i.quiet_from, i.quiet_to, i.risk_level,
    i.preferred_channels, p.id, coalesce(p.state, ''), e.id, coalesce(e.state, ''),
    coalesce(c.sms, false), coalesce(c.email, false), coalesce(c.push, false),
    coalesce(c.inbox, false), coalesce(w.sms, true), coalesce(w.email, true),
    coalesce(w.push, true), coalesce(w.inbox, true), i.status = 'active'
FROM investors_investor i
LEFT JOIN investors_contactpoint p ON p.investor_id = i.id AND p.kind = 'phone' AND p.rank = 0
LEFT JOIN investors_contactpoint e ON e.investor_id = i.id AND e.kind = 'email' AND e.rank = 0
LEFT JOIN LATERAL (
    SELECT bool_or(granted) FILTER (WHERE purpose = 'channel.sms') AS sms,
           bool_or(granted) FILTER (WHERE purpose = 'channel.email') AS email,
           bool_or(granted) FILTER (WHERE purpose = 'channel.push') AS push,
           bool_or(granted) FILTER (WHERE purpose = 'channel.inbox') AS inbox
    FROM investors_consentstate WHERE investor_id = i.id) c ON true
LEFT JOIN LATERAL (
    SELECT bool_and(wanted) FILTER (WHERE channel = 'sms') AS sms,
           bool_and(wanted) FILTER (WHERE channel = 'email') AS email,
           bool_and(wanted) FILTER (WHERE channel = 'push') AS push,
           bool_and(wanted) FILTER (WHERE channel = 'inbox') AS inbox
    FROM investors_preference WHERE investor_id = i.id AND topic_id = %s AND NOT %s) w ON true
"""


def candidates_after(
    audience: Audience, topic: str, *, after: UUID | None, limit: int
) -> list[Candidate]:
    rows = bulk.fetch(
        _SELECT
        + """
        WHERE i.status = 'active' AND (%s::uuid IS NULL OR i.id > %s)
          AND (%s = '' OR i.business_line_id = (SELECT id FROM core_businessline WHERE code = %s))
          AND (%s::text[] = '{}' OR i.language = ANY(%s))
          AND (%s::text[] = '{}' OR i.risk_level = ANY(%s))
          AND (%s::text[] = '{}' OR i.account_flags && %s)
          AND (%s::uuid[] = '{}' OR i.id = ANY(%s))
        ORDER BY i.id LIMIT %s
        """,
        [
            topic, topic_is_mandatory(topic), after, after, audience.line, audience.line,
            *[list(audience.languages)] * 2, *[list(audience.risk_levels)] * 2,
            *[list(audience.account_flags)] * 2, *[list(audience.ids)] * 2, limit,
        ],
    )  # fmt: skip
    return [_candidate(row) for row in rows]


def current_standing(ids: Iterable[UUID], topic: str) -> dict[UUID, Candidate]:
    rows = bulk.fetch(
        _SELECT + "WHERE i.id = ANY(%s)", [topic, topic_is_mandatory(topic), list(ids)]
    )
    return {row[0]: _candidate(row) for row in rows}


def _candidate(row: tuple) -> Candidate:
    return Candidate(*row[:6], tuple(row[6]), *row[7:])


def open_contacts(
    ids: Iterable[UUID], *, keys: Mapping[UUID, bytes] | None = None
) -> dict[UUID, str]:
    rows = bulk.fetch(
        "SELECT id, investor_id, value_sealed FROM investors_contactpoint WHERE id = ANY(%s)",
        [list(ids)],
    )
    keys = sealing.keys_of(row[1] for row in rows) if keys is None else keys
    return {row[0]: vault.open_contact(keys[row[1]], row[2]) for row in rows if row[1] in keys}


def open_profiles(
    ids: Iterable[UUID], *, keys: Mapping[UUID, bytes] | None = None
) -> dict[UUID, vault.Profile]:
    rows = bulk.fetch("SELECT id, profile FROM investors_investor WHERE id = ANY(%s)", [list(ids)])
    keys = sealing.keys_of(row[0] for row in rows) if keys is None else keys
    return {row[0]: vault.open_profile(keys[row[0]], row[1]) for row in rows if row[0] in keys}


def topic_is_mandatory(topic: str) -> bool:
    return Topic.objects.filter(pk=topic, mandatory=True).exists()
