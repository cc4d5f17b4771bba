"""Lists: notices, a notice's deliveries, who is left out."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.listing import services as listing
from audit.listing.views import download, local
from comms import audience, exercises, page_selectors
from comms.forms import DeliveryFilter, NoticeFilter
from comms.models import Delivery, Notice
from comms.page_selectors import BY_INVESTOR
from comms.planning import reason_label
from comms.rules import CHANNEL_LABELS, EVIDENCE_LABELS, Channel, Evidence
from comms.services import notices, reading
from comms.views.common import actor_of, note_of, notice_for, tabs_of
from core import clock
from core.actor import Actor
from core.lists.views import views_of
from core.pages import keyset_page, pages_of, staff_page
from core.roles import Capability


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_list(request: HttpRequest) -> HttpResponse:
    """Notices, newest first."""
    actor = actor_of(request)
    filter_form, chosen, found = _asked_notices(request)
    page = keyset_page(found, request.GET.get("cursor"))
    briefs = page_selectors.briefs(page.items)
    context = {
        "filter": filter_form,
        "filtered": any(chosen.values()),
        "rows": [{"notice": notice, "brief": briefs.get(notice.pk)} for notice in page],
        "may_prepare": Capability.NOTICES_PREPARE in actor.capabilities,
        **pages_of(request, page),
        **views_of(request, "notice-list"),
    }
    return render(request, "comms/notice_list.html", context)


def _asked_notices(
    request: HttpRequest,
) -> tuple[NoticeFilter, dict[str, str], QuerySet[Notice]]:
    """The form, the filters chosen and what they find."""
    actor = actor_of(request)
    filter_form = NoticeFilter(request.GET, lines=page_selectors.lines_for(actor))
    filter_form.is_valid()
    chosen = {name: filter_form.cleaned_data.get(name, "") for name in filter_form.fields}
    narrowed = {name: text for name, text in chosen.items() if name != "q"}
    found = page_selectors.find_notices(actor, search=chosen["q"], **narrowed)
    return filter_form, chosen, found


@require_POST
@staff_page(Capability.NOTICES_VIEW)
def notice_list_export(request: HttpRequest) -> HttpResponse:
    """The list of notices with its filters as a table."""
    _form, chosen, found = _asked_notices(request)
    listing.require_bounded(found)
    made = listing.export_list(
        list_name="notices",
        columns=[
            _("Check code"), _("Notice"), _("State"), _("Criticality"), _("Business line"),
            _("Template"), _("Version"), _("Prepared"), _("Prepared by"), _("Released"),
            _("Deliveries"), _("Handed over"),
        ],
        rows=_notice_rows(found),
        filters={name: text for name, text in chosen.items() if name != "q"},
        searched=chosen["q"],
        actor=actor_of(request),
        now=clock.now(),
    )  # fmt: skip
    return download(made)


def _notice_rows(found: QuerySet[Notice]) -> Iterator[list[object]]:
    for page in listing.pages(found):
        briefs = page_selectors.briefs(page)
        for notice in page:
            brief = briefs.get(notice.pk)
            yield [
                notice.code,
                exercises.title_of(notice.title) if notice.exercise else notice.title,
                notice.get_state_display(),
                notice.get_criticality_display(),
                notice.business_line,
                notice.version.template.name,
                notice.version.number,
                local(notice.prepared_at),
                notice.prepared_by,
                local(notice.released_at),
                brief.total if brief else None,
                brief.handed_over if brief else None,
            ]


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_deliveries(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """The deliveries of a notice, investor by investor."""
    actor, notice = actor_of(request), notice_for(request, notice_id)
    filter_form, chosen = _asked_deliveries(request)
    page = keyset_page(
        page_selectors.deliveries_of(notice, **chosen),
        request.GET.get("cursor"),
        order=BY_INVESTOR,
    )
    people = page_selectors.people([delivery.investor_id for delivery in page], actor)
    reading.record_listed(
        notice=notice, part="deliveries", count=len(people), actor=actor, now=clock.now()
    )
    rows = [
        {
            "delivery": delivery,
            "person": people.get(delivery.investor_id),
            "evidence": EVIDENCE_LABELS[Evidence(delivery.evidence)] if delivery.evidence else "–",
            "note": note_of(delivery),
        }
        for delivery in page
    ]
    context = tabs_of(notice, actor) | {
        "filter": filter_form,
        "filtered": any(chosen.values()),
        "rows": rows,
        **pages_of(request, page),
        **views_of(request, "notice-deliveries"),
    }
    return render(request, "comms/notice_deliveries.html", context)


def _asked_deliveries(request: HttpRequest) -> tuple[DeliveryFilter, dict[str, str]]:
    filter_form = DeliveryFilter(request.GET)
    filter_form.is_valid()
    return filter_form, {
        name: filter_form.cleaned_data.get(name, "") for name in filter_form.fields
    }


@require_POST
@staff_page(Capability.NOTICES_VIEW)
def notice_deliveries_export(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """The deliveries of a notice with their filters as a table, investors masked."""
    actor, notice = actor_of(request), notice_for(request, notice_id)
    _form, chosen = _asked_deliveries(request)
    found = page_selectors.deliveries_of(notice, **chosen)
    listing.require_bounded(found)
    made = listing.export_list(
        list_name="deliveries",
        columns=[
            _("Delivery"), _("Customer number"), _("Name"), _("Pseudonym"), _("Channel"),
            _("fallback"), _("State"), _("Reason"), _("Evidence"), _("Changed"), _("Attempts"),
            *_mark_of(notice),
        ],
        rows=_delivery_rows(found, actor, _mark_of(notice)),
        filters=chosen,
        notice=notice.pk,
        actor=actor,
        now=clock.now(),
    )  # fmt: skip
    return download(made)


def _mark_of(notice: Notice) -> list[str]:
    """A column more for the deliveries of an exercise."""
    return [_("EXERCISE")] if notice.exercise else []


def _delivery_rows(
    found: QuerySet[Delivery], actor: Actor, mark: list[str]
) -> Iterator[list[object]]:
    for deliveries in listing.pages(found, order=BY_INVESTOR):
        people = page_selectors.people([each.investor_id for each in deliveries], actor)
        for delivery in deliveries:
            person = people[delivery.investor_id]
            yield [
                delivery.pk,
                _("erased") if person.erased else person.ref,
                person.name,
                delivery.investor_id,
                CHANNEL_LABELS[Channel(delivery.channel)],
                delivery.rank,
                delivery.get_state_display(),
                note_of(delivery),
                EVIDENCE_LABELS[Evidence(delivery.evidence)] if delivery.evidence else "",
                local(delivery.updated_at),
                delivery.attempts,
                *mark,
            ]


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_excluded(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Who is left out and why: final after planning, worked out as a dry run before it."""
    actor, notice = actor_of(request), notice_for(request, notice_id)
    channel, reason = request.GET.get("channel", ""), request.GET.get("reason", "")
    context = tabs_of(notice, actor)
    if notice.planned_at:
        page = keyset_page(
            page_selectors.exclusions_of(notice, channel=channel, reason=reason),
            request.GET.get("cursor"),
            order=BY_INVESTOR,
        )
        found = [(row.investor_id, row.channel, row.reason) for row in page]
        counts = notice.counts.get("excluded", {})
        reading.record_listed(
            notice=notice, part="exclusions", count=len(found), actor=actor, now=clock.now()
        )
        context |= pages_of(request, page)
    else:
        preview = notices.preview_audience(notice_id=notice.pk, actor=actor, now=clock.now())
        found = listed(preview, channel, reason, few=bool(request.GET.get("unreachable")))
        counts = preview.summary()["excluded"]
    people = page_selectors.people([investor for investor, _channel, _reason in found], actor)
    context |= {
        "summary": page_selectors.read_exclusions(counts, channel=channel, reason=reason),
        "few": bool(request.GET.get("unreachable")) and not notice.planned_at,
        "limit": audience.LISTED,
        "rows": [
            {
                "person": people.get(investor),
                "channel": at,
                "label": reason_label(why) if why else _("fewer than two channels"),
            }
            for investor, at, why in found
        ],
    }
    return render(request, "comms/notice_excluded.html", context)


def listed(
    preview: audience.AudiencePreview, channel: str, reason: str, *, few: bool
) -> list[tuple[UUID, str, str]]:
    """The first investors whom a dry run leaves out: (investor, channel, reason); with `few`
    those whom fewer than two channels reach."""
    if few:
        return [(investor, "", "") for investor in preview.unreachable_who]
    chosen = [(channel, reason)] if reason else sorted(preview.who)
    return [
        (investor, at, why)
        for at, why in chosen
        for investor in preview.who.get((at, why), ())  # type: ignore[call-overload]
    ]
