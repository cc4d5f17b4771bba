"""What does not change about a notice once it has been released, read once per process.

Triggers freeze a notice's content at submission, and a released one is never a draft again. Its
state and that of its wording are not kept here: each claim asks for them anew, with a lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from comms import bulk, content
from comms.models import Notice
from comms.planning import ChannelPlan, read_channel_plan
from comms.rules import Criticality, NoticeState
from templates_mgmt.rules import SENDABLE
from templates_mgmt.selectors import version_in_flight

_SENDABLE = [state.value for state in SENDABLE]


@dataclass(frozen=True, slots=True)
class Released:
    """The unchanging part of a released notice."""

    id: UUID
    code: str
    version: UUID
    content_hash: str
    topic: str
    criticality: Criticality
    plan: ChannelPlan
    exercise: bool


@lru_cache(maxsize=256)
def released(notice_id: UUID) -> Released:
    """Read it; raises LookupError for a notice that is not released (any more)."""
    notice = Notice.objects.get(pk=notice_id)
    if notice.state in (NoticeState.DRAFT, NoticeState.READY):
        raise LookupError(f"notice {notice_id} is not released")
    criticality = Criticality(notice.criticality)
    return Released(
        notice.pk,
        notice.code,
        notice.version_id,
        notice.content_hash,
        notice.topic,
        criticality,
        read_channel_plan(notice.channels, criticality),
        notice.exercise,
    )


@lru_cache(maxsize=32)
def wordings(notice_id: UUID) -> content.Wordings:
    """Its wording ready to be filled, of content whose hash was derived from the rows and is the
    one that the notice pinned. Raises Conflict when there is none such."""
    notice = Notice.objects.get(pk=notice_id)
    version = version_in_flight(notice.version_id)
    if version.content_hash != notice.content_hash:
        raise LookupError(f"notice {notice_id} pinned other content")
    return content.wordings_for(
        version, code=notice.code, values=notice.values, exercise=notice.exercise
    )


def lock(notice_id: UUID) -> bool | None:
    """Hold a notice and its version as they stand until we commit: True when it goes out under
    an approval that holds, False when the approval is gone (T3), None when it does not go out.

    A pause or a recall that commits first is seen here; one that comes later waits for us.
    """
    rows = bulk.fetch(
        "SELECT v.state = ANY(%s) FROM comms_notice n "
        "JOIN templates_mgmt_templateversion v ON v.id = n.version_id "
        "WHERE n.id = %s AND n.state = %s FOR SHARE",
        [_SENDABLE, notice_id, NoticeState.SENDING.value],
    )
    return rows[0][0] if rows else None


def goes_on(notice_id: UUID) -> bool:
    """Whether it still goes out, without holding it: asked between two calls of a provider."""
    rows = bulk.fetch(
        "SELECT v.state = ANY(%s) AND n.state = %s FROM comms_notice n "
        "JOIN templates_mgmt_templateversion v ON v.id = n.version_id WHERE n.id = %s",
        [_SENDABLE, NoticeState.SENDING.value, notice_id],
    )
    return bool(rows and rows[0][0])
