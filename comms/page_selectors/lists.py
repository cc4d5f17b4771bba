"""Lists of notices, deliveries and exclusions, and single rows, as far as the actor may see."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from comms.models import Delivery, Exclusion, Notice, NoticeQuerySet
from core.access import require
from core.actor import Actor
from core.errors import NotFound
from core.models import BusinessLine
from core.roles import Capability
from templates_mgmt import selectors as template_selectors
from templates_mgmt.models import TemplateVersion

# A page of deliveries or exclusions walks the unique index, investor by investor.
BY_INVESTOR = ("investor_id", "channel")


def find_notices(
    actor: Actor,
    *,
    state: str = "",
    criticality: str = "",
    line: str = "",
    template: str = "",
    search: str = "",
) -> QuerySet[Notice]:
    """Notices of the actor's business lines, narrowed; `line` and `template` are codes, each
    word of `search` must be in the title, or be the beginning of the check code."""
    require(actor, Capability.NOTICES_VIEW)
    notices = (
        _visible(actor)
        .select_related("business_line", "prepared_by", "version__template")
        .defer("version__facts", "version__placeholders")
    )
    if state:
        notices = notices.filter(state=state)
    if criticality:
        notices = notices.filter(criticality=criticality)
    if line:
        notices = notices.filter(business_line__code=line)
    if template:
        notices = notices.filter(version__template__code=template)
    for word in search.split():
        notices = notices.filter(Q(title__icontains=word) | Q(code__istartswith=word))
    return notices


def notice_for(actor: Actor, notice_id: UUID) -> Notice:
    """One notice; raises NotFound outside the actor's business lines."""
    return _one(_visible(actor).select_related("business_line"), actor, notice_id)


def whole_notice_for(actor: Actor, notice_id: UUID) -> Notice:
    """One notice with its people, wording and original; raises NotFound as `notice_for`."""
    related = ("prepared_by", "submitted_by", "released_by", "version__template", "corrects")
    notices = _visible(actor).select_related("business_line", *related)
    return _one(notices.defer("version__facts", "version__placeholders"), actor, notice_id)


def _one(notices: QuerySet[Notice], actor: Actor, notice_id: UUID) -> Notice:
    require(actor, Capability.NOTICES_VIEW)
    notice = notices.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound(_("There is no such notice."))
    return notice


def delivery_for(actor: Actor, delivery_id: UUID) -> Delivery:
    """One delivery with its notice; raises NotFound outside the actor's business lines."""
    require(actor, Capability.NOTICES_VIEW)
    delivery = (
        Delivery.objects.select_related(
            "notice__business_line", "notice__version__template", "investor"
        )
        .filter(pk=delivery_id, notice__in=_visible(actor).values("pk"))
        .first()
    )
    if delivery is None:
        raise NotFound(_("There is no such delivery."))
    return delivery


def siblings_of(delivery: Delivery) -> QuerySet[Delivery]:
    """The same notice to the same investor on other channels."""
    return (
        Delivery.objects.filter(notice=delivery.notice_id, investor=delivery.investor_id)
        .exclude(pk=delivery.pk)
        .defer("content_sealed", "commitment")
        .order_by("rank", "channel")
    )


def deliveries_of(notice: Notice, *, channel: str = "", state: str = "") -> QuerySet[Delivery]:
    """The deliveries of a notice; read them in the order BY_INVESTOR."""
    deliveries = Delivery.objects.filter(notice=notice).defer("content_sealed", "commitment")
    if channel:
        deliveries = deliveries.filter(channel=channel)
    if state:
        deliveries = deliveries.filter(state=state)
    return deliveries


def exclusions_of(notice: Notice, *, channel: str = "", reason: str = "") -> QuerySet[Exclusion]:
    """The planned exclusions of a notice; read them in the order BY_INVESTOR."""
    exclusions = Exclusion.objects.filter(notice=notice)
    if channel:
        exclusions = exclusions.filter(channel=channel)
    if reason:
        exclusions = exclusions.filter(reason=reason)
    return exclusions


def find_approved_versions(
    actor: Actor, *, search: str = "", line: UUID | None = None
) -> QuerySet[TemplateVersion]:
    """The versions that a notice may use, newest approval first; each word of `search` must be
    in the name or the code of the template."""
    versions = template_selectors.approved_versions_visible_to(actor)
    if line is not None:
        versions = versions.filter(template__business_line=line)
    for word in search.split():
        versions = versions.filter(
            Q(template__name__icontains=word) | Q(template__code__icontains=word)
        )
    return versions


def lines_for(actor: Actor) -> QuerySet[BusinessLine]:
    """The business lines that the actor works in."""
    if Capability.LINES_ALL in actor.capabilities:
        return BusinessLine.objects.all()
    return BusinessLine.objects.filter(pk__in=actor.lines)


def _visible(actor: Actor) -> NoticeQuerySet:
    return Notice.objects.all().visible_to(actor)
