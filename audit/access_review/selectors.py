"""What a review is made of: people with their rights, and what they did, in set-based SQL whose
answer grows with people × actions, never with records."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from audit.access_review import rules
from audit.access_review.models import AccessReview, ReviewItem, ReviewState
from audit.models import Record
from core.errors import NotFound
from core.models import ApiKey, BusinessLine, User
from core.roles import capabilities_of

# Who did what, and how often between 22:00 and 06:00 of that person's own day. A key's acts are
# its owner's.
USES = """
SELECT z.person, r.action, count(*),
       count(*) FILTER (WHERE extract(hour FROM r.recorded_at AT TIME ZONE z.zone) >= %(from)s
           OR extract(hour FROM r.recorded_at AT TIME ZONE z.zone) < %(until)s)
FROM audit_record r
JOIN (SELECT 'user:' || id::text AS ref, id AS person, time_zone AS zone FROM core_user
      UNION ALL
      SELECT 'key:' || k.id::text, o.id, o.time_zone
      FROM core_apikey k JOIN core_user o ON o.id = k.owner_id) z ON z.ref = r.actor
WHERE r.recorded_at >= %(since)s AND r.recorded_at < %(before)s
GROUP BY z.person, r.action
"""

# Acts on investors of a line that the person does not work in. The tables of other applications
# are read as they lie; whoever may see all lines is left out by the caller.
OUTSIDE = """
SELECT split_part(r.actor, ':', 2)::uuid, count(*)
FROM audit_record r JOIN investors_investor i ON i.id = r.investor
WHERE r.recorded_at >= %(since)s AND r.recorded_at < %(before)s AND r.actor LIKE 'user:%%'
  AND NOT EXISTS (
      SELECT FROM guardian_userobjectpermission g
      JOIN auth_permission p ON p.id = g.permission_id AND p.codename = 'work_in_line'
      WHERE g.user_id = split_part(r.actor, ':', 2)::uuid
        AND g.object_pk = i.business_line_id::text)
GROUP BY r.actor
"""

# Rights that somebody gave to herself; services refuse it, so any at all is an alarm.
SELF_GRANTED = """
SELECT staff, count(*) FROM audit_record
WHERE recorded_at >= %(since)s AND recorded_at < %(before)s
  AND action IN ('user.created', 'user.roles_changed', 'user.line_given')
  AND actor = 'user:' || staff::text
GROUP BY staff
"""

LINES = """
SELECT g.user_id, g.object_pk FROM guardian_userobjectpermission g
JOIN auth_permission p ON p.id = g.permission_id AND p.codename = 'work_in_line'
"""

SIGN_INS = """
SELECT staff, max(recorded_at) FROM audit_record
WHERE action = 'session.opened' AND recorded_at < %(before)s AND staff IS NOT NULL GROUP BY staff
"""


def people(*, since: dt.datetime, before: dt.datetime) -> dict[UUID, rules.Person]:
    """Every member of staff of the period [since, before), with rights and acts."""
    period = {"since": since, "before": before, "from": rules.NIGHT[0], "until": rules.NIGHT[1]}
    uses: dict[UUID, list[rules.Use]] = defaultdict(list)
    for person, action, count, by_night in _rows(USES, period):
        uses[person].append(rules.Use(action, count, by_night))
    outside, granted = dict(_rows(OUTSIDE, period)), dict(_rows(SELF_GRANTED, period))
    signed_in, keys = dict(_rows(SIGN_INS, period)), _keys(before)
    found = {}
    users = User.objects.filter(date_joined__lt=before).prefetch_related("groups")
    for user in users.order_by("username"):
        capabilities = frozenset(each.value for each in capabilities_of(user.roles))
        found[user.pk] = rules.Person(
            active=user.is_active,
            made_at=user.date_joined,
            last_sign_in=max(filter(None, [signed_in.get(user.pk), user.last_login]), default=None),
            capabilities=capabilities,
            uses=tuple(sorted(uses[user.pk], key=lambda use: (-use.count, use.action))),
            keys=keys.get(user.pk, ()),
            outside_line=0 if "lines.all" in capabilities else outside.get(user.pk, 0),
            self_granted=granted.get(user.pk, 0),
        )
    return found


def _keys(before: dt.datetime) -> dict[UUID, tuple[rules.Key, ...]]:
    keys: dict[UUID, tuple[rules.Key, ...]] = {}
    for key in ApiKey.objects.filter(created_at__lt=before).order_by("created_at"):
        live = key.revoked_at is None and (key.expires_at is None or key.expires_at > before)
        one = rules.Key(key.name, tuple(key.scopes), key.created_at, key.last_used_at, live)
        keys[key.owner_id] = (*keys.get(key.owner_id, ()), one)
    return keys


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def who_is_who() -> dict[UUID, dict[str, Any]]:
    """Name, roles and business lines of every member of staff, for the snapshot."""
    names = {str(line.pk): line.name for line in BusinessLine.objects.all()}
    lines: dict[UUID, list[str]] = defaultdict(list)
    for person, line in _rows(LINES, {}):
        lines[person].append(names.get(line, line))
    return {
        user.pk: {
            "user_name": user.username,
            "name": str(user),
            "roles": sorted(role.value for role in user.roles),
            "lines": sorted(lines[user.pk]),
        }
        for user in User.objects.prefetch_related("groups")
    }


# --- reviews --------------------------------------------------------------------------------


def reviews() -> QuerySet[AccessReview]:
    """All reviews without their snapshots, newest first, with how much is decided."""
    decided = Count("items", filter=~Q(items__decision=""))
    rows = AccessReview.objects.defer("snapshot").order_by("-id")
    return rows.annotate(total=Count("items"), decided=decided)


def review_by_id(review_id: UUID) -> AccessReview:
    """The review; raises NotFound."""
    found = AccessReview.objects.filter(pk=review_id).first()
    if found is None:
        raise NotFound(_("There is no such review."))
    return found


def items_of(review: AccessReview) -> list[ReviewItem]:
    """What there is to decide, person by person."""
    return list(review.items.order_by("id"))


def signed_until() -> dt.datetime | None:
    """The end of the newest period that was signed off."""
    signed = AccessReview.objects.filter(state=ReviewState.SIGNED)
    until: dt.datetime | None = signed.aggregate(until=Max("period_to"))["until"]
    return until


def first_act() -> dt.datetime | None:
    """When the oldest record was made."""
    oldest = Record.objects.only("recorded_at").order_by("id").first()
    return oldest.recorded_at if oldest else None


def is_due(now: dt.datetime) -> bool:
    """Whether the review of the quarter that has ended is missing. Two queries."""
    return rules.is_due(now, signed_until=signed_until(), first_act=first_act())
