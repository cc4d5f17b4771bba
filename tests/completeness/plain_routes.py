"""Routes of pages without a request of their own in `routes`, and why."""

from __future__ import annotations

_WORDINGS = "wordings and plans, the same for everybody"
_FORM = "an empty form"
_STATE = "how far it is, without anybody's data"
_HOUSE = "decisions of the house and who of the staff took them"
_PUBLIC = "public by design: hashes, signatures and what they mean"
_LIST = "a list without anybody's data"

# Reads that leave no record.
UNRECORDED: dict[str, str] = {
    **dict.fromkeys(
        (
            "template-list", "template-detail", "template-new", "template-import", "clauses",
            "clause-new", "clause-version", "clause-edit", "review-queue", "review-groups",
            "review-plans", "review-plan", "review-plan-edit", "word-lists", "word-list-new",
            "word-list-version", "word-list-edit", "version-compare", "version-review",
            "version-edit", "version-comment", "filings", "rereview", "version-filing",
            "version-filing-edit", "consent-texts", "consent-text-new", "consent-text-version",
            "consent-text-edit",
        ),
        _WORDINGS,
    ),
    **dict.fromkeys(("status", "status-feed"), "what the firm tells everybody"),
    **dict.fromkeys(("crisis-notify", "crisis-statement-new", "crisis-drill-new"), _FORM),
    **dict.fromkeys(("crisis-statements", "crisis-statement", "crisis-drills"), _HOUSE),
    **dict.fromkeys(
        (
            "incident-list", "incident-new", "incident-detail", "incident-live",
            "incident-picture", "incident-responses", "incident-verify", "incident-tier",
            "incident-restore", "incident-relapse", "incident-close", "incident-dismiss",
            "incident-moment", "incident-role", "incident-duplicate",
        ),
        _HOUSE,
    ),
    "incident-worker": _PUBLIC,
    "crisis-drill": "an exercise, and investors by pseudonym alone",
    **dict.fromkeys(("notice-new", "notice-edit", "notice-correct", "notice-release"), _FORM),
    **dict.fromkeys(("notice-list", "notice-detail", "notice-live", "notice-sample"), _STATE),
    **dict.fromkeys(("import-new", "import-progress", "export-new", "export-live"), _FORM),
    **dict.fromkeys(("export-list", "export-detail", "audit-queries", "audit-query"), _LIST),
    **dict.fromkeys(("audit-ledger", "audit-ledger-state", "audit-stamp", "audit-stamped"), _STATE),
    **dict.fromkeys(
        ("ledger-checkpoint", "ledger-tile", "ledger-proven", "ledger-policy", "check"), _PUBLIC
    ),
    **dict.fromkeys(
        (
            "clock-list", "clock-detail", "clock-table", "clock-table-version",
            "clock-table-row-new", "clock-table-row", "regulator-report-list",
            "regulator-report", "regulator-report-edit",
            "retention-rule-new", "retention-rule", "retention-scope", "retention-kinds",
            "hold-new", "access-reviews", "access-review", "risk-list", "risk-new",
            "risk-heat-map", "risk-matrix", "risk-matrix-version", "risk-matrix-edit",
            "risk-controls", "risk-control-new", "risk-control", "risk-control-edit",
            "risk-rounds", "risk-round-new", "risk-round", "risk-detail", "risk-edit",
            "crisis-parties", "crisis-party-new", "crisis-party-edit", "crisis-packs",
            "retrospectives", "retrospective", "retrospective-edit", "incident-actions",
            "incident-action", "incident-action-new", "handbook", "handbook-version",
            "handbook-edit", "risk-indicators",
            "risk-indicator-table", "risk-indicator-table-edit", "risk-effect",
        ),
        _HOUSE,
    ),
    **dict.fromkeys(
        (
            "crisis-plan", "crisis-plan-version", "crisis-plan-edit", "criteria",
            "criteria-version", "criteria-edit", "signal-list",
        ),
        _HOUSE,
    ),
    **dict.fromkeys(("call-list", "call-detail"), "calls to oneself"),
    "sign-in": _FORM,
    "sign-in-otp": _FORM,
    "enrol": "one's own new second factor; confirming it is recorded",
    "step-up": _FORM,
    "account": "one's own account",
    "overview": "counts",
    "delivery-as-sent": "the form that asks for the reason; the answer to it is recorded",
    "delivery-message": "the frame for a message that its page has already recorded",
    "me-inbox": "one's own messages, by subject; reading one is recorded",
    "me-sign-in": _FORM,
    "me-preferences": "one's own choices",
    "me-unsubscribe": "what a link offers to its holder",
}  # fmt: skip

# Reads whose record another test looks for, with the service that writes it.
READ_BY: dict[str, str] = {
    "retention-proposal": "audit.retention.services.reading.note_retention_read",
    "crisis-party": "crisis.parties.services.show_contacts",
    "object-as-of": "portal.history.services.view_as_of",
    "me-message": "comms.services.receipts.reading.record_view",
    "me-history": "portal.selfservice.choices.read_history",
}

_TEXTS = "templates_mgmt.services"
_CLAUSES = "templates_mgmt.clauses.services"
_WORDS = "templates_mgmt.lexicon.services"
_CONSENT_TEXTS = "investors.consent_texts.services"
_REVIEWING = "templates_mgmt.reviewing.services"
_NOTICES = "comms.services.notices"
_KEEPING = "audit.retention.services"
_REVIEW = "audit.access_review.services"
_SELF = "portal.selfservice"
_CALLS = "crisis.escalation.services"
_CRISIS_PLAN = "crisis.plans.services"
_CRITERIA = "crisis.criteria.services"
_RISKS = "crisis.risks"
_STATEMENTS = "crisis.statements.services.writing"
_DRILLS = "crisis.drills.services"

# Changes whose form is a thin way into a service that has a scene.
CHANGED_BY: dict[str, str] = {
    "incident-new": "crisis.incidents.services.activating.activate",
    "incident-verify": "crisis.incidents.services.deciding.verify",
    "incident-tier": "crisis.incidents.services.deciding.change_tier",
    "incident-moment": "crisis.incidents.services.deciding.record_moment",
    "incident-dismiss": "crisis.incidents.services.deciding.dismiss",
    "incident-duplicate": "crisis.incidents.services.attaching.attach_duplicate",
    "incident-restore": "crisis.incidents.services.ending.restore",
    "incident-relapse": "crisis.incidents.services.ending.relapse",
    "incident-close": "crisis.incidents.services.ending.close",
    "incident-role": "crisis.incidents.services.staffing.assign_role",
    "incident-lead": "crisis.incidents.services.staffing.take_lead",
    "incident-log": "crisis.incidents.services.writing.log",
    "incident-file": "crisis.incidents.services.writing.download",
    "incident-report": "crisis.incidents.services.writing.note_file_taken",
    "clock-pause": "crisis.clocks.services.pausing.pause",
    "clock-resume": "crisis.clocks.services.pausing.resume",
    "clock-call-off": "crisis.clocks.services.ending.call_off",
    "clock-table-new": "crisis.clocks.services.table.new_version",
    "clock-table-row-new": "crisis.clocks.services.table.save_row",
    "clock-table-row": "crisis.clocks.services.table.save_row",
    "clock-table-row-remove": "crisis.clocks.services.table.remove_row",
    "clock-table-operator": "crisis.clocks.services.table.set_operator",
    "clock-table-submit": "crisis.clocks.services.table.submit",
    "clock-table-decide": "crisis.clocks.services.table.approve",
    "regulator-report-start": "crisis.reports.services.start",
    "regulator-report-edit": "crisis.reports.services.save",
    "regulator-report-decide": "crisis.reports.services.approve",
    "regulator-report-hand-in": "crisis.reports.services.hand_in",
    "regulator-report-pdf": "crisis.reports.services.take",
    "regulator-report-receipt": "crisis.reports.services.take_receipt",
    "crisis-party-new": "crisis.parties.services.save_party",
    "crisis-party-edit": "crisis.parties.services.save_party",
    "crisis-party-end": "crisis.parties.services.end_party",
    "crisis-party-contact-add": "crisis.parties.services.add_contact",
    "crisis-party-contact-end": "crisis.parties.services.end_contact",
    "crisis-party-proof-add": "crisis.parties.services.add_proof",
    "retrospective-new": "crisis.learning.services.start_retrospective",
    "retrospective-edit": "crisis.learning.services.save",
    "retrospective-decide": "crisis.learning.services.approve",
    "incident-action-new": "crisis.learning.services.add_action",
    "incident-action-finish": "crisis.learning.services.finish_action",
    "incident-action-drop": "crisis.learning.services.drop_action",
    "incident-action-move": "crisis.learning.services.move_action",
    "risk-indicator-write": "crisis.indicators.services.write_reading",
    "risk-indicator-table-new": "crisis.indicators.services.new_version",
    "risk-indicator-table-edit": "crisis.indicators.services.save",
    "risk-indicator-table-decide": "crisis.indicators.services.approve",
    "risk-effect-account": "crisis.indicators.services.add_account",
    "risk-effect-reverse": "crisis.indicators.services.reverse_account",
    "handbook-new": "crisis.handbook.services.start",
    "handbook-edit": "crisis.handbook.services.save",
    "handbook-decide": "crisis.handbook.services.approve",
    "handbook-attest": "crisis.handbook.services.attest",
    "crisis-pack-make": "crisis.pack.services.make_pack",
    "crisis-pack-take": "crisis.pack.services.take_pack",
    "crisis-notify": "crisis.statements.services.notices.make_statement",
    "crisis-statement-new": f"{_STATEMENTS}.draft",
    "crisis-update": f"{_STATEMENTS}.note",
    "crisis-statement-publish": f"{_STATEMENTS}.publish",
    "crisis-statement-drop": f"{_STATEMENTS}.drop",
    "crisis-drill-new": f"{_DRILLS}.plan",
    "crisis-drill-start": f"{_DRILLS}.start",
    "crisis-drill-cancel": f"{_DRILLS}.cancel",
    "crisis-drill-end": f"{_DRILLS}.end",
    "crisis-drill-step": f"{_DRILLS}.mark_step",
    "crisis-drill-found": f"{_DRILLS}.mark_found",
    "crisis-drill-finding": f"{_DRILLS}.note_finding",
    "crisis-drill-settle": f"{_DRILLS}.settle_finding",
    "sign-in": "core.signin.sign_in_with_password",
    "sign-in-otp": "core.signin.sign_in_with_code",
    "enrol": "core.devices.enrol",
    "step-up": "core.signin.step_up",
    "device-remove": "core.devices.remove",
    "view-save": "core.lists.services.save_view",
    "view-remove": "core.lists.services.remove_view",
    **dict.fromkeys(
        (
            "investor-list-export",
            "notice-list-export",
            "notice-deliveries-export",
            "template-list-export",
        ),
        "audit.listing.services.export_list",
    ),
    "key-revoke": "core.services.keys.revoke_api_key",
    "me-sign-in": f"{_SELF}.signin.request_code",
    "me-sign-out": f"{_SELF}.sessions.end",
    "me-acknowledge": "comms.services.receipts.reading.acknowledge",
    "me-preferences": f"{_SELF}.choices.set_wishes",
    "me-consent": f"{_SELF}.choices.give",
    "me-device-remove": f"{_SELF}.sessions.remove_device",
    "me-unsubscribe": "comms.services.optout.leave_topic",
    "template-from-example": f"{_TEXTS}.drafting.create_template",
    "template-import": "templates_mgmt.files.service.import_files",
    "version-edit": f"{_TEXTS}.drafting.save_draft",
    "finding-justify": "templates_mgmt.writing.services.justify",
    "unsaved-drop": "templates_mgmt.writing.services.drop_words",
    "rereview": "templates_mgmt.filing.services.rereviewing.keep",
    "version-filing-edit": "templates_mgmt.filing.services.keeping.save_filing",
    "filing-shorten": "templates_mgmt.filing.services.keeping.shorten",
    "filing-carrier": "templates_mgmt.filing.services.keeping.set_carrier",
    "clause-edit": f"{_CLAUSES}.save",
    "clause-decide": f"{_CLAUSES}.approve",
    "absence-end": f"{_REVIEWING}.end_absence",
    "review-groups": f"{_REVIEWING}.set_group",
    "comment-settle": f"{_REVIEWING}.settle",
    "review-plan-new": f"{_REVIEWING}.new_plan",
    "review-plan-edit": f"{_REVIEWING}.save_plan",
    "review-plan-decide": f"{_REVIEWING}.approve_plan",
    "consent-text-version-new": f"{_CONSENT_TEXTS}.new_version",
    "consent-text-edit": f"{_CONSENT_TEXTS}.save",
    "consent-text-decide": f"{_CONSENT_TEXTS}.approve",
    "word-list-version-new": f"{_WORDS}.new_version",
    "word-list-edit": f"{_WORDS}.save",
    "word-list-decide": f"{_WORDS}.approve",
    "notice-new": f"{_NOTICES}.drafting.create_notice",
    "notice-edit": f"{_NOTICES}.drafting.change_notice",
    "notice-correct": f"{_NOTICES}.drafting.correct_notice",
    "import-check": "investors.importing.uploads.request_run",
    "notice-release": f"{_NOTICES}.releasing.release_notice",
    "erasure-approve": "investors.erasure.services.approve_erasure",
    "erasure-refuse": "investors.erasure.services.refuse_erasure",
    "import-new": "investors.importing.uploads.store_upload",
    "retention-draft": f"{_KEEPING}.schedules.draft_schedule",
    "retention-decide": f"{_KEEPING}.schedules.approve_schedule",
    "retention-proposal-submit": f"{_KEEPING}.proposals.submit_proposal",
    "retention-proposal-decide": f"{_KEEPING}.proposals.approve_proposal",
    "access-review-open": f"{_REVIEW}.open_review",
    "access-review-decide": f"{_REVIEW}.decide_item",
    "access-review-sign": f"{_REVIEW}.sign_review",
    "crisis-plan-new": f"{_CRISIS_PLAN}.new_version",
    "crisis-plan-edit": f"{_CRISIS_PLAN}.save",
    "crisis-plan-decide": f"{_CRISIS_PLAN}.approve",
    "criteria-new": f"{_CRITERIA}.new_version",
    "criteria-edit": f"{_CRITERIA}.save",
    "criteria-decide": f"{_CRITERIA}.approve",
    "call-acknowledge": f"{_CALLS}.acknowledge",
    "call-decline": f"{_CALLS}.decline",
    "call-again": f"{_CALLS}.call_again",
    "risk-new": f"{_RISKS}.services.registering.create_risk",
    "risk-edit": f"{_RISKS}.services.registering.change_risk",
    "risk-assess": f"{_RISKS}.services.registering.assess",
    "risk-open": f"{_RISKS}.services.registering.open_risk",
    "risk-move": f"{_RISKS}.services.registering.close_risk",
    "risk-propose": f"{_RISKS}.services.accepting.propose",
    "risk-acceptance": f"{_RISKS}.services.accepting.approve",
    "risk-export": f"{_RISKS}.services.exporting.export_register",
    "risk-matrix-new": f"{_RISKS}.matrix.services.new_version",
    "risk-matrix-edit": f"{_RISKS}.matrix.services.save",
    "risk-matrix-decide": f"{_RISKS}.matrix.services.approve",
    "risk-control-new": f"{_RISKS}.controls.services.create_control",
    "risk-control-edit": f"{_RISKS}.controls.services.change_control",
    "risk-control-evidence": f"{_RISKS}.controls.services.add_evidence",
    "risk-control-retire": f"{_RISKS}.controls.services.retire_control",
    "risk-control-attach": f"{_RISKS}.controls.services.attach",
    "risk-control-detach": f"{_RISKS}.controls.services.detach",
    "risk-round-new": f"{_RISKS}.rounds.services.plan_round",
    "risk-round-attendance": f"{_RISKS}.rounds.services.note_attendance",
    "risk-round-close": f"{_RISKS}.rounds.services.close_round",
    "risk-round-cancel": f"{_RISKS}.rounds.services.cancel_round",
    "risk-link": f"{_RISKS}.links.services.link",
    "risk-unlink": f"{_RISKS}.links.services.unlink",
}

# Changes that leave nothing behind.
WITHOUT_TRACE: dict[str, str] = {
    "set-language": "a cookie",
    "check": "a question with its answer; nothing is kept",
    "version-preview": "a rendering of what was typed; nothing is kept",
}

# Still without a request or a reason.
OWED: dict[str, str] = {}
