"""Who may do what: one table, least rights. Superuser status grants nothing here."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Capability(StrEnum):
    """A right that a service checks. Names are `area.verb`."""

    INVESTORS_VIEW = "investors.view"
    INVESTORS_EDIT = "investors.edit"
    INVESTORS_IMPORT = "investors.import"
    INVESTORS_REVEAL = "investors.reveal"
    CONSENT_TEXTS_DRAFT = "consent_texts.draft"
    CONSENT_TEXTS_APPROVE = "consent_texts.approve"
    TEMPLATES_VIEW = "templates.view"
    TEMPLATES_DRAFT = "templates.draft"
    TEMPLATES_REVIEW = "templates.review"
    TEMPLATES_RECALL = "templates.recall"
    NOTICES_VIEW = "notices.view"
    NOTICES_PREPARE = "notices.prepare"
    NOTICES_RELEASE = "notices.release"
    NOTICES_CONTROL = "notices.control"
    AUDIT_BROWSE = "audit.browse"
    AUDIT_VERIFY = "audit.verify"
    EXPORTS_CREATE = "exports.create"
    EXPORTS_APPROVE = "exports.approve"
    EXPORTS_DOWNLOAD = "exports.download"
    CRISIS_VIEW = "crisis.view"
    CRISIS_LOG = "crisis.log"
    CRISIS_ACTIVATE = "crisis.activate"
    CRISIS_RUN = "crisis.run"
    CRISIS_APPROVE = "crisis.approve"
    RISK_VIEW = "risk.view"
    RISK_EDIT = "risk.edit"
    RISK_APPROVE = "risk.approve"
    SUPERVISION_REVIEW = "supervision.review"
    USERS_MANAGE = "users.manage"
    SETTINGS_MANAGE = "settings.manage"
    KEYS_MANAGE = "keys.manage"
    LINES_ALL = "lines.all"
    RETENTION_MANAGE = "retention.manage"
    RETENTION_APPROVE = "retention.approve"
    HOLDS_PLACE = "holds.place"
    PRIVACY_ERASE = "privacy.erase"
    PRIVACY_APPROVE = "privacy.approve"
    ACCESS_REVIEW = "access.review"


class Role(StrEnum):
    """The users of the product (product.md)."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    DISPATCHER = "dispatcher"
    RELEASER = "releaser"
    CRISIS_OFFICER = "crisis_officer"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    REGULATOR = "regulator"
    ADMINISTRATOR = "administrator"


ROLE_LABELS = {
    Role.AUTHOR: _("Author"),
    Role.REVIEWER: _("Reviewer"),
    Role.DISPATCHER: _("Dispatcher"),
    Role.RELEASER: _("Releaser"),
    Role.CRISIS_OFFICER: _("Crisis officer"),
    Role.SUPERVISOR: _("Supervisor"),
    Role.PRIVACY_OFFICER: _("Privacy officer"),
    Role.AUDITOR: _("Auditor"),
    Role.REGULATOR: _("Regulator"),
    Role.ADMINISTRATOR: _("Administrator"),
}

_C = Capability
ROLE_CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.AUTHOR: frozenset({_C.TEMPLATES_VIEW, _C.TEMPLATES_DRAFT}),
    Role.REVIEWER: frozenset(
        {
            _C.TEMPLATES_VIEW,
            _C.TEMPLATES_REVIEW,
            _C.TEMPLATES_RECALL,
            _C.CONSENT_TEXTS_APPROVE,
            _C.NOTICES_VIEW,
            _C.EXPORTS_APPROVE,
            _C.RETENTION_APPROVE,
            _C.HOLDS_PLACE,
            _C.PRIVACY_APPROVE,
            _C.ACCESS_REVIEW,
            _C.CRISIS_VIEW,
            _C.CRISIS_LOG,
            _C.CRISIS_ACTIVATE,
            _C.CRISIS_APPROVE,
            _C.RISK_VIEW,
            _C.RISK_APPROVE,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            _C.TEMPLATES_VIEW,
            _C.NOTICES_VIEW,
            _C.NOTICES_PREPARE,
            _C.NOTICES_CONTROL,
            _C.INVESTORS_VIEW,
            _C.INVESTORS_IMPORT,
            _C.CRISIS_VIEW,
            _C.CRISIS_LOG,
        }
    ),
    Role.RELEASER: frozenset(
        {
            _C.TEMPLATES_VIEW,
            _C.NOTICES_VIEW,
            _C.NOTICES_RELEASE,
            _C.NOTICES_CONTROL,
            _C.INVESTORS_VIEW,
            _C.CRISIS_VIEW,
            _C.CRISIS_LOG,
        }
    ),
    Role.CRISIS_OFFICER: frozenset(
        {
            _C.TEMPLATES_VIEW,
            _C.NOTICES_VIEW,
            _C.NOTICES_PREPARE,
            _C.NOTICES_CONTROL,
            _C.CRISIS_VIEW,
            _C.CRISIS_LOG,
            _C.CRISIS_ACTIVATE,
            _C.CRISIS_RUN,
            _C.RISK_VIEW,
            _C.RISK_EDIT,
        }
    ),
    Role.SUPERVISOR: frozenset({_C.SUPERVISION_REVIEW}),
    Role.PRIVACY_OFFICER: frozenset(
        {
            _C.INVESTORS_VIEW,
            _C.INVESTORS_EDIT,
            _C.INVESTORS_IMPORT,
            _C.INVESTORS_REVEAL,
            _C.CONSENT_TEXTS_DRAFT,
            _C.RETENTION_MANAGE,
            _C.HOLDS_PLACE,
            _C.PRIVACY_ERASE,
            _C.PRIVACY_APPROVE,
            _C.ACCESS_REVIEW,
            _C.EXPORTS_APPROVE,
            _C.LINES_ALL,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            _C.INVESTORS_VIEW,
            _C.TEMPLATES_VIEW,
            _C.NOTICES_VIEW,
            _C.CRISIS_VIEW,
            _C.RISK_VIEW,
            _C.AUDIT_BROWSE,
            _C.AUDIT_VERIFY,
            _C.EXPORTS_CREATE,
            _C.EXPORTS_DOWNLOAD,
            _C.LINES_ALL,
        }
    ),
    Role.REGULATOR: frozenset({_C.EXPORTS_DOWNLOAD}),
    Role.ADMINISTRATOR: frozenset({_C.USERS_MANAGE, _C.SETTINGS_MANAGE, _C.KEYS_MANAGE}),
}


def capabilities_of(roles: frozenset[Role]) -> frozenset[Capability]:
    """The union of the capabilities of `roles`."""
    return frozenset().union(*(ROLE_CAPABILITIES[role] for role in roles))


# The verbs that need a second factor confirmed at most five minutes ago (P1).
STEP_UP_MINUTES = 5
