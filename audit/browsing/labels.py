"""The names of what happens, for people, and how each ended.

One entry for each action that the product writes (a test reads the code and fails for one that
is missing). An action that is not here is shown as it is written.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.browsing.rules import Outcome


class Label(NamedTuple):
    """What an action is called, and how what it tells of ended."""

    words: str | Promise
    outcome: Outcome = Outcome.DONE


REFUSED, FAILED = Outcome.REFUSED, Outcome.FAILED

ACTIONS: dict[str, Label] = {
    "risk.created": Label(_("Risk put into the register")),
    "risk.changed": Label(_("Risk changed")),
    "risk.opened": Label(_("Risk opened")),
    "risk.closed": Label(_("Risk closed")),
    "risk.reopened": Label(_("Risk opened again")),
    "risk.assessed": Label(_("Risk assessed")),
    "risk.acceptance_proposed": Label(_("Acceptance of a risk proposed")),
    "risk.accepted": Label(_("Risk accepted for a time")),
    "risk.acceptance_declined": Label(_("Acceptance of a risk declined"), REFUSED),
    "risk.acceptance_withdrawn": Label(_("Acceptance of a risk withdrawn")),
    "risk.acceptance_revoked": Label(_("Acceptance of a risk revoked")),
    "risk.acceptance_expired": Label(_("Acceptance of a risk expired")),
    "risk.control_created": Label(_("Control added")),
    "risk.control_changed": Label(_("Control changed")),
    "risk.control_retired": Label(_("Control retired")),
    "risk.control_attached": Label(_("Control put on a risk")),
    "risk.control_detached": Label(_("Control taken off a risk")),
    "risk.control_evidence": Label(_("Evidence of a control noted")),
    "risk.round_planned": Label(_("Round of identification planned")),
    "risk.round_attendance": Label(_("Attendance of a round noted")),
    "risk.round_closed": Label(_("Round of identification closed")),
    "risk.round_cancelled": Label(_("Round of identification called off")),
    "risk.linked": Label(_("Things linked")),
    "risk.unlinked": Label(_("Link taken back")),
    "risk.register_exported": Label(_("Risk register exported")),
    "risk_matrix.version_started": Label(_("Version of the risk matrix started")),
    "risk_matrix.saved": Label(_("Risk matrix saved")),
    "risk_matrix.submitted": Label(_("Risk matrix submitted")),
    "risk_matrix.approved": Label(_("Risk matrix put in force")),
    "risk_matrix.returned": Label(_("Risk matrix returned"), REFUSED),
    "retrospective.started": Label(_("Retrospective started")),
    "retrospective.saved": Label(_("Retrospective saved")),
    "retrospective.submitted": Label(_("Retrospective submitted")),
    "retrospective.approved": Label(_("Retrospective signed off")),
    "retrospective.returned": Label(_("Retrospective returned"), REFUSED),
    "action.added": Label(_("Action added")),
    "action.moved": Label(_("Action given another day")),
    "action.done": Label(_("Action done")),
    "action.dropped": Label(_("Action dropped")),
    "action.chased": Label(_("Owner asked about an action")),
    "clock.started": Label(_("Clock started")),
    "clock.met": Label(_("Clock met")),
    "clock.restarted": Label(_("Clock counts anew")),
    "clock.breached": Label(_("Deadline missed"), FAILED),
    "clock.paused": Label(_("Clock paused")),
    "clock.resumed": Label(_("Clock goes on")),
    "clock.cancelled": Label(_("Clock called off")),
    "clock.lapsed": Label(_("Clock no longer applies")),
    "clock_table.version_started": Label(_("Version of the clock table started")),
    "clock_table.saved": Label(_("Clock table saved")),
    "clock_table.submitted": Label(_("Clock table submitted")),
    "clock_table.approved": Label(_("Clock table put in force")),
    "clock_table.returned": Label(_("Clock table returned"), REFUSED),
    "party.added": Label(_("Third party added")),
    "party.changed": Label(_("Third party changed")),
    "party.ended": Label(_("Third party no longer relied on")),
    "party.contact_added": Label(_("Contact of a third party added")),
    "party.contact_ended": Label(_("Contact of a third party taken off the list")),
    "party.contacts_shown": Label(_("Contacts of a third party shown")),
    "party.proof_added": Label(_("Proof about a third party added")),
    "party.reminded": Label(_("Reminder about a third party")),
    "notice.created": Label(_("Notice prepared")),
    "notice.dry_run": Label(_("Notice tried out")),
    "notice.dry_run_requested": Label(_("Dry run asked for")),
    "notice.dry_run_failed": Label(_("Dry run failed")),
    "notice.dry_run_cancelled": Label(_("Dry run stopped")),
    "notice.audience_previewed": Label(_("Audience previewed")),
    "notice.recalled": Label(_("Notice recalled")),
    "notice.changed": Label(_("Notice changed")),
    "notice.submitted": Label(_("Notice submitted for release")),
    "notice.taken_back": Label(_("Notice taken back")),
    "notice.released": Label(_("Notice released")),
    "notice.started": Label(_("Planning of deliveries started")),
    "notice.planned": Label(_("Deliveries planned")),
    "notice.excluded": Label(_("Recipient excluded"), REFUSED),
    "notice.planning_finished": Label(_("Planning of deliveries finished")),
    "notice.paused": Label(_("Notice paused")),
    "notice.resumed": Label(_("Notice resumed")),
    "notice.cancelled": Label(_("Notice cancelled")),
    "notice.people_listed": Label(_("Recipients of a notice listed")),
    "notice.finished": Label(_("Notice finished")),
    "delivery.shown": Label(_("Message shown to staff")),
    "delivery.message_revealed": Label(_("Message re-created for staff")),
    "delivery.handing_over": Label(_("Handed over to the provider")),
    "delivery.accepted": Label(_("Accepted by the provider")),
    "delivery.delivered": Label(_("Delivered")),
    "delivery.machine_opened": Label(_("Opened by a machine")),
    "delivery.opened": Label(_("Opened")),
    "delivery.clicked": Label(_("Link followed")),
    "delivery.viewed": Label(_("Viewed in the portal")),
    "delivery.acknowledged": Label(_("Acknowledged by the investor")),
    "delivery.answered": Label(_("Answered by the investor")),
    "delivery.bounced": Label(_("Bounced"), FAILED),
    "delivery.complained": Label(_("Complaint received"), FAILED),
    "delivery.unsubscribed": Label(_("Unsubscribed")),
    "delivery.delayed": Label(_("Delivery delayed")),
    "delivery.failed": Label(_("Delivery failed"), FAILED),
    "delivery.refused": Label(_("Delivery refused before sending"), REFUSED),
    "delivery.unconfirmed": Label(_("Delivery unconfirmed"), FAILED),
    "delivery.requeued": Label(_("Delivery taken up again")),
    "delivery.held": Label(_("Delivery held")),
    "delivery.released": Label(_("Held delivery let go")),
    "delivery.activated": Label(_("Fallback channel started")),
    "delivery.not_needed": Label(_("Fallback channel not needed")),
    "delivery.cancelled": Label(_("Delivery cancelled")),
    "receipt.stored": Label(_("Receipt stored")),
    "receipt.refused": Label(_("Receipt refused"), REFUSED),
    "inbox.viewed_again": Label(_("Message viewed again")),
    "investor.created": Label(_("Investor added")),
    "investor.imported": Label(_("Investor imported")),
    "investor.updated": Label(_("Investor updated")),
    "investor.searched": Label(_("Investors searched")),
    "investor.listed": Label(_("Investors listed")),
    "investor.viewed": Label(_("Investor viewed")),
    "investor.erased": Label(_("Investor’s data erased")),
    "erasure.requested": Label(_("Erasure requested")),
    "erasure.approved": Label(_("Erasure approved")),
    "erasure.refused": Label(_("Erasure refused"), REFUSED),
    "erasure.listed": Label(_("Erasure requests listed")),
    "erasure.viewed": Label(_("Erasure request viewed")),
    "erasure.withdrawn": Label(_("Erasure request withdrawn")),
    "contact.verified": Label(_("Contact verified")),
    "contact.unverified": Label(_("Contact set to unverified")),
    "contact.suppressed": Label(_("Contact suppressed")),
    "contact.revealed": Label(_("Contact revealed")),
    "consent.given": Label(_("Consent given")),
    "consent.withdrawn": Label(_("Consent withdrawn")),
    "consent_notice.published": Label(_("Privacy notice published")),
    "consent_text.created": Label(_("Consent text begun")),
    "consent_text.version_started": Label(_("Consent text version started")),
    "consent_text.saved": Label(_("Consent text draft saved")),
    "consent_text.submitted": Label(_("Consent text submitted for review")),
    "consent_text.approved": Label(_("Consent text put in force")),
    "consent_text.returned": Label(_("Consent text returned"), REFUSED),
    "preference.set": Label(_("Preference set")),
    "optout.by_number": Label(_("Opted out by number")),
    "topic.saved": Label(_("Topic saved")),
    "import.uploaded": Label(_("Import file uploaded")),
    "import.requested": Label(_("Import requested")),
    "import.started": Label(_("Import started")),
    "import.checked": Label(_("Import checked")),
    "import.finished": Label(_("Import finished")),
    "import.failed": Label(_("Import failed"), FAILED),
    "import.discarded": Label(_("Import discarded")),
    "import.sample_shown": Label(_("First rows of an upload shown")),
    "import.errors_downloaded": Label(_("Import errors downloaded")),
    "import.rows_done": Label(_("Import rows written")),
    "import.rejections_forgotten": Label(_("Rejected rows deleted")),
    "template.created": Label(_("Template created")),
    "template.version_started": Label(_("Template version started")),
    "template.draft_saved": Label(_("Template draft saved")),
    "template.submitted": Label(_("Template submitted for review")),
    "template.approved": Label(_("Template approved")),
    "template.returned": Label(_("Template returned"), REFUSED),
    "template.rejected": Label(_("Template rejected"), REFUSED),
    "template.withdrawn": Label(_("Template withdrawn")),
    "template.retired": Label(_("Template retired")),
    "template.recalled": Label(_("Template recalled")),
    "template.finding_justified": Label(_("Template finding justified")),
    "template.commented": Label(_("Template commented on")),
    "template.comment_settled": Label(_("Comment on a template settled")),
    "template.absence_announced": Label(_("Reviewer’s absence announced")),
    "template.absence_ended": Label(_("Reviewer’s absence ended")),
    "review_group.set": Label(_("Review group set")),
    "template.filing_saved": Label(_("Filing record saved")),
    "template.filing_exported": Label(_("Filing record exported")),
    "template.carrier_status": Label(_("Carrier’s word on a template")),
    "template.expiry_brought_forward": Label(_("Expiry of a template brought forward")),
    "template.review_due": Label(_("Re-review of a template due")),
    "template.review_overdue": Label(_("Review of a template overdue")),
    "template.class_changed": Label(_("Class of a communication changed by its reach")),
    "template.reminder_prepared": Label(_("Reminder mail to a reviewer prepared")),
    "template.reminder_mailed": Label(_("Reminder mail to a reviewer sent")),
    "template.reminder_failed": Label(_("Reminder mail to a reviewer not taken")),
    "template.rereview_opened": Label(_("Re-review of a template opened")),
    "template.rereview_closed": Label(_("Re-review of a template closed")),
    "template.exported": Label(_("Template exported")),
    "template.imported": Label(_("Template imported")),
    "user.created": Label(_("Member of staff added")),
    "user.updated": Label(_("Member of staff updated")),
    "user.roles_changed": Label(_("Roles changed")),
    "user.activated": Label(_("Member of staff activated")),
    "user.deactivated": Label(_("Member of staff deactivated")),
    "user.sign_in_reset": Label(_("Sign-in reset")),
    "user.line_given": Label(_("Business line given")),
    "user.line_taken": Label(_("Business line taken away")),
    "user.email_changed": Label(_("Own e-mail address changed")),
    "user.locale_changed": Label(_("Language or time zone changed")),
    "user.password_changed": Label(_("Password changed")),
    "user.password_chosen": Label(_("Password chosen")),
    "device.added": Label(_("Second factor added")),
    "device.removed": Label(_("Second factor removed")),
    "recovery_codes.renewed": Label(_("Recovery codes renewed")),
    "session.opened": Label(_("Signed in")),
    "session.stepped_up": Label(_("Second factor confirmed")),
    "session.closed": Label(_("Signed out")),
    "session.refused": Label(_("Sign-in refused"), REFUSED),
    "api_key.created": Label(_("API key created")),
    "api_key.revoked": Label(_("API key revoked")),
    "line.created": Label(_("Business line created")),
    "line.renamed": Label(_("Business line renamed")),
    "selfservice.code_requested": Label(_("Investor asked for a code")),
    "selfservice.code_sent": Label(_("Code sent to the investor")),
    "selfservice.code_not_sent": Label(_("Code could not be sent"), FAILED),
    "selfservice.code_refused": Label(_("Code refused"), REFUSED),
    "selfservice.signed_in": Label(_("Investor signed in")),
    "selfservice.signed_out": Label(_("Investor signed out")),
    "selfservice.device_bound": Label(_("Investor’s device bound")),
    "selfservice.device_removed": Label(_("Investor’s device removed")),
    "selfservice.history_viewed": Label(_("Investor viewed the message history")),
    "kek.created": Label(_("Key-encryption key created")),
    "kek.rewrapped": Label(_("Data keys rewrapped")),
    "kek.retired": Label(_("Key-encryption key retired")),
    "search.everything": Label(_("Everything searched")),
    "audit.browsed": Label(_("Audit history browsed")),
    "audit.viewed": Label(_("Record viewed")),
    "audit.downloaded": Label(_("Records downloaded")),
    "audit.query_saved": Label(_("Query saved")),
    "audit.query_run": Label(_("Saved query run again")),
    "audit.query_retired": Label(_("Saved query retired")),
    "audit.proof_taken": Label(_("Proof downloaded")),
    "audit.leaf_taken": Label(_("Logged bytes downloaded")),
    "audit.verified": Label(_("Log verified")),
    "audit.verification_requested": Label(_("Verification asked for")),
    "audit.verification_failed": Label(_("Log failed its verification"), FAILED),
    "audit.signing_refused": Label(_("Signing of the log refused"), REFUSED),
    "audit.witness_refused": Label(_("Witness refused to cosign"), REFUSED),
    "audit.attestation_failed": Label(_("Witness or time-stamp failed"), FAILED),
    "audit.key_rotated": Label(_("Log key rotated")),
    "history.viewed": Label(_("History of an object viewed")),
    "access_review.opened": Label(_("Access review opened")),
    "access_review.decided": Label(_("Access review decided")),
    "access_review.signed": Label(_("Access review signed off")),
    "access_review.downloaded": Label(_("Access review downloaded")),
    "export.requested": Label(_("Export asked for")),
    "export.approved": Label(_("Export approved")),
    "export.refused": Label(_("Export refused"), REFUSED),
    "export.withdrawn": Label(_("Export request withdrawn")),
    "export.started": Label(_("Export started")),
    "export.resumed": Label(_("Export taken up again")),
    "export.built": Label(_("Export built")),
    "export.failed": Label(_("Export failed"), FAILED),
    "export.downloaded": Label(_("Export downloaded")),
    "hold.placed": Label(_("Legal hold placed")),
    "hold.released": Label(_("Legal hold released")),
    "retention.rule_saved": Label(_("Retention rule saved")),
    "retention.schedule_drafted": Label(_("Retention schedule drafted")),
    "retention.schedule_submitted": Label(_("Retention schedule submitted")),
    "retention.schedule_approved": Label(_("Retention schedule approved")),
    "retention.schedule_refused": Label(_("Retention schedule refused"), REFUSED),
    "retention.scope_changed": Label(_("Reason to keep changed")),
    "retention.proposed": Label(_("Destruction proposed")),
    "retention.submitted": Label(_("Destruction submitted for approval")),
    "retention.key_destroyed": Label(_("Data key destroyed")),
    "retention.shredded": Label(_("Content shredded")),
    "retention.done": Label(_("Destruction finished")),
}

LANGUAGES = ("en", "zh-hans")


def label_of(action: str) -> str:
    """The action in the reader's language."""
    known = ACTIONS.get(action)
    return str(known.words) if known else action


def outcome_of(action: str) -> Outcome:
    """How what the action tells of ended. Unknown actions end by the word they end with."""
    known = ACTIONS.get(action)
    if known:
        return known.outcome
    verb = action.rpartition(".")[2]
    if verb.endswith("failed"):
        return Outcome.FAILED
    return Outcome.REFUSED if verb.endswith(("refused", "rejected")) else Outcome.DONE


@functools.cache
def names(action: str) -> tuple[str, ...]:
    """Everything an action may be called: as written, and its label in each language."""
    found = [action]
    if known := ACTIONS.get(action):
        for language in LANGUAGES:
            with translation.override(language):
                found.append(str(known.words).lower())
    return tuple(found)


def called(text: str, actions: list[str]) -> list[str]:
    """Those of `actions` that are called something with `text` in it, in any language."""
    wanted = text.strip().lower()
    return [action for action in actions if any(wanted in name for name in names(action))]
