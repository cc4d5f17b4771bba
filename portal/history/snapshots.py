"""What each kind of object looked like at an instant: label → text, None where it was not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comms.models import Notice
from core.history.models import GrantHistory
from core.models import BusinessLine, User
from core.roles import ROLE_LABELS, Capability, Role
from crisis.incidents.models import Incident
from investors.models import ConsentEntry, Investor, Preference
from portal.templatetags.ui import zone_name
from templates_mgmt.models import Template, TemplateVersion, Variant

Snapshot = dict[str, str]
_HIDDEN = frozenset({"id", "session_epoch", "set_up_by", "password", "last_login", "is_superuser"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: who may look, whose line it is in, where its page is.

    `subject` is its column in the ledger; `read` makes the snapshot.
    """

    label: Any
    capability: Capability
    model: type[Model]
    subject: str
    page: str
    line_of: Callable[[Any], UUID | None]
    read: Callable[[Any, dt.datetime], Snapshot | None]
    histories: Callable[[Any], list[tuple[Any, Any]]]


def _stood(model: Any, key: Any, at: dt.datetime) -> Any:
    """The newest history row of an object at an instant; None before it was made."""
    row = model.history.filter(pk_of(model, key), history_date__lte=at).first()
    return None if row is None or row.history_type == "-" else row


def pk_of(model: Any, key: Any) -> Any:
    """The condition for one object's rows in its history."""
    return Q(**{model._meta.pk.name: key})


def fields_of(row: Any, model: Any, hidden: Iterable[str] = ()) -> Snapshot:
    """The columns of a history row in words."""
    skipped = _HIDDEN | set(hidden)
    kept = {field.attname for field in row._meta.concrete_fields}
    return {
        str(field.verbose_name).capitalize(): _words(row, field)
        for field in model._meta.concrete_fields
        if field.attname in kept and field.name not in skipped
    }


def _words(row: Any, field: Any) -> str:
    value = getattr(row, field.attname)
    if value in (None, "", [], {}):
        return "–"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field.is_relation:
        found = field.related_model._default_manager.filter(pk=value).first()
        return str(found) if found is not None else str(value)
    return words(value)


def words(value: Any) -> str:
    """A plain value as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value)
        return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"
    if isinstance(value, (dict, list)):
        return "\n".join(_lines(value))
    return str(value)


def _lines(value: Any, path: str = "") -> Iterator[str]:
    """Nested content, one leaf a line: `by_channel.sms: 2`."""
    if isinstance(value, dict):
        for name in sorted(value):
            yield from _lines(value[name], f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for number, item in enumerate(value, 1):
            yield from _lines(item, f"{path}[{number}]")
    else:
        plain = ", ".join(map(words, value)) or "–" if isinstance(value, list) else words(value)
        yield f"{path}: {plain}" if path else plain


def _notice(notice: Notice, at: dt.datetime) -> Snapshot | None:
    row = _stood(Notice, notice.pk, at)
    return row and fields_of(row, Notice, hidden=["counts"])


def _template(template: Template, at: dt.datetime) -> Snapshot | None:
    row = _stood(Template, template.pk, at)
    if row is None:
        return None
    snapshot = fields_of(row, Template)
    versions = TemplateVersion.history.as_of(at).filter(template_id=template.pk)
    for version in sorted(versions, key=lambda version: version.number):
        label = _("Version %(number)s") % {"number": version.number}
        snapshot[label] = str(version.get_state_display())
    return snapshot


def _version(version: TemplateVersion, at: dt.datetime) -> Snapshot | None:
    row = _stood(TemplateVersion, version.pk, at)
    if row is None:
        return None
    snapshot = fields_of(row, TemplateVersion)
    texts = Variant.history.as_of(at).filter(version_id=version.pk)
    for text in sorted(texts, key=lambda text: (text.channel, text.language)):
        label = f"{text.get_channel_display()} · {text.get_language_display()}"
        snapshot[label] = "\n\n".join(filter(None, [text.subject, text.body, text.body_html]))
    return snapshot


def _user(user: User, at: dt.datetime) -> Snapshot | None:
    row = _stood(User, user.pk, at)
    if row is None:
        return None
    held: dict[tuple[str, str], bool] = {}
    changes = GrantHistory.objects.filter(user_id=user.pk, history_date__lte=at)
    for kind, name, sign in changes.order_by("history_date", "history_id").values_list(
        "kind", "name", "history_type"
    ):
        held[kind, name] = sign == "+"
    roles = [name for (kind, name), has in held.items() if kind == "role" and has]
    lines = [name for (kind, name), has in held.items() if kind == "line" and has]
    named = BusinessLine.objects.filter(pk__in=lines).values_list("name", flat=True)
    labels = [str(ROLE_LABELS[Role(name)]) if name in set(Role) else name for name in roles]
    return {
        **fields_of(row, User, hidden=["date_joined", "is_staff"]),
        _("Roles"): ", ".join(sorted(labels)) or "–",
        _("Business lines"): ", ".join(sorted(named)) or "–",
    }


def _investor(investor: Investor, at: dt.datetime) -> Snapshot | None:
    """Consents and wishes: what decides whether a message may go out. Nothing personal."""
    if investor.created_at > at:
        return None
    snapshot: Snapshot = {}
    entries = ConsentEntry.objects.filter(investor=investor, recorded_at__lte=at).order_by("id")
    for entry in entries:
        label = _("Consent: %(purpose)s") % {"purpose": entry.purpose}
        snapshot[label] = f"{entry.get_action_display()} · {words(entry.occurred_at)}"
    for wish in Preference.history.as_of(at).filter(investor_id=investor.pk):
        label = f"{wish.topic_id} · {wish.get_channel_display()}"
        snapshot[label] = _("wanted") if wish.wanted else _("not wanted")
    return snapshot


def _incident(incident: Incident, at: dt.datetime) -> Snapshot | None:
    row = _stood(Incident, incident.pk, at)
    return row and fields_of(row, Incident, hidden=["plan", "dedupe"])


def _line(line: BusinessLine, at: dt.datetime) -> Snapshot | None:
    row = _stood(BusinessLine, line.pk, at)
    return row and fields_of(row, BusinessLine)


def _own(model: Any) -> Callable[[Any], list[tuple[Any, Any]]]:
    return lambda found: [(model.history.model, pk_of(model, found.pk))]


def _of_template(template: Template) -> list[tuple[Any, Any]]:
    rows = TemplateVersion.history.model
    return [*_own(Template)(template), (rows, Q(template_id=template.pk))]


def _of_user(user: User) -> list[tuple[Any, Any]]:
    return [*_own(User)(user), (GrantHistory, Q(user_id=user.pk))]


def _of_investor(investor: Investor) -> list[tuple[Any, Any]]:
    return [(Preference.history.model, Q(investor_id=investor.pk))]


_C = Capability
KINDS: dict[str, Kind] = {
    "notice": Kind(
        gettext_lazy("Notice"), _C.NOTICES_VIEW, Notice, "notice", "notice-detail",
        lambda found: found.business_line_id, _notice, _own(Notice),
    ),
    "template": Kind(
        gettext_lazy("Template"), _C.TEMPLATES_VIEW, Template, "template", "template-detail",
        lambda found: found.business_line_id, _template, _of_template,
    ),
    "version": Kind(
        gettext_lazy("Template version"), _C.TEMPLATES_VIEW, TemplateVersion, "version",
        "version-review", lambda found: found.template.business_line_id, _version,
        _own(TemplateVersion),
    ),
    "investor": Kind(
        gettext_lazy("Investor"), _C.INVESTORS_VIEW, Investor, "investor", "investor-detail",
        lambda found: found.business_line_id, _investor, _of_investor,
    ),
    "staff": Kind(
        gettext_lazy("Member of staff"), _C.AUDIT_BROWSE, User, "staff", "",
        lambda found: None, _user, _of_user,
    ),
    "incident": Kind(
        gettext_lazy("Incident"), _C.CRISIS_VIEW, Incident, "incident", "incident-detail",
        lambda found: None, _incident, _own(Incident),
    ),
    "line": Kind(
        gettext_lazy("Business line"), _C.AUDIT_BROWSE, BusinessLine, "", "",
        lambda found: found.pk, _line, _own(BusinessLine),
    ),
}  # fmt: skip
