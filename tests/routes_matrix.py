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
AUDITOR = frozenset({"auditor"})
EXPORT_READERS = frozenset({"auditor", "regulator"})
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
    "template-new": form(AUTHOR),
    "template-from-example": post(AUTHOR),
    "template-detail": get(TEMPLATE_READERS),
    "version-new": post(AUTHOR),
    "version-compare": get(TEMPLATE_READERS),
    "version-review": get(TEMPLATE_READERS),
    "version-edit": form(AUTHOR),
    "version-preview": post(AUTHOR),
    "version-submit": post(AUTHOR),
    "version-decide": post(AUTHOR | REVIEWER),
    "api-templates": Row({"GET": TEMPLATE_READERS, "POST": AUTHOR}),
    "api-template": get(TEMPLATE_READERS),
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
    "notice-new": form(PREPARERS),
    "notice-detail": get(NOTICE_READERS),
    "notice-live": get(NOTICE_READERS),
    "notice-edit": form(PREPARERS),
    "notice-dry-run": get(NOTICE_READERS),
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
    "notice-sample": get(NOTICE_READERS),
    "delivery-detail": get(NOTICE_READERS),
    "delivery-message": get(NOTICE_READERS),
    "api-notices": Row({"GET": NOTICE_READERS, "POST": PREPARERS}),
    "api-notice": get(NOTICE_READERS),
    "api-notice-submit": post(PREPARERS),
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
    "investor-detail": get(INVESTOR_READERS),
    "investor-preferences": post(PRIVACY),
    "investor-consent": post(PRIVACY),
    "contact-reveal": post(PRIVACY, **REASON),
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
    "api-investor-preferences": post(PRIVACY, topic="education", channel="sms", wanted=True),
    "api-imports": form(IMPORTERS),
    "api-import": get(IMPORTERS),
    "api-import-rejections": get(IMPORTERS),
}

AUDIT = {
    "audit-list": get(AUDITOR),
    "audit-ledger": get(AUDITOR),
    "audit-ledger-state": get(AUDITOR),
    "audit-verify": post(AUDITOR),
    "record-detail": get(AUDITOR),
    "record-proof": get(AUDITOR),
    "export-list": get(EXPORT_READERS),
    "export-new": form(AUDITOR),
    "export-detail": get(EXPORT_READERS),
    "export-live": get(EXPORT_READERS),
    "export-download": post(EXPORT_READERS),
    "ledger-checkpoint": get(EVERYBODY),
    "ledger-tile": get(EVERYBODY),
    "api-records": get(AUDITOR),
    "api-record": get(AUDITOR),
    "api-record-proof": get(AUDITOR),
    "api-exports": Row({"GET": EXPORT_READERS, "POST": AUDITOR}),
    "api-export": get(EXPORT_READERS),
    "api-export-download": post(EXPORT_READERS),
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
}

ROUTES: dict[str, Row] = {
    **CORE,
    **PORTAL,
    **SELF_SERVICE,
    **TEMPLATES,
    **NOTICES,
    **INVESTORS,
    **AUDIT,
    **CONSOLE,
}
