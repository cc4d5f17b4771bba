"""Messages as their readers see them: samples of a notice, and what was really sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from comms import audience, page_selectors
from comms.models import Delivery, Notice
from comms.rules import Channel
from comms.services import reading
from comms.views.common import actor_of, note_of, notice_for, plan_of
from comms.wording import detail_words
from core import clock
from core.errors import NotFound
from core.pages import staff_page
from core.roles import Capability
from templates_mgmt.rules import LANGUAGE_LABELS, Language
from templates_mgmt.sms import sms_length

# A mail brings its own styles and nothing that runs or loads.
INERT = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


def document(html: str) -> HttpResponse:
    """A message's own HTML for a frame of this portal."""
    headers = {"Content-Security-Policy": INERT, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(html, headers=headers)


def samples_of(notice: Notice, samples: Iterable[audience.Sample]) -> list[dict[str, Any]]:
    """Samples as `parts/frame.html` shows them, channel by channel, languages in their order."""
    place = {language.value: at for at, language in enumerate(Language)}
    order = {channel: at for at, channel in enumerate(plan_of(notice).channels)}
    samples = sorted(samples, key=lambda s: (order[Channel(s.channel)], place[s.language]))
    return [
        frame(
            **asdict(sample),
            to=_("investor@example.com"),
            frame_url=reverse("notice-sample", args=[notice.pk, sample.language]),
        )
        for sample in samples
    ]


def frame(
    *,
    channel: str,
    language: str,
    subject: str,
    text: str,
    to: str,
    frame_url: str,
    **_unused: Any,
) -> dict[str, Any]:
    """One message for `parts/frame.html`."""
    return {
        "channel": channel,
        "language": language,
        "language_label": LANGUAGE_LABELS[Language(language)],
        "subject": subject,
        "text": text,
        "to": to,
        "mail_from": settings.MAIL_FROM,
        "sms": sms_length(text) if channel == Channel.SMS else None,
        "frame_url": frame_url if channel == Channel.EMAIL else "",
    }


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def delivery_detail(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery: its events, its evidence, and the message as it was sent."""
    actor = actor_of(request)
    delivery = page_selectors.delivery_for(actor, delivery_id)
    reading.record_shown(delivery=delivery, actor=actor, now=clock.now())
    sent = page_selectors.masked_message(delivery)
    context = {
        "delivery": delivery,
        "notice": delivery.notice,
        "events": [(event, detail_words(event.detail)) for event in delivery.events.order_by("id")],
        "investor": page_selectors.people([delivery.investor_id], actor).get(delivery.investor_id),
        "language": LANGUAGE_LABELS[Language(delivery.language)],
        "note": note_of(delivery),
        "siblings": list(page_selectors.siblings_of(delivery)),
        "may_audit": Capability.AUDIT_BROWSE in actor.capabilities,
        "sent": sent,
        "no_sample": _why_no_message(delivery),
    }
    if sent is not None:
        context["sample"] = frame(
            channel=delivery.channel,
            language=delivery.language,
            subject=sent.message.subject,
            text=sent.message.text,
            to=sent.to,
            frame_url=reverse("delivery-message", args=[delivery.pk]),
        )
    return render(request, "comms/delivery_detail.html", context)


def _why_no_message(delivery: Delivery) -> str:
    if delivery.content_sealed is None:
        return _("Nothing was written for it yet: the message is made at the instant of sending.")
    return _("It cannot be shown: the investor's data were erased. Its proof in the log remains.")


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def delivery_message(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """The mail of a delivery as it was sent, masked, as a document of its own."""
    delivery = page_selectors.delivery_for(actor_of(request), delivery_id)
    sent = page_selectors.masked_message(delivery)
    if delivery.channel != Channel.EMAIL or sent is None:
        raise NotFound(_("This delivery has no mail to show."))
    return document(sent.message.html)


@require_safe
@staff_page(Capability.NOTICES_VIEW)
def notice_sample(request: HttpRequest, notice_id: UUID, language: str) -> HttpResponse:
    """The mail of a notice in one language, filled with examples, as a document of its own."""
    notice = notice_for(request, notice_id)
    policy, wordings = audience.prepare(notice)
    for sample in audience.samples(notice, wordings, policy):
        if (sample.channel, sample.language) == (Channel.EMAIL, language):
            return document(sample.html)
    raise NotFound(_("This notice has no mail in this language."))
