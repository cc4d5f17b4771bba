"""How many investors a wording really reached: the count that tells correspondence from retail
communication.

FINRA 2210(a)(2): correspondence is “any written (including electronic) communication that is
distributed or made available to 25 or fewer retail investors within any 30 calendar-day period”;
(a)(5): to more than 25 it is a retail communication. Days are UTC; exercises reach nobody. Every
investor counts as retail: the product holds no institutional ones (FINRA 2210(a)(4)).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from comms import bulk
from templates_mgmt.filing import usage
from templates_mgmt.filing.rules import RETAIL_DAYS

# An investor is inside every period that starts from 29 days before a day on which something went
# out to her up to that day. Cut at the day after the one before, these spans do not overlap: an
# investor who got ten messages counts once. The sum of the spans that have begun and not ended is
# then the number of investors in the period that starts on a day; one sort, no joins of days.
_BUSIEST = """
WITH sent AS (
    SELECT DISTINCT n.version_id, d.investor_id, (d.handed_at AT TIME ZONE 'UTC')::date AS day
    FROM comms_notice n JOIN comms_delivery d ON d.notice_id = n.id
    WHERE n.version_id = ANY(%s::uuid[]) AND d.handed_at IS NOT NULL AND NOT n.exercise
), spans AS (
    SELECT version_id, day AS last, GREATEST(
        day - (%s::int - 1),
        lag(day) OVER (PARTITION BY version_id, investor_id ORDER BY day) + 1) AS first
    FROM sent
), moves AS (
    SELECT version_id, first AS day, 1 AS by FROM spans
    UNION ALL SELECT version_id, last + 1, -1 FROM spans
), inside AS (
    SELECT version_id, day, sum(sum(by)) OVER (PARTITION BY version_id ORDER BY day)::int AS people
    FROM moves GROUP BY version_id, day
), total AS (
    SELECT version_id, count(DISTINCT investor_id)::int AS everybody FROM sent GROUP BY version_id
)
SELECT DISTINCT ON (version_id) version_id, people, day, everybody
FROM inside JOIN total USING (version_id) ORDER BY version_id, people DESC, day
"""


@usage.register_reach
def busiest(versions: Collection[UUID]) -> Mapping[UUID, usage.Reach]:
    """The busiest 30 days of each version that went out, with how many different investors it
    was handed over for in them, and in all; one query."""
    rows = bulk.fetch(_BUSIEST, [bulk.uuids(versions), RETAIL_DAYS])
    return {
        version: usage.Reach(people, since, everybody) for version, people, since, everybody in rows
    }
