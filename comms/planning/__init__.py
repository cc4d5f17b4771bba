"""Planning rules: who gets a notice where and when, and what happens while it goes out. Pure."""

from __future__ import annotations

from comms.planning.channels import (
    CLASSES,
    ChannelPlan,
    ClassRules,
    check_class,
    read_channel_plan,
)
from comms.planning.reasons import (
    QUIET_HOURS,
    REASON_LABELS,
    Reason,
    missing_value,
    reason_label,
)
from comms.planning.recipients import (
    FALLBACK_LANGUAGES,
    Excluded,
    Plan,
    Planned,
    Planner,
    Policy,
    plan,
)
from comms.planning.standing import (
    DISTURBING,
    ChannelStanding,
    Hold,
    Standing,
    contact_of,
    end_of_quiet,
    may_send_now,
    quiet_until,
    refusal,
    standing_on,
)
from comms.planning.waiting import (
    MAX_ATTEMPTS,
    Sibling,
    fallback_move,
    retry_at,
)

__all__ = [
    "CLASSES",
    "DISTURBING",
    "FALLBACK_LANGUAGES",
    "MAX_ATTEMPTS",
    "QUIET_HOURS",
    "REASON_LABELS",
    "ChannelPlan",
    "ChannelStanding",
    "ClassRules",
    "Excluded",
    "Hold",
    "Plan",
    "Planned",
    "Planner",
    "Policy",
    "Reason",
    "Sibling",
    "Standing",
    "check_class",
    "contact_of",
    "end_of_quiet",
    "fallback_move",
    "may_send_now",
    "missing_value",
    "plan",
    "quiet_until",
    "read_channel_plan",
    "reason_label",
    "refusal",
    "retry_at",
    "standing_on",
]
