"""How each state looks: icon, word and tone. One table for every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.export import rules as export_rules
from comms import rules as comms_rules
from core.reviewed import rules as reviewed_rules
from templates_mgmt import rules as template_rules


class Look(NamedTuple):
    """An icon of `icons.svg`, the word for it, and ok, warn, danger, info or neutral."""

    icon: str
    word: str | Promise
    tone: str


LOOKS: dict[str, Look] = {
    # templates
    "draft": Look("edit", _("Draft"), "neutral"),
    "in_review": Look("eye", _("In review"), "info"),
    "approved": Look("check-circle", _("Approved"), "ok"),
    "returned": Look("undo", _("Returned"), "warn"),
    "rejected": Look("x-circle", _("Rejected"), "danger"),
    "overdue": Look("clock", _("Overdue"), "danger"),
    "ending": Look("clock", _("Ending"), "warn"),
    "settled": Look("check", _("Settled"), "ok"),
    "superseded": Look("archive", _("Superseded"), "neutral"),
    "retired": Look("archive", _("Retired"), "neutral"),
    "recalled": Look("ban", _("Recalled"), "danger"),
    # notices
    "ready": Look("check-circle", _("Ready"), "ok"),
    "notice.ready": Look("clock", _("Waiting for release"), "info"),
    "released": Look("send", _("Released"), "info"),
    "sending": Look("send", _("Sending"), "info"),
    "done": Look("check-circle", _("Done"), "ok"),
    "paused": Look("pause", _("Paused"), "warn"),
    "cancelled": Look("ban", _("Cancelled"), "neutral"),
    "exercise": Look("flag", _("EXERCISE"), "warn"),
    # statements and drills
    "statement.draft": Look("clock", _("Waiting to be published"), "info"),
    "statement.published": Look("check-circle", _("Published"), "ok"),
    "statement.dropped": Look("ban", _("Dropped"), "neutral"),
    "phase.investigating": Look("search", _("Being looked into"), "danger"),
    "phase.identified": Look("warn", _("Cause found"), "warn"),
    "phase.monitoring": Look("eye", _("Mended, being watched"), "info"),
    "phase.resolved": Look("check-circle", _("Over"), "ok"),
    "drill.planned": Look("clock", _("Planned"), "info"),
    "drill.running": Look("play", _("Running"), "warn"),
    "drill.finished": Look("check-circle", _("Finished"), "ok"),
    "drill.cancelled": Look("ban", _("Cancelled"), "neutral"),
    "drill.met": Look("check-circle", _("In time"), "ok"),
    "drill.missed": Look("x-circle", _("Too late"), "danger"),
    "drill.open": Look("circle", _("Open"), "neutral"),
    # deliveries and their evidence
    "standby": Look("half", _("Standby"), "neutral"),
    "queued": Look("clock", _("Queued"), "neutral"),
    "held": Look("pause", _("Held"), "warn"),
    "accepted": Look("check", _("Accepted"), "info"),
    "delivered": Look("check-circle", _("Delivered"), "ok"),
    "machine_opened": Look("half", _("Opened by a machine"), "neutral"),
    "opened": Look("eye", _("Opened"), "ok"),
    "read": Look("eye", _("Read"), "ok"),
    "viewed": Look("eye", _("Viewed in the portal"), "ok"),
    "acknowledged": Look("shield", _("Acknowledged"), "ok"),
    "answered": Look("sms", _("Answered"), "ok"),
    "failed": Look("x-circle", _("Failed"), "danger"),
    "refused": Look("ban", _("Refused"), "warn"),
    "unconfirmed": Look("question", _("Unconfirmed"), "warn"),
    "not_needed": Look("circle", _("Not needed"), "neutral"),
    # events of a delivery
    "clicked": Look("link", _("Link followed"), "ok"),
    "bounced": Look("x-circle", _("Bounced"), "danger"),
    "complained": Look("flag", _("Complained"), "danger"),
    "unsubscribed": Look("ban", _("Unsubscribed"), "warn"),
    "delayed": Look("clock", _("Delayed"), "warn"),
    "requeued": Look("refresh", _("Taken up again"), "info"),
    "activated": Look("play", _("Fallback started"), "info"),
    # calls and signals
    "page.calling": Look("hotline", _("Being called"), "warn"),
    "page.answered": Look("check-circle", _("Acknowledged"), "ok"),
    "page.exhausted": Look("x-circle", _("Nobody answered"), "danger"),
    "page.stopped": Look("ban", _("Called off"), "neutral"),
    "call.waiting": Look("clock", _("Waiting for an answer"), "warn"),
    "call.declined": Look("undo", _("Declined"), "warn"),
    "call.missed": Look("x-circle", _("No answer in time"), "danger"),
    "call.withdrawn": Look("circle", _("No longer needed"), "neutral"),
    "signal.opened": Look("crisis", _("Started an incident"), "danger"),
    "signal.attached": Look("link", _("Joined an open incident"), "warn"),
    "signal.nothing": Look("circle", _("Nothing"), "neutral"),
    # investors, contacts, consent
    "active": Look("check", _("Active"), "ok"),
    "closed": Look("archive", _("Closed"), "neutral"),
    "unverified": Look("question", _("Unverified"), "warn"),
    "verified": Look("check-circle", _("Verified"), "ok"),
    "suppressed": Look("ban", _("Suppressed"), "danger"),
    "granted": Look("check", _("Consent given"), "ok"),
    "given": Look("check", _("Consent given"), "ok"),
    "withdrawn": Look("ban", _("Withdrawn"), "warn"),
    "none": Look("circle", _("None"), "neutral"),
    # imports, exports, verification, records
    "uploaded": Look("upload", _("Uploaded"), "neutral"),
    "checked": Look("check", _("Checked"), "info"),
    "running": Look("refresh", _("Running"), "info"),
    "building": Look("refresh", _("Being made"), "info"),
    "erased": Look("ban", _("Erased"), "neutral"),
    "erasure.requested": Look("clock", _("Waiting for a decision"), "info"),
    "erasure.withdrawn": Look("undo", _("Withdrawn"), "neutral"),
    "erasure.overdue": Look("warn", _("Overdue"), "danger"),
    "requested": Look("clock", _("Requested"), "info"),
    "pending": Look("clock", _("Pending"), "neutral"),
    "in_log": Look("shield", _("In the log"), "ok"),
    "ok": Look("check-circle", _("OK"), "ok"),
    "broken": Look("x-circle", _("Check failed"), "danger"),
    "attestor.failed": Look("warn", _("Fails"), "danger"),
    "attestor.pending": Look("clock", _("Not asked yet"), "neutral"),
    "attestor.archived": Look("archive", _("Not asked any more"), "neutral"),
    "never": Look("question", _("Not checked yet"), "warn"),
    # import rows
    "created": Look("plus", _("Created"), "ok"),
    "updated": Look("edit", _("Updated"), "info"),
    "unchanged": Look("circle", _("Unchanged"), "neutral"),
    # keys, users
    "revoked": Look("ban", _("Revoked"), "danger"),
    "expired": Look("clock", _("Expired"), "warn"),
    "inactive": Look("ban", _("Inactive"), "neutral"),
    # incidents, and the lines of their timeline
    "incident.alarmed": Look("crisis", _("To be verified"), "danger"),
    "incident.verified": Look("play", _("Being handled"), "warn"),
    "incident.restored": Look("check", _("Restored"), "info"),
    "incident.closed": Look("archive", pgettext_lazy("incident", "Closed"), "neutral"),
    "incident.dismissed": Look("ban", _("False alarm"), "neutral"),
    "entry.note": Look("edit", _("Note"), "neutral"),
    "entry.state": Look("flag", _("State"), "info"),
    "entry.signal": Look("crisis", _("Signal"), "warn"),
    "entry.clock": Look("clock", _("Clock"), "warn"),
    "entry.role": Look("user", _("Role"), "info"),
    "entry.call": Look("phone", _("Call-out"), "info"),
    "entry.communication": Look("send", _("Communication"), "info"),
    "entry.report": Look("report", _("Report"), "info"),
    "entry.backdated": Look("undo", _("back-dated"), "warn"),
    "entry.written_offline": Look("phone", _("written without a network"), "warn"),
    # criticality
    "critical": Look("warn", _("Critical"), "danger"),
    "important": Look("flag", _("Important"), "warn"),
    "routine": Look("circle", _("Routine"), "neutral"),
    # severities of findings
    "error": Look("x-circle", _("Error"), "danger"),
    "danger": Look("x-circle", _("Error"), "danger"),
    "warning": Look("warn", _("Warning"), "warn"),
    "warn": Look("warn", _("Warning"), "warn"),
    "info": Look("info", _("Note"), "info"),
    "success": Look("check-circle", _("Done"), "ok"),
    "neutral": Look("info", _("Note"), "neutral"),
    # reports to regulators
    "report.approved": Look("check", _("Approved"), "info"),
    "report.handed_in": Look("check-circle", _("Handed in"), "ok"),
    "report.missing": Look("question", _("Not begun"), "warn"),
    # clocks of duties
    "clock.overdue": Look("warn", _("Overdue"), "danger"),
    "clock.soon": Look("clock", _("Due within the hour"), "warn"),
    "clock.running": Look("clock", _("Running"), "info"),
    "clock.met": Look("check-circle", _("Met"), "ok"),
    "clock.met_late": Look("check", _("Met late"), "warn"),
    "clock.cancelled": Look("ban", _("Called off"), "neutral"),
    "clock.lapsed": Look("archive", _("No longer applies"), "neutral"),
    "yes": Look("check", _("Yes"), "ok"),
    "no": Look("close", _("No"), "neutral"),
    # risks: levels, states, controls, rounds
    "level.low": Look("circle", _("Low"), "ok"),
    "level.moderate": Look("half", _("Moderate"), "info"),
    "level.elevated": Look("flag", _("Elevated"), "warn"),
    "level.high": Look("warn", _("High"), "danger"),
    "risk.draft": Look("edit", _("Draft"), "neutral"),
    "risk.open": Look("eye", _("Open"), "info"),
    "risk.accepted": Look("shield", _("Accepted for a time"), "ok"),
    "risk.closed": Look("archive", pgettext_lazy("risk", "Closed"), "neutral"),
    "acceptance.proposed": Look("clock", _("Proposed"), "info"),
    "acceptance.active": Look("check-circle", _("In force"), "ok"),
    "acceptance.declined": Look("x-circle", _("Declined"), "danger"),
    "acceptance.expired": Look("clock", _("Expired"), "warn"),
    "acceptance.revoked": Look("ban", _("Revoked"), "warn"),
    "acceptance.withdrawn": Look("undo", _("Withdrawn"), "neutral"),
    "acceptance.replaced": Look("archive", _("Replaced by a newer one"), "neutral"),
    "standing.works": Look("check-circle", _("Works"), "ok"),
    "standing.stale": Look("clock", _("Evidence out of date"), "warn"),
    "standing.fails": Look("x-circle", _("Does not work"), "danger"),
    "standing.unproven": Look("question", _("No evidence"), "neutral"),
    "round.planned": Look("clock", _("Planned"), "info"),
    "round.closed": Look("check-circle", _("Held and closed"), "ok"),
    "round.cancelled": Look("ban", _("Called off"), "neutral"),
    "round.overdue": Look("warn", _("Overdue"), "danger"),
    "presence.present": Look("check", _("Present"), "ok"),
    "presence.excused": Look("undo", _("Excused"), "neutral"),
    "presence.absent": Look("close", _("Absent"), "warn"),
    "moved.new": Look("plus", _("New"), "info"),
    "moved.same": Look("circle", _("Unchanged"), "neutral"),
    "moved.up": Look("warn", _("Larger"), "danger"),
    "moved.down": Look("check", _("Smaller"), "ok"),
}

_ICONS = {
    "sms": "phone", "email": "mail", "push": "push", "inbox": "inbox", "chat": "chat",
    "hotline": "hotline",
}  # fmt: skip
CHANNELS: dict[str, tuple[str, str | Promise]] = {
    code.value: (_ICONS.get(code.value, "send"), label)
    for code, label in template_rules.CHANNEL_LABELS.items()
}

TONES = {
    "debug": "neutral",
    "info": "info",
    "success": "ok",
    "warning": "warn",
    "error": "danger",
}


# Where an app names its own states, its words win.
def _words(labels: Mapping[Any, str | Promise]) -> dict[str, str | Promise]:
    return {member.value: label for member, label in labels.items()}


WORDS = {
    "notice": _words(comms_rules.NOTICE_STATE_LABELS),
    "delivery": _words(comms_rules.DELIVERY_STATE_LABELS),
    "event": _words(comms_rules.EVENT_LABELS),
    "template": _words(template_rules.STATE_LABELS),
    "reviewed": _words(reviewed_rules.STATE_LABELS),
    "export": _words(export_rules.STATE_LABELS),
}
EVIDENCE: dict[int, tuple[str, str | Promise]] = {
    level.value: (level.name.lower(), label) for level, label in comms_rules.EVIDENCE_LABELS.items()
}


def look(state: str, kind: str = "") -> Look:
    """The look of `state`; `kind` (notice, delivery, event, template) picks the exact word.
    A state that this table does not know is shown by its own name."""
    found = LOOKS.get(f"{kind}.{state}") or LOOKS.get(state)
    if found is None:
        found = Look("circle", state.replace("_", " "), "neutral")
    word = WORDS.get(kind, {}).get(state)
    return found if word is None else found._replace(word=word)
