"""What every page's shell needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit import alarms
from core import clock
from core.actor import Actor
from core.roles import ROLE_LABELS, Role
from core.roles import Capability as C
from crisis.clocks.selectors import Strip, strip
from crisis.escalation.models import Call
from crisis.escalation.selectors import waiting_for

ALARMED = frozenset({C.AUDIT_BROWSE, C.AUDIT_VERIFY, C.CRISIS_VIEW, C.SETTINGS_MANAGE})


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the rail: shown when its route exists and the actor holds one of `needs`
    (everyone when empty). `owns` are the beginnings of the route names that belong to it; `inner`
    are the places of an area that has several."""

    label: str | Promise
    icon: str
    route: str
    owns: tuple[str, ...]
    needs: frozenset[C] = frozenset()
    inner: tuple[Entry, ...] = ()


CRISIS = (
    Entry(
        _("Incidents"),
        "",
        "incident-list",
        (
            "incident-new",
            "incident-detail",
            "incident-list",
            "incident-picture",
            "incident-responses",
            "crisis-notify",
            "crisis-statement",
            "crisis-update",
        ),
    ),
    Entry(_("Clocks"), "", "clock-list", ("clock-list", "clock-detail", "clock-table")),
    Entry(_("Reports to regulators"), "", "regulator-report-list", ("regulator-",)),
    Entry(pgettext_lazy("crisis", "Plan"), "", "crisis-plan", ("crisis-plan",)),
    Entry(_("Criteria"), "", "criteria", ("criteria",)),
    Entry(_("Signals"), "", "signal-list", ("signal-",)),
    Entry(_("Drills"), "", "crisis-drills", ("crisis-drill",)),
    Entry(_("Lessons"), "", "retrospectives", ("retrospective",)),
    Entry(_("Follow-up actions"), "", "incident-actions", ("incident-action",)),
    Entry(_("Third parties"), "", "crisis-parties", ("crisis-part",)),
    Entry(_("Pack"), "", "crisis-packs", ("crisis-pack",)),
)
RISK = (
    Entry(
        pgettext_lazy("risk", "Register"),
        "",
        "risk-list",
        ("risk-list", "risk-detail", "risk-new", "risk-edit"),
    ),
    Entry(_("Heat map"), "", "risk-heat-map", ("risk-heat-map",)),
    Entry(_("Matrix"), "", "risk-matrix", ("risk-matrix",)),
    Entry(_("Controls"), "", "risk-controls", ("risk-control",)),
    Entry(_("Rounds"), "", "risk-rounds", ("risk-round",)),
    Entry(_("Indicators"), "", "risk-indicators", ("risk-indicator",)),
    Entry(_("Effect"), "", "risk-effect", ("risk-effect",)),
)
RAIL = (
    Entry(_("Overview"), "overview", "overview", ("overview",)),
    Entry(
        _("Templates"),
        "template",
        "template-list",
        (
            "template-",
            "version-",
            "review-",
            "rereview",
            "word-list",
            "clause",
            "filing",
            "comment-",
            "absence-",
            "finding-",
        ),
        frozenset({C.TEMPLATES_VIEW}),
    ),
    Entry(
        _("Notices"), "notice", "notice-list", ("notice-", "delivery-"), frozenset({C.NOTICES_VIEW})
    ),
    Entry(
        _("Investors"),
        "investor",
        "investor-list",
        ("investor-", "import-"),
        frozenset({C.INVESTORS_VIEW}),
    ),
    Entry(
        _("Consent texts"),
        "shield",
        "consent-texts",
        ("consent-text",),
        frozenset({C.CONSENT_TEXTS_DRAFT, C.CONSENT_TEXTS_APPROVE}),
    ),
    Entry(
        _("Erasure"),
        "ban",
        "erasure-list",
        ("erasure-",),
        frozenset({C.PRIVACY_ERASE, C.PRIVACY_APPROVE}),
    ),
    Entry(
        _("Audit"),
        "audit",
        "audit-list",
        ("audit-", "record-", "witness-"),
        frozenset({C.AUDIT_BROWSE}),
    ),
    Entry(
        _("Exports"),
        "export",
        "export-list",
        ("export-",),
        frozenset({C.EXPORTS_CREATE, C.EXPORTS_DOWNLOAD, C.EXPORTS_APPROVE}),
    ),
    Entry(
        _("Retention"),
        "archive",
        "retention",
        ("retention", "hold-"),
        frozenset({C.RETENTION_MANAGE, C.RETENTION_APPROVE, C.HOLDS_PLACE, C.AUDIT_BROWSE}),
    ),
    Entry(
        _("Access reviews"),
        "shield",
        "access-reviews",
        ("access-review",),
        frozenset({C.ACCESS_REVIEW, C.AUDIT_BROWSE}),
    ),
    Entry(
        _("Crisis"),
        "crisis",
        "incident-list",
        (
            "incident-",
            "clock-",
            "regulator-",
            "crisis-",
            "call-",
            "criteria",
            "signal-",
            "retrospective",
        ),
        frozenset({C.CRISIS_VIEW}),
        CRISIS,
    ),
    Entry(_("Risk"), "risk", "risk-list", ("risk-",), frozenset({C.RISK_VIEW}), RISK),
    Entry(
        _("Supervision"),
        "supervision",
        "supervision-list",
        ("supervision-",),
        frozenset({C.SUPERVISION_REVIEW}),
    ),
    Entry(_("Reports"), "report", "report-list", ("report-",), frozenset({C.NOTICES_VIEW})),
    Entry(_("Handbook"), "help", "handbook", ("handbook",)),
    Entry(_("Help"), "help", "help", ("help",)),
)

USER_MENU = (
    Entry(_("My account"), "user", "account", ()),
    Entry(_("My devices"), "key", "devices", ()),
    Entry(
        _("Console"),
        "settings",
        "admin:index",
        (),
        frozenset({C.USERS_MANAGE, C.SETTINGS_MANAGE}),
    ),
)


def places(entries: tuple[Entry, ...], actor: Actor | None, here: str) -> list[dict[str, Any]]:
    """The entries that `actor` may open and that lead somewhere; `here` is the current route."""
    if actor is None:
        return []
    shown = []
    for entry in entries:
        if entry.needs and not entry.needs & actor.capabilities:
            continue
        try:
            url = reverse(entry.route)
        except NoReverseMatch:
            continue
        current = bool(here) and here.startswith(entry.owns) if entry.owns else False
        shown.append({"label": entry.label, "icon": entry.icon, "url": url, "current": current})
    return shown


def section(actor: Actor | None, here: str) -> list[dict[str, Any]]:
    """The places of the area that the reader is in; of them the one that fits best is current."""
    for entry in RAIL:
        if entry.inner and here.startswith(entry.owns):
            if actor is None or not entry.needs & actor.capabilities:
                return []
            return places(entry.inner, actor, here)
    return []


def shell(request: HttpRequest) -> dict[str, object]:
    """The actor, the rail and the user menu. Nothing is computed until a template asks."""
    actor: Actor | None = getattr(request, "actor", None)
    match = getattr(request, "resolver_match", None)
    here = (match.url_name or "") if match else ""
    return {
        "actor": actor,
        "csp_nonce": str(getattr(request, "csp_nonce", "")),
        "navigation": SimpleLazyObject(lambda: places(RAIL, actor, here)),
        "section": SimpleLazyObject(lambda: section(actor, here)),
        "user_links": SimpleLazyObject(lambda: places(USER_MENU, actor, here)),
        "role_names": SimpleLazyObject(lambda: _role_names(request)),
        "shell_template": shell_of(request, actor),
        "ledger_alarms": SimpleLazyObject(lambda: ledger_alarms(actor)),
        "my_calls": SimpleLazyObject(lambda: my_calls(actor)),
        "clock_strip": SimpleLazyObject(lambda: clock_strip(actor)),
    }


def ledger_alarms(actor: Actor | None) -> alarms.Standing:
    """The ledger's standing alarms, for those who must act on them; none for others."""
    if actor is None or actor.capabilities.isdisjoint(ALARMED):
        return alarms.Standing()
    return alarms.standing()


def clock_strip(actor: Actor | None) -> Strip:
    """The nearest clocks of all incidents, for those who may see the crisis."""
    if actor is None or C.CRISIS_VIEW not in actor.capabilities:
        return Strip()
    return strip(clock.now())


def my_calls(actor: Actor | None) -> list[Call]:
    """The calls that wait for an answer of the reader."""
    return [] if actor is None else waiting_for(actor)


def shell_of(request: HttpRequest, actor: Actor | None) -> str:
    """Which shell an error page wears: a bare part for htmx, staff, investor or public."""
    if getattr(request, "htmx", False):
        return "part.html"
    if actor is not None and actor.kind == "user":
        return "app.html"
    return "self.html" if getattr(request, "investor", None) is not None else "base.html"


def _role_names(request: HttpRequest) -> list[str]:
    roles: frozenset[Role] = getattr(request.user, "roles", frozenset())
    return [str(label) for role, label in ROLE_LABELS.items() if role in roles]
