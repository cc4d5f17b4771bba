"""Pages of the audit history: the list with its facets, timelines, saved queries, downloads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import selectors as ledger
from audit.browsing import files, labels, rules, selectors, services
from audit.browsing.forms import AREAS, RecordFilterForm, SaveQueryForm
from audit.browsing.models import SavedQuery
from audit.browsing.rules import KIND_LABELS, TIMELINES, Kind, RecordFilter
from audit.browsing.selectors import Facets
from audit.views import SUBJECT_ROUTES, actor_of
from core import clock
from core.errors import InvalidInput, NotFound
from core.pages import pages_of, query_with, staff_page
from core.roles import Capability as C


class Choice(NamedTuple):
    """One value of a facet: what it is called, how often it occurs, and where it leads."""

    words: str
    number: str
    url: str
    chosen: bool


# --- the list -------------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE)
def audit_list(request: HttpRequest) -> HttpResponse:
    """The audit history with its facets. Looking at it is recorded."""
    form = RecordFilterForm(request.GET)
    context: dict[str, Any] = {"filter": form, "rows": [], "filtered": bool(query_of(request))}
    asked = _asked(request, form)
    if asked is not None:
        filters, saved = asked
        page, facets = services.browse_with_facets(
            filters=filters,
            zone=timezone.get_current_timezone(),
            actor=actor_of(request),
            now=clock.now(),
            cursor=request.GET.get("cursor") or None,
        )
        context |= {
            "rows": ledger.listed(page),
            "facets": facet_groups(request, facets) if not saved else [],
            "found": rules.bounded(facets.found, selectors.SAMPLE),
            "saved": saved,
            "query": request.GET.urlencode(),
            "save": SaveQueryForm(),
            "limit": services.DOWNLOAD,
            **_as_of(filters),
            **pages_of(request, page),
        }
    return render(request, "audit/audit_list.html", context)


def _asked(
    request: HttpRequest, form: RecordFilterForm
) -> tuple[RecordFilter, SavedQuery | None] | None:
    """What the address asks for: a saved query, or the form; None when the form has errors."""
    if saved := request.GET.get("saved"):
        query = selectors.saved_query(_uuid(saved))
        return services.filters_of(query), query
    return (form.filters(), None) if form.is_valid() else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is no such query.")) from None


def _as_of(filters: RecordFilter) -> dict[str, Any]:
    if not filters.as_of:
        return {}
    return {"as_of": filters.as_of, "log_then": selectors.log_at(filters.as_of)}


def query_of(request: HttpRequest) -> dict[str, str]:
    """The filters in the URL that hold something."""
    query = request.GET.dict()
    return {name: str(text) for name, text in query.items() if text and name != "cursor"}


def facet_groups(request: HttpRequest, facets: Facets) -> list[tuple[str, list[Choice]]]:
    """The facets with links that narrow the list, or widen it where a value is chosen."""
    people = ledger.actor_names(actor for actor, _count in facets.actors)

    def choices(
        name: str, counted: Iterable[tuple[str, int]], words: Any, chosen: str = ""
    ) -> list[Choice]:
        now = chosen or request.GET.get(name, "")
        return [
            Choice(
                str(words(value)),
                f"{count:,}" + ("+" if facets.cut else ""),
                query_with(request.GET, **{name: None if value == now else value}),
                value == now,
            )
            for value, count in counted
        ]

    groups = [
        (_("Action"), choices("action", facets.actions, labels.label_of)),
        (_("Outcome"), choices("outcome", facets.outcomes, _outcome_words)),
        (_("About"), choices("kind", facets.kinds, _kind_words)),
        (_("Channel"), choices("channel", facets.channels, channel_words)),
        (_("Actor"), choices("actor", facets.actors, lambda actor: people.get(actor, actor))),
        (_("Time"), _time_choices(request, facets)),
    ]
    return [(title, those) for title, those in groups if those]


def _outcome_words(code: str) -> str:
    return str(rules.OUTCOME_LABELS[rules.Outcome(code)])


def _kind_words(code: str) -> str:
    return str(KIND_LABELS[Kind(code)]) if code in set(Kind) else str(AREAS.get(code, code))


def channel_words(code: str) -> str:
    """A channel in the reader's language."""
    known = {
        "sms": _("SMS"),
        "email": _("E-mail"),
        "push": _("Push"),
        "inbox": _("Inbox"),
        "chat": _("Chat"),
        "hotline": _("Hotline"),
        "public": _("Public notice"),
    }
    return known.get(code, code)


def _time_choices(request: HttpRequest, facets: Facets) -> list[Choice]:
    found = []
    for day, count in facets.days:
        last = _month_end(day) if facets.by_month else day
        since, until = day.isoformat(), last.isoformat()
        chosen = request.GET.get("since") == since and request.GET.get("until") == until
        bounds = {"since": None, "until": None} if chosen else {"since": since, "until": until}
        words = date_format(day, "YEAR_MONTH_FORMAT" if facets.by_month else "DATE_FORMAT")
        number = f"{count:,}" + ("+" if facets.cut else "")
        found.append(Choice(words, number, query_with(request.GET, **bounds), chosen))
    return found


def _month_end(first: dt.date) -> dt.date:
    following = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return following - dt.timedelta(days=1)


@require_POST
@staff_page(C.AUDIT_BROWSE)
def audit_download(request: HttpRequest) -> HttpResponse:
    """The records on the screen as a file, or (`all`) everything that matches up to a bound.
    The filters stand in the address, as on the list."""
    form = RecordFilterForm(request.GET)
    asked = _asked(request, form)
    layout = request.POST.get("layout", "csv")
    if asked is None or layout not in files.LAYOUTS:
        raise InvalidInput(_("These filters or this kind of file cannot be read."))
    taken = services.download(
        filters=asked[0],
        layout=layout,
        actor=actor_of(request),
        now=clock.now(),
        cursor=request.GET.get("cursor"),
        everything=request.POST.get("all") == "1",
    )
    name = f"records-{clock.now():%Y%m%dT%H%M%SZ}.{layout}"
    answer = StreamingHttpResponse(
        files.lines(taken.ids, layout), content_type=files.LAYOUTS[layout]
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Records"] = str(len(taken.ids))
    answer["X-Cut"] = "1" if taken.cut else "0"
    return cast(HttpResponse, answer)


# --- timelines ------------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE)
def audit_timeline(request: HttpRequest, kind: str, identity: UUID) -> HttpResponse:
    """Everything about one investor, notice, template, incident or member of staff, newest
    first. Looking at it is recorded."""
    if kind not in set(TIMELINES):
        raise NotFound(_("There is no such timeline."))
    form = RecordFilterForm(request.GET)
    context: dict[str, Any] = {"filter": form, "kind": kind, "identity": identity, "rows": []}
    if form.is_valid():
        typed = form.cleaned_data
        about: dict[str, Any] = {kind: identity}
        filters = RecordFilter(**about, as_of=typed["as_of"], outcome=typed["outcome"])
        page = services.browse(
            filters=filters,
            actor=actor_of(request),
            now=clock.now(),
            cursor=request.GET.get("cursor"),
        )
        context |= {
            "rows": ledger.listed(page),
            **_as_of(filters),
            **pages_of(request, page),
        }
    context |= {
        "kind_words": KIND_LABELS[Kind(kind)],
        "name": selectors.name_of(Kind(kind), identity),
        "object_route": SUBJECT_ROUTES.get(kind, ""),
        "query": f"{kind}={identity}",
    }
    return render(request, "audit/timeline.html", context)


# --- saved queries --------------------------------------------------------------------------


@require_safe
@staff_page(C.AUDIT_BROWSE)
def query_list(request: HttpRequest) -> HttpResponse:
    """The saved queries in use."""
    queries = selectors.saved_queries()
    names = ledger.actor_names(f"user:{query.owner}" for query in queries)
    rows = [(query, names.get(f"user:{query.owner}", "–")) for query in queries]
    return render(request, "audit/query_list.html", {"rows": rows})


@require_POST
@staff_page(C.AUDIT_BROWSE)
def query_save(request: HttpRequest) -> HttpResponse:
    """Keep the question on the screen; the filters stand in the address."""
    form, save = RecordFilterForm(request.GET), SaveQueryForm(request.POST)
    asked = _asked(request, form)
    if asked is None or not save.is_valid():
        raise InvalidInput(_("Give the query a name."), code="name_required", field="name")
    query = services.save_query(
        name=save.cleaned_data["name"],
        filters=asked[0],
        actor=actor_of(request),
        now=clock.now(),
    )
    messages.success(request, _("The query is saved."))
    return redirect("audit-query", query_id=query.pk)


@require_safe
@staff_page(C.AUDIT_BROWSE)
def query_detail(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """One saved query: what it asks, its answer then, and all later answers."""
    query, actor = selectors.saved_query(query_id), actor_of(request)
    answers = selectors.answers_to(query)
    people = [f"user:{person}" for person in (query.owner, *(each.asked_by for each in answers))]
    names = ledger.actor_names(people)
    context = {
        "query": query,
        "owner": names.get(f"user:{query.owner}", "–"),
        "mine": query.owner == actor.user_id,
        "filters": readable_filters(query),
        "answers": [
            (
                each,
                names.get(f"user:{each.asked_by}", "–"),
                rules.bounded(each.found_now, selectors.ANSWER),
            )
            for each in answers
        ],
    }
    return render(request, "audit/query_detail.html", context)


def readable_filters(query: SavedQuery) -> list[tuple[str, str, dt.datetime | None]]:
    """(label, words, instant) of each filter in force; the text itself stays sealed."""
    filters = rules.from_narrow(query.filters)
    names = {name: str(field.label) for name, field in RecordFilterForm.base_fields.items()}
    found: list[tuple[str, str, dt.datetime | None]] = []
    for name, text in filters.narrow().items():
        value = getattr(filters, name)
        if isinstance(value, dt.datetime):
            found.append((_("Before") if name == "until" else names[name], "", value))
            continue
        if name == "action":
            text = labels.label_of(text)
        elif name == "outcome":
            text = _outcome_words(text)
        elif name == "kind":
            text = _kind_words(text)
        found.append((names[name], text, None))
    if query.typed is not None:
        found.append((names["q"], _("a text, sealed under the key of whoever saved it"), None))
    return found


@require_POST
@staff_page(C.AUDIT_BROWSE)
def query_run(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Ask again."""
    answer = services.run_query(query_id=query_id, actor=actor_of(request), now=clock.now())
    if answer.same:
        messages.success(request, _("The same answer as when it was saved."))
    else:
        messages.error(request, _("The answer differs from the one that was saved."))
    return redirect("audit-query", query_id=query_id)


@require_POST
@staff_page(C.AUDIT_BROWSE)
def query_retire(request: HttpRequest, query_id: UUID) -> HttpResponse:
    """Take one's own query off the list."""
    services.retire_query(query_id=query_id, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The query is off the list."))
    return redirect("audit-queries")
