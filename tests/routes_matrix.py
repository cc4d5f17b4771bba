"""Who may use which route by which method: the statement that tests/test_routes.py checks.

Personas: `visitor` (nobody), `half` (gave the password, not yet the second factor), `roleless`
(signed-in staff without a role), every role of product.md, and `investor` (signed in to
self-service). Written out by hand, not derived from the code under test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = frozenset(
    {
        "author", "reviewer", "dispatcher", "releaser", "crisis_officer", "supervisor",
        "privacy_officer", "auditor", "regulator", "administrator",
    }
)  # fmt: skip
STAFF = ROLES | {"roleless"}
EVERYBODY = STAFF | {"visitor", "half", "investor"}
NOBODY: frozenset[str] = frozenset()
HALF = frozenset({"half"})
INVESTOR = frozenset({"investor"})

TEMPLATE_READERS = frozenset(
    {"author", "reviewer", "dispatcher", "releaser", "crisis_officer", "auditor"}
)
AUTHOR = frozenset({"author"})
REVIEWER = frozenset({"reviewer"})
NOTICE_READERS = frozenset({"reviewer", "dispatcher", "releaser", "crisis_officer", "auditor"})
PREPARERS = frozenset({"dispatcher", "crisis_officer"})
RELEASER = frozenset({"releaser"})
CONTROLLERS = frozenset({"dispatcher", "releaser", "crisis_officer"})
INVESTOR_READERS = frozenset({"dispatcher", "releaser", "privacy_officer", "auditor"})
IMPORTERS = frozenset({"dispatcher", "privacy_officer"})
PRIVACY = frozenset({"privacy_officer"})
CONSENT_TEXT_READERS = INVESTOR_READERS | {"reviewer"}
ERASERS = frozenset({"privacy_officer", "reviewer"})
AUDITOR = frozenset({"auditor"})
EXPORT_TAKERS = frozenset({"auditor", "regulator"})
EXPORT_APPROVERS = frozenset({"reviewer", "privacy_officer"})
EXPORT_READERS = EXPORT_TAKERS | EXPORT_APPROVERS
ADMINISTRATOR = frozenset({"administrator"})

REASON = {"reason": "because"}
CONSENT = {"act": "give", "purpose": "channel.sms", "method": "phone"}
DRAFT = {"revision": 1, "facts": {}, "placeholders": [], "variants": []}


@dataclass(frozen=True, slots=True)
class Row:
    """One route: the personas allowed per method. All other methods answer 405.

    `kwargs` fill the address; by default with ids that do not exist, so that whoever is allowed
    gets a 404. `known` says that the address exists whatever its arguments. `body` is a form or
    JSON that is well-formed, where a route looks at it first. `ends_session` says that even the
    allowed end at a sign-in page. `any_method` is for Django's admin, which takes other methods
    for GET.
    """

    methods: Mapping[str, frozenset[str]]
    kwargs: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)
    known: bool = False
    ends_session: bool = False
    any_method: bool = False


def get(who: frozenset[str]) -> Row:
    return Row({"GET": who})


def post(who: frozenset[str], **body: object) -> Row:
    return Row({"POST": who}, body=body)


def form(who: frozenset[str]) -> Row:
    return Row({"GET": who, "POST": who})


CORE = {
    "sign-in": form(EVERYBODY),
    "sign-in-otp": form(HALF),
    "enrol": form(STAFF),
    "step-up": form(STAFF),
    "sign-out": Row({"POST": EVERYBODY}, ends_session=True),
    "set-language": post(EVERYBODY),
    "account": get(STAFF),
    "view-save": Row({"POST": STAFF}, kwargs={"list_name": "none"}),
    "view-remove": post(STAFF),
    "account-email": post(STAFF),
    "account-locale": post(STAFF),
    "account-password": post(STAFF),
    "recovery-codes": post(STAFF),
    "device-remove": post(STAFF),
    "key-revoke": post(STAFF),
    "api-me": get(STAFF),
    "api-schema": get(EVERYBODY),
}

PORTAL = {
    "overview": get(STAFF),
    "search": get(STAFF),
    "object-as-of": get(TEMPLATE_READERS | NOTICE_READERS | INVESTOR_READERS),
}

SELF_SERVICE = {
    "me-inbox": get(INVESTOR),
    "me-sign-in": form(EVERYBODY),
    "me-code": Row({"GET": NOBODY, "POST": NOBODY}),
    "me-sign-out": Row({"POST": EVERYBODY}, ends_session=True),
    "me-message": get(INVESTOR),
    "me-acknowledge": post(INVESTOR),
    "me-preferences": form(INVESTOR),
    "me-consent": Row({"POST": INVESTOR}, {"purpose": "channel.sms"}, known=True),
    "me-history": get(INVESTOR),
    "me-device-remove": post(INVESTOR),
    "check": form(EVERYBODY),
    "me-unsubscribe": Row({"GET": EVERYBODY, "POST": EVERYBODY}, body={"scope": "topic"}),
}

TEMPLATES = {
    "template-list": get(TEMPLATE_READERS),
    "template-list-export": post(TEMPLATE_READERS),
    "template-new": form(AUTHOR),
    "template-from-example": post(AUTHOR),
    "template-import": form(AUTHOR),
    "filings": Row({"GET": TEMPLATE_READERS, "POST": TEMPLATE_READERS}, known=True),
    "rereview": form(REVIEWER),
    "version-filing": get(TEMPLATE_READERS),
    "version-filing-edit": form(AUTHOR),
    "filing-shorten": post(REVIEWER, expires_at="2030-01-01T00:00", **REASON),
    "filing-carrier": post(AUTHOR | REVIEWER, language="en", status="pending"),
    "version-filing-export": post(TEMPLATE_READERS, format="csv"),
    "clauses": get(TEMPLATE_READERS),
    "clause-new": form(REVIEWER),
    "clause-version-new": post(REVIEWER),
    "clause-version": get(TEMPLATE_READERS),
    "clause-edit": form(REVIEWER),
    "clause-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "review-queue": get(TEMPLATE_READERS),
    "absence-new": post(REVIEWER, delegate="x"),
    "absence-end": post(REVIEWER),
    "review-groups": form(ADMINISTRATOR),
    "review-take": post(REVIEWER),
    "version-comment": form(AUTHOR | REVIEWER),
    "comment-settle": post(REVIEWER),
    "review-plans": get(TEMPLATE_READERS),
    "review-plan-new": Row({"POST": REVIEWER}, {"category": "party"}),
    "review-plan": get(TEMPLATE_READERS),
    "review-plan-edit": form(REVIEWER),
    "review-plan-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "word-lists": get(TEMPLATE_READERS),
    "word-list-new": form(REVIEWER),
    "word-list-version-new": post(REVIEWER),
    "word-list-version": get(TEMPLATE_READERS),
    "word-list-edit": form(REVIEWER),
    "word-list-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "version-file": get(TEMPLATE_READERS),
    "template-detail": get(TEMPLATE_READERS),
    "version-new": post(AUTHOR),
    "version-compare": get(TEMPLATE_READERS),
    "version-review": get(TEMPLATE_READERS),
    "version-edit": form(AUTHOR),
    "version-preview": post(AUTHOR),
    "finding-justify": post(AUTHOR),
    "unsaved-drop": post(AUTHOR, session="00000000-0000-0000-0000-000000000000"),
    "version-submit": post(AUTHOR),
    "version-decide": post(AUTHOR | REVIEWER),
    "api-clauses": Row({"GET": TEMPLATE_READERS, "POST": REVIEWER}, known=True),
    "api-clause-versions": post(REVIEWER),
    "api-clause-version": Row({"GET": TEMPLATE_READERS, "PUT": REVIEWER}, body={"texts": {}}),
    "api-clause-version-submit": post(REVIEWER),
    "api-clause-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-clause-version-return": post(REVIEWER, **REASON),
    "api-word-lists": Row({"GET": TEMPLATE_READERS, "POST": REVIEWER}, known=True),
    "api-word-list-versions": post(REVIEWER),
    "api-word-list-version": Row(
        {"GET": TEMPLATE_READERS, "PUT": REVIEWER},
        body={"severity": "error", "why": {}, "fix": {}, "terms": []},
    ),
    "api-word-list-version-submit": post(REVIEWER),
    "api-word-list-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-word-list-version-return": post(REVIEWER, **REASON),
    "api-reviews": get(TEMPLATE_READERS),
    "api-template-version-take": post(REVIEWER),
    "api-template-version-give-up": post(REVIEWER),
    "api-template-comments": Row(
        {"GET": TEMPLATE_READERS, "POST": AUTHOR | REVIEWER}, body={"text": "why?"}
    ),
    "api-template-comment-settle": post(REVIEWER),
    "api-template-version-derived": get(AUTHOR),
    "api-template-justifications": Row(
        {"GET": TEMPLATE_READERS, "POST": AUTHOR}, body={"fingerprint": "0" * 64, **REASON}
    ),
    "api-review-plans": get(TEMPLATE_READERS),
    "api-review-plan-versions": post(REVIEWER),
    "api-review-plan-version": Row(
        {"GET": TEMPLATE_READERS, "PUT": REVIEWER},
        body={"stages": [{"name": {"zh-hans": "合规", "en": "Compliance"}}]},
    ),
    "api-review-plan-version-submit": post(REVIEWER),
    "api-review-plan-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-review-plan-version-return": post(REVIEWER, **REASON),
    "api-review-groups": get(TEMPLATE_READERS),
    "api-review-group": Row(
        {"PUT": ADMINISTRATOR}, {"code": "legal"}, {"name": "Legal", "members": []}, known=True
    ),
    "api-template-version-filing": Row(
        {"GET": TEMPLATE_READERS, "PUT": AUTHOR}, body={"communication_class": "retail"}
    ),
    "api-filing-expiry": post(REVIEWER, expires_at="2030-01-01T00:00:00Z", **REASON),
    "api-filing-carrier": post(AUTHOR | REVIEWER, language="en", status="not_filed"),
    "api-rereviews": get(TEMPLATE_READERS),
    "api-rereview-keep": post(REVIEWER, **REASON),
    "api-templates": Row({"GET": TEMPLATE_READERS, "POST": AUTHOR}),
    "api-template": get(TEMPLATE_READERS),
    "api-template-import": post(AUTHOR),
    "api-template-version-file": get(TEMPLATE_READERS),
    "api-template-versions": Row({"GET": TEMPLATE_READERS, "POST": AUTHOR}),
    "api-template-version": Row({"GET": TEMPLATE_READERS, "PUT": AUTHOR}, body=DRAFT),
    "api-template-version-submit": post(AUTHOR),
    "api-template-version-withdraw": post(AUTHOR, **REASON),
    "api-template-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-template-version-return": post(REVIEWER, **REASON),
    "api-template-version-reject": post(REVIEWER, **REASON),
    "api-template-version-retire": post(REVIEWER, **REASON),
    "api-template-version-recall": post(REVIEWER, **REASON),
}

NOTICES = {
    "notice-list": get(NOTICE_READERS),
    "notice-list-export": post(NOTICE_READERS),
    "notice-new": form(PREPARERS),
    "notice-detail": get(NOTICE_READERS),
    "notice-live": get(NOTICE_READERS),
    "notice-edit": form(PREPARERS),
    "notice-dry-run": form(NOTICE_READERS),
    "notice-dry-run-cancel": post(NOTICE_READERS),
    "notice-submit": post(PREPARERS),
    "notice-take-back": post(PREPARERS | RELEASER, **REASON),
    "notice-release": form(PREPARERS | RELEASER),
    "notice-refuse": post(RELEASER),
    "notice-pause": post(CONTROLLERS, **REASON),
    "notice-resume": post(CONTROLLERS, **REASON),
    "notice-cancel": post(CONTROLLERS, **REASON),
    "notice-correct": form(PREPARERS),
    "notice-excluded": get(NOTICE_READERS),
    "notice-deliveries": get(NOTICE_READERS),
    "notice-deliveries-export": post(NOTICE_READERS),
    "notice-sample": get(NOTICE_READERS),
    "delivery-detail": get(NOTICE_READERS),
    "delivery-message": get(NOTICE_READERS),
    "delivery-as-sent": form(PRIVACY | AUDITOR),
    "api-notices": Row({"GET": NOTICE_READERS, "POST": PREPARERS}),
    "api-notice": get(NOTICE_READERS),
    "api-notice-submit": post(PREPARERS),
    "api-notice-dry-runs": post(PREPARERS | RELEASER),
    "api-notice-dry-run": get(PREPARERS | RELEASER),
    "api-notice-take-back": post(PREPARERS | RELEASER, **REASON),
    "api-notice-release": post(RELEASER),
    "api-notice-pause": post(CONTROLLERS, **REASON),
    "api-notice-resume": post(CONTROLLERS, **REASON),
    "api-notice-cancel": post(CONTROLLERS, **REASON),
    "api-notice-progress": get(NOTICE_READERS),
    "api-notice-deliveries": get(NOTICE_READERS),
    "api-notice-exclusions": get(NOTICE_READERS),
    "api-delivery": get(NOTICE_READERS),
    # Nobody: a receipt is let in by its signature alone.
    "webhook": Row({"POST": NOBODY}, {"provider": "gateway"}),
}


INVESTORS = {
    "investor-list": get(INVESTOR_READERS),
    "investor-list-export": post(INVESTOR_READERS),
    "investor-detail": get(INVESTOR_READERS),
    "investor-preferences": post(PRIVACY),
    "investor-consent": post(PRIVACY),
    "investor-relationship": form(PRIVACY),
    "contact-reveal": post(PRIVACY, **REASON),
    "consent-texts": get(CONSENT_TEXT_READERS),
    "consent-text-new": form(PRIVACY),
    "consent-text-version-new": post(PRIVACY),
    "consent-text-version": get(CONSENT_TEXT_READERS),
    "consent-text-edit": form(PRIVACY),
    "consent-text-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "api-consent-texts": Row({"GET": CONSENT_TEXT_READERS, "POST": PRIVACY}, known=True),
    "api-consent-text-versions": post(PRIVACY),
    "api-consent-text-version": Row(
        {"GET": CONSENT_TEXT_READERS, "PUT": PRIVACY}, body={"text": "We send you SMS."}
    ),
    "api-consent-text-version-submit": post(PRIVACY),
    "api-consent-text-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-consent-text-version-return": post(REVIEWER, **REASON),
    "erasure-list": get(ERASERS),
    "erasure-new": form(PRIVACY),
    "erasure-detail": get(ERASERS),
    "erasure-approve": post(ERASERS),
    "erasure-refuse": post(ERASERS, **REASON),
    "erasure-withdraw": post(PRIVACY),
    "api-erasures": Row({"GET": ERASERS, "POST": PRIVACY}),
    "api-erasure": get(ERASERS),
    "api-erasure-withdraw": post(PRIVACY),
    "contact-state": post(PRIVACY, **REASON),
    "import-new": form(IMPORTERS),
    "import-detail": get(IMPORTERS),
    "import-progress": get(IMPORTERS),
    "import-check": post(IMPORTERS),
    "import-run": post(IMPORTERS),
    "import-discard": post(IMPORTERS),
    "import-errors": get(IMPORTERS),
    "api-investors": get(INVESTOR_READERS),
    "api-investor": get(INVESTOR_READERS),
    "api-investor-consents": Row({"GET": INVESTOR_READERS, "POST": PRIVACY}, body=CONSENT),
    "api-investor-relationship": post(PRIVACY, status="closed", reason="Moved away"),
    "api-investor-preferences": post(PRIVACY, topic="education", channel="sms", wanted=True),
    "api-imports": form(IMPORTERS),
    "api-import": get(IMPORTERS),
    "api-import-rejections": get(IMPORTERS),
}

KEEPERS = frozenset({"reviewer", "privacy_officer"})
KEEPING_READERS = KEEPERS | AUDITOR

RETENTION = {
    "retention": get(KEEPING_READERS),
    "retention-draft": Row({"POST": PRIVACY}, body=REASON, known=True),
    "retention-version": get(KEEPING_READERS),
    "retention-rule-new": form(PRIVACY),
    "retention-rule": form(PRIVACY),
    "retention-scope": form(PRIVACY),
    "retention-kinds": form(PRIVACY),
    "retention-submit": post(PRIVACY),
    "retention-decide": post(REVIEWER, act="approve"),
    "retention-proposals": get(KEEPING_READERS),
    "retention-proposal": get(KEEPING_READERS),
    "retention-proposal-submit": post(PRIVACY),
    "retention-proposal-decide": post(REVIEWER, act="approve"),
    "hold-list": get(KEEPING_READERS),
    "hold-new": form(KEEPERS),
    "hold-detail": get(KEEPING_READERS),
    "hold-release": post(KEEPERS, **REASON),
    "access-reviews": get(KEEPING_READERS),
    "access-review-open": Row({"POST": KEEPERS}, known=True),
    "access-review": get(KEEPING_READERS),
    "access-review-decide": post(KEEPERS, decision="keep"),
    "access-review-sign": post(KEEPERS),
    "access-review-report": post(KEEPING_READERS),
    "api-retention-schedule": get(KEEPING_READERS),
    "api-retention-proposals": get(KEEPING_READERS),
    "api-holds": get(KEEPING_READERS),
    "api-hold": get(KEEPING_READERS),
}

AUDIT = {
    "audit-list": get(AUDITOR),
    "audit-download": post(AUDITOR),
    "audit-timeline": get(AUDITOR),
    "audit-queries": get(AUDITOR),
    "audit-query-save": post(AUDITOR, name="A question"),
    "audit-query": get(AUDITOR),
    "audit-query-run": post(AUDITOR),
    "audit-query-retire": post(AUDITOR),
    "audit-ledger": get(AUDITOR | ADMINISTRATOR),
    "witness-alarm-close": post(AUDITOR | ADMINISTRATOR, witness="none", reason="Removed"),
    "audit-ledger-state": get(AUDITOR),
    "audit-verify": post(AUDITOR),
    "record-detail": get(AUDITOR),
    "record-proof": get(AUDITOR),
    "export-list": get(EXPORT_READERS),
    "export-new": form(AUDITOR),
    "export-detail": get(EXPORT_READERS),
    "export-live": get(EXPORT_READERS),
    "export-approve": post(EXPORT_APPROVERS),
    "export-refuse": post(EXPORT_APPROVERS, **REASON),
    "export-withdraw": post(EXPORT_READERS, **REASON),
    "export-download": post(EXPORT_TAKERS),
    "ledger-checkpoint": get(EVERYBODY),
    "ledger-tile": get(EVERYBODY),
    "ledger-proven": get(EVERYBODY),
    "ledger-policy": get(EVERYBODY),
    "audit-stamp": get(AUDITOR),
    "audit-stamped": get(AUDITOR),
    "record-leaf": get(AUDITOR),
    "api-records": get(AUDITOR),
    "api-record": get(AUDITOR),
    "api-record-proof": get(AUDITOR),
    "api-exports": Row({"GET": EXPORT_READERS, "POST": AUDITOR}),
    "api-export": get(EXPORT_READERS),
    "api-export-approve": post(EXPORT_APPROVERS),
    "api-export-refuse": post(EXPORT_APPROVERS, **REASON),
    "api-export-withdraw": post(EXPORT_READERS, **REASON),
    "api-export-download": post(EXPORT_TAKERS),
}


def console(methods: Mapping[str, frozenset[str]], **kwargs: object) -> Row:
    return Row(methods, kwargs, known=bool(kwargs), any_method=True)


def model(name: str, *, who: frozenset[str] = ADMINISTRATOR, writable: bool) -> dict[str, Row]:
    """Django's routes of one model that `who` sees; of a `writable` one they may add rows. Nobody
    deletes."""
    adders = who if writable else NOBODY
    return {
        f"admin:{name}_changelist": console({"GET": who}),
        f"admin:{name}_add": console({"GET": adders, "POST": adders}),
        f"admin:{name}_change": console({"GET": who, "POST": adders}),
        f"admin:{name}_history": console({"GET": ADMINISTRATOR}),
        f"admin:{name}_delete": console({"GET": NOBODY, "POST": NOBODY}),
        f"console/{'/'.join(name.rsplit('_', 1))}/<path:object_id>/": console(
            {"GET": ADMINISTRATOR}, object_id=1
        ),
    }


CRISIS_READERS = frozenset({"reviewer", "dispatcher", "releaser", "crisis_officer", "auditor"})
CRISIS_OFFICER = frozenset({"crisis_officer"})
RISK_READERS = frozenset({"reviewer", "crisis_officer", "auditor"})

CRISIS_KEEPERS = frozenset({"crisis_officer", "reviewer"})
ACTIVATION = {
    "crisis-plan": get(CRISIS_READERS),
    "crisis-plan-new": post(CRISIS_KEEPERS),
    "crisis-plan-version": get(CRISIS_READERS),
    "crisis-plan-edit": form(CRISIS_KEEPERS),
    "crisis-plan-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "criteria": get(CRISIS_READERS),
    "criteria-new": post(CRISIS_KEEPERS),
    "criteria-version": get(CRISIS_READERS),
    "criteria-edit": form(CRISIS_KEEPERS),
    "criteria-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "signal-list": get(CRISIS_READERS),
    "call-list": get(STAFF),
    "call-detail": get(STAFF),
    "call-acknowledge": post(STAFF),
    "call-decline": post(STAFF, **REASON),
    "call-again": post(CRISIS_OFFICER, role="legal"),
    "api-calls": get(CRISIS_READERS),
    "api-call-acknowledge": post(CRISIS_READERS),
    "api-call-decline": post(CRISIS_READERS, **REASON),
    "api-signals": post(NOBODY),  # by signature alone
}

PARTIES = {
    "crisis-parties": get(CRISIS_READERS),
    "crisis-party-new": form(CRISIS_OFFICER),
    "crisis-party": get(CRISIS_READERS),
    "crisis-party-edit": form(CRISIS_OFFICER),
    "crisis-party-end": post(CRISIS_OFFICER),
    "crisis-party-contact-add": post(CRISIS_OFFICER),
    "crisis-party-proof-add": post(CRISIS_OFFICER),
    "crisis-party-contact-end": post(CRISIS_OFFICER),
}
LEARNING = {
    "retrospectives": get(CRISIS_READERS),
    "retrospective": get(CRISIS_READERS),
    "retrospective-edit": form(CRISIS_OFFICER),
    "retrospective-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "retrospective-new": post(CRISIS_OFFICER),
    "incident-actions": get(CRISIS_READERS),
    "incident-action": get(STAFF),
    "incident-action-finish": post(STAFF, outcome="done"),
    "incident-action-drop": post(REVIEWER, outcome="too dear"),
    "incident-action-move": post(CRISIS_OFFICER, due_on="2026-12-01", **REASON),
    "incident-action-new": form(CRISIS_OFFICER),
    "risk-indicators": get(RISK_READERS),
    "risk-indicator-write": post(CRISIS_OFFICER),
    "risk-indicator-table-new": post(CRISIS_OFFICER),
    "risk-indicator-table": get(RISK_READERS),
    "risk-indicator-table-edit": form(CRISIS_OFFICER),
    "risk-indicator-table-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "risk-effect": get(RISK_READERS),
    "risk-effect-account": post(CRISIS_OFFICER),
    "risk-effect-reverse": post(CRISIS_OFFICER, **REASON),
    "handbook": Row({"GET": STAFF}, known=True),
    "handbook-new": post(CRISIS_OFFICER),
    "handbook-version": get(STAFF),
    "handbook-edit": form(CRISIS_OFFICER),
    "handbook-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "handbook-attest": post(STAFF),
    "crisis-packs": get(CRISIS_READERS),
    "crisis-pack-make": post(CRISIS_OFFICER),
    "crisis-pack-take": Row({"POST": CRISIS_READERS}, kwargs={"form": "pdf"}),
}

NONE = "00000000-0000-7000-8000-000000000000"
CRISIS_LOGGERS = frozenset({"reviewer", "dispatcher", "releaser", "crisis_officer"})
_STATED = {"version_id": NONE, "values": {}}
_SAID = {**_STATED, "kind": "update", "phase": "resolved", "places": ["public"]}
_AFFECTED = {
    **_STATED, "affected": {"everyone": True}, "criticality": "routine",
    "channels": {"parallel": ["sms"]}, **REASON,
}  # fmt: skip
STATEMENTS = {
    "status": get(EVERYBODY),
    "status-feed": get(EVERYBODY),
    "crisis-notify": form(PREPARERS),
    "crisis-statements": get(CRISIS_READERS),
    "crisis-statement-new": form(CRISIS_LOGGERS),
    "crisis-update": post(CRISIS_LOGGERS),
    "crisis-statement": get(CRISIS_READERS),
    "crisis-statement-publish": post(CRISIS_LOGGERS),
    "crisis-statement-drop": post(CRISIS_LOGGERS),
    "api-notify": post(PREPARERS, **_AFFECTED),
    "api-statements": Row({"GET": CRISIS_READERS, "POST": CRISIS_LOGGERS}, body=_SAID),
    "api-statement": get(CRISIS_READERS),
    "api-statement-publish": post(CRISIS_LOGGERS),
    "api-statement-drop": post(CRISIS_LOGGERS, **REASON),
}

DRILLS = {
    "crisis-drills": get(CRISIS_READERS),
    "crisis-drill-new": form(CRISIS_OFFICER),
    "crisis-drill": get(CRISIS_READERS),
    "crisis-drill-start": post(CRISIS_OFFICER),
    "crisis-drill-cancel": post(CRISIS_OFFICER),
    "crisis-drill-end": post(CRISIS_OFFICER),
    "crisis-drill-step": post(CRISIS_LOGGERS),
    "crisis-drill-finding": post(CRISIS_LOGGERS),
    "crisis-drill-settle": post(CRISIS_LOGGERS, outcome="done"),
    "crisis-drill-found": post(CRISIS_LOGGERS),
    "api-drills": Row({"GET": CRISIS_READERS, "POST": CRISIS_OFFICER}),
    "api-drill": get(CRISIS_READERS),
    "api-drill-start": post(CRISIS_OFFICER),
    "api-drill-step": post(CRISIS_LOGGERS),
    "api-drill-end": post(CRISIS_OFFICER, summary="done"),
    "api-drill-cancel": post(CRISIS_OFFICER, **REASON),
}

RISK_WORKERS = frozenset({"reviewer", "crisis_officer"})
RISK = {
    "risk-list": get(RISK_READERS),
    "risk-new": form(CRISIS_OFFICER),
    "risk-export": post(RISK_READERS, format="csv"),
    "risk-heat-map": get(RISK_READERS),
    "risk-matrix": get(RISK_READERS),
    "risk-matrix-new": post(CRISIS_OFFICER),
    "risk-matrix-version": get(RISK_READERS),
    "risk-matrix-edit": form(CRISIS_OFFICER),
    "risk-matrix-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "risk-controls": get(RISK_READERS),
    "risk-control-new": form(CRISIS_OFFICER),
    "risk-control": get(RISK_READERS),
    "risk-control-edit": form(CRISIS_OFFICER),
    "risk-control-evidence": post(CRISIS_OFFICER),
    "risk-control-retire": post(CRISIS_OFFICER, **REASON),
    "risk-control-attach": post(CRISIS_OFFICER),
    "risk-control-detach": post(CRISIS_OFFICER, **REASON),
    "risk-rounds": get(RISK_READERS),
    "risk-round-new": form(CRISIS_OFFICER),
    "risk-round": get(RISK_READERS),
    "risk-round-attendance": post(RISK_WORKERS),
    "risk-round-close": post(RISK_WORKERS, minutes="m"),
    "risk-round-cancel": post(RISK_WORKERS, **REASON),
    "risk-link": Row({"POST": CRISIS_OFFICER}, {"kind": "risk"}, {"kind": "risk", "target": "x"}),
    "risk-unlink": post(CRISIS_OFFICER, why="because"),
    "risk-acceptance": post(RISK_WORKERS, verb="approve"),
    "risk-detail": get(RISK_READERS),
    "risk-edit": form(CRISIS_OFFICER),
    "risk-assess": post(CRISIS_OFFICER),
    "risk-open": post(CRISIS_OFFICER),
    "risk-move": post(CRISIS_OFFICER, verb="close", **REASON),
    "risk-propose": post(CRISIS_OFFICER),
    "api-risks": Row({"GET": RISK_READERS, "POST": CRISIS_OFFICER}),
    "api-risk": get(RISK_READERS),
    "api-risk-assessments": post(CRISIS_OFFICER),
    "api-risk-links": Row({"GET": RISK_READERS, "POST": CRISIS_OFFICER}),
}

CRISIS_WRITERS = frozenset({"reviewer", "dispatcher", "releaser", "crisis_officer"})
CRISIS_STARTERS = frozenset({"reviewer", "crisis_officer"})
HIT = {"nature": "technical", "scope": {"systems": ["trading"]}}

INCIDENTS = {
    "incident-list": get(CRISIS_READERS),
    "incident-new": form(CRISIS_STARTERS),
    "incident-worker": get(EVERYBODY),
    "incident-responses": get(CRISIS_READERS),
    "incident-detail": get(CRISIS_READERS),
    "incident-live": get(CRISIS_READERS),
    "incident-picture": get(CRISIS_READERS),
    "incident-file": post(CRISIS_READERS),
    "incident-report": post(CRISIS_READERS),
    "incident-log": post(CRISIS_WRITERS, text="A line."),
    "incident-lead": post(CRISIS_WRITERS),
    **{
        f"incident-{name}": form(CRISIS_OFFICER)
        for name in (
            "verify",
            "tier",
            "restore",
            "relapse",
            "close",
            "dismiss",
            "moment",
            "role",
            "duplicate",
        )
    },
    "api-incidents": Row({"GET": CRISIS_READERS, "POST": CRISIS_STARTERS}),
    "api-incident": get(CRISIS_READERS),
    "api-incident-entries": Row(
        {"GET": CRISIS_READERS, "POST": CRISIS_WRITERS}, body={"text": "A line."}
    ),
    "api-incident-verify": post(CRISIS_OFFICER, **HIT),
    "api-incident-tier": post(CRISIS_OFFICER, tier="major", **REASON),
    "api-incident-moments": post(CRISIS_OFFICER, kind="extortion_paid"),
    "api-incident-restore": post(CRISIS_OFFICER),
    "api-incident-relapse": post(CRISIS_OFFICER, **REASON),
    "api-incident-close": post(CRISIS_OFFICER, words="Mended."),
    "api-incident-dismiss": post(CRISIS_OFFICER, **REASON),
    "api-incident-roles": post(CRISIS_OFFICER, role="lead", person_id=None),
    "api-incident-lead": post(CRISIS_WRITERS),
    "api-incident-duplicate": post(CRISIS_OFFICER, into_id="00000000-0000-4000-8000-000000000001"),
}

CONSOLE = {
    "admin:index": console({"GET": ADMINISTRATOR}),
    "admin:app_list": console({"GET": ADMINISTRATOR}, app_label="core"),
    "admin:login": Row({"GET": ADMINISTRATOR}, ends_session=True, any_method=True),
    "admin:logout": Row({"POST": ADMINISTRATOR}, ends_session=True),
    "admin:password_change": console({"GET": ADMINISTRATOR}),
    "admin:password_change_done": console({"GET": ADMINISTRATOR}),
    "admin:autocomplete": console({"GET": NOBODY}),
    "admin:jsi18n": console({"GET": ADMINISTRATOR}),
    "admin:view_on_site": console({"GET": ADMINISTRATOR}),
    r"console/(?P<url>.*)$": console({"GET": ADMINISTRATOR}),
    **model("core_user", writable=True),
    **model("core_businessline", writable=True),
    **model("core_apikey", writable=True),
    **model("templates_mgmt_template", writable=False),
    **model("templates_mgmt_templateversion", writable=False),
    **model("investors_topic", writable=True),
    **model("investors_consentnotice", writable=False),
    **model("investors_consententry", who=NOBODY, writable=False),
    **model("investors_importbatch", who=NOBODY, writable=False),
    **model("investors_erasurerequest", who=NOBODY, writable=False),
    **model("comms_notice", writable=False),
    **model("comms_delivery", writable=False),
    # These lead to the portal's own pages, which ask for the right to see them.
    **{
        f"admin:comms_{name}_{view}": console({"GET": ADMINISTRATOR, "POST": ADMINISTRATOR})
        for name in ("notice", "delivery")
        for view in ("changelist", "change")
    },
    **model("comms_rawreceipt", writable=False),
    **model("audit_record", writable=False),
    # Leads to the portal's own page, where reading a record is recorded.
    "admin:audit_record_change": console({"GET": ADMINISTRATOR, "POST": ADMINISTRATOR}),
    **model("audit_checkpoint", writable=False),
    **model("audit_export", writable=False),
    **model("audit_verification", writable=False),
    **model("audit_retentionschedule", writable=False),
    **model("audit_legalhold", writable=False),
    **model("audit_retentionproposal", writable=False),
    **model("audit_accessreview", writable=False),
    **model("crisis_incident", writable=False),
    **model("crisis_entry", writable=False),
}

CLOCK_KEEPERS = frozenset({"reviewer", "crisis_officer"})
_HANDED = {"how": "phone", "reference": "T-1", "at": "2026-03-02T10:00:00Z", "receipt_text": "x"}
CLOCKS = {
    "clock-list": get(CRISIS_READERS),
    "clock-detail": get(CRISIS_READERS),
    "clock-pause": post(CRISIS_OFFICER, **REASON),
    "clock-resume": post(CRISIS_OFFICER, **REASON),
    "clock-call-off": post(CLOCK_KEEPERS, **REASON),
    "clock-table": get(CRISIS_READERS),
    "clock-table-new": post(CLOCK_KEEPERS),
    "clock-table-version": get(CRISIS_READERS),
    "clock-table-row-new": form(CLOCK_KEEPERS),
    "clock-table-row": form(CLOCK_KEEPERS),
    "clock-table-row-remove": post(CLOCK_KEEPERS),
    "clock-table-operator": post(CLOCK_KEEPERS, revision=1),
    "clock-table-submit": post(CLOCK_KEEPERS),
    "clock-table-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "api-clocks": get(CRISIS_READERS),
    "api-clock": get(CRISIS_READERS),
    "api-clock-pause": post(CRISIS_OFFICER, **REASON),
    "api-clock-resume": post(CRISIS_OFFICER, **REASON),
    "api-clock-call-off": post(CLOCK_KEEPERS, **REASON),
    "api-clock-table": get(CRISIS_READERS),
    "api-clock-table-version": get(CRISIS_READERS),
    "regulator-report-list": get(CRISIS_READERS),
    "regulator-report-start": post(CLOCK_KEEPERS),
    "regulator-report": get(CRISIS_READERS),
    "regulator-report-edit": form(CLOCK_KEEPERS),
    "regulator-report-decide": post(REVIEWER, verb="return", shown_hash="0" * 64, **REASON),
    "regulator-report-hand-in": post(CLOCK_KEEPERS, **_HANDED),
    "regulator-report-pdf": post(CRISIS_READERS),
    "regulator-report-receipt": post(CRISIS_READERS),
    "api-regulator-reports": get(CRISIS_READERS),
    "api-regulator-report-start": post(CLOCK_KEEPERS),
    "api-regulator-report": Row(
        {"GET": CRISIS_READERS, "PUT": CLOCK_KEEPERS}, body={"answers": {}}
    ),
    "api-regulator-report-hand-in": post(CLOCK_KEEPERS, **_HANDED),
    "api-regulator-report-version-submit": post(CLOCK_KEEPERS),
    "api-regulator-report-version-approve": post(REVIEWER, shown_hash="0" * 64),
    "api-regulator-report-version-return": post(REVIEWER, **REASON),
}

ROUTES: dict[str, Row] = {
    **CORE,
    **PORTAL,
    **SELF_SERVICE,
    **TEMPLATES,
    **NOTICES,
    **INVESTORS,
    **AUDIT,
    **RETENTION,
    **CLOCKS,
    **PARTIES,
    **ACTIVATION,
    **LEARNING,
    **STATEMENTS,
    **DRILLS,
    **RISK,
    **INCIDENTS,
    **CONSOLE,
}
