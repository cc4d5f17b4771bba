"""Notices and deliveries in the API: parse, one service or selector, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from comms import audience, page_selectors, rules, selectors
from comms.dryruns import jobs
from comms.dryruns.models import DryRun, DryRunJob
from comms.dryruns.services import make_dry_run
from comms.models import Delivery, Exclusion, Notice
from comms.serializers import (
    CHANNELS,
    DELIVERY_STATES,
    NOTICE_STATES,
    DeliveryDetailSerializer,
    DeliverySerializer,
    DryRunJobSerializer,
    DryRunSerializer,
    ExclusionSerializer,
    NoticeInput,
    NoticeSerializer,
    ProgressSerializer,
    ReasonInput,
    ReleaseInput,
)
from comms.services import notices, reading
from core import clock
from core.api import CursorPages, actor_of
from core.errors import NotFound
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability

TAGS = ["notices"]
VIEW = (Capability.NOTICES_VIEW,)


def _filter(name: str, values: list[str] | None, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, enum=values, required=False, description=description)


NOTICE_FILTERS = [
    _filter("state", NOTICE_STATES, "Only in this state."),
    _filter("criticality", [grade.value for grade in rules.Criticality], "Only of this class."),
    _filter("line", None, "Only of this business line, by code."),
    _filter("q", None, "Words of the title, or the beginning of the check code."),
]
DELIVERY_FILTERS = [
    _filter("channel", CHANNELS, "Only on this channel."),
    _filter("state", DELIVERY_STATES, "Only in this state."),
]
EXCLUSION_FILTERS = [
    _filter("channel", CHANNELS, "Only on this channel."),
    _filter("reason", None, "Only for this reason."),
]


def text(request: Request, name: str) -> str:
    """A query parameter without what no column can hold."""
    return request.query_params.get(name, "").replace("\x00", "")[:200]


class ByInvestor(CursorPages):
    """Pages investor by investor, as the index has them."""

    ordering = page_selectors.BY_INVESTOR


class NoticesView(GenericAPIView[Notice]):
    """Notices of one's business lines."""

    capabilities = {"GET": VIEW, "POST": (Capability.NOTICES_PREPARE,)}
    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    @extend_schema(tags=TAGS, operation_id="notices_list", parameters=NOTICE_FILTERS,
                   responses=NoticeSerializer(many=True))  # fmt: skip
    def get(self, request: Request) -> Response:
        """Notices, newest first."""
        found = page_selectors.find_notices(
            actor_of(request),
            state=text(request, "state"),
            criticality=text(request, "criticality"),
            line=text(request, "line"),
            search=text(request, "q"),
        )
        page = self.paginate_queryset(found)
        return self.get_paginated_response(NoticeSerializer(page, many=True).data)

    @extend_schema(tags=TAGS, operation_id="notices_create", request=NoticeInput,
                   parameters=[IDEMPOTENCY_KEY], responses={201: NoticeSerializer})  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a draft. It pins the version and freezes the audience query."""
        given = NoticeInput(data=request.data)
        given.is_valid(raise_exception=True)
        notice = notices.create_notice(
            **{"values": {}, **given.validated_data}, actor=actor_of(request), now=clock.now()
        )
        headers = {"Location": f"/api/v1/notices/{notice.pk}/"}
        return Response(NoticeSerializer(notice).data, status=201, headers=headers)


class NoticeView(APIView):
    """One notice."""

    capabilities = VIEW

    @extend_schema(tags=TAGS, operation_id="notices_retrieve", responses=NoticeSerializer)
    def get(self, request: Request, notice_id: UUID) -> Response:
        """One notice; 404 outside one's business lines."""
        return Response(
            NoticeSerializer(page_selectors.notice_for(actor_of(request), notice_id)).data
        )


def step_view(
    name: str,
    service: Callable[..., Notice],
    capabilities: tuple[Capability, ...],
    description: str,
    body: type[Serializer[Any]] | None = ReasonInput,
) -> type[APIView]:
    """The view of one step of a notice: reads `body`, takes the step, and answers with the
    notice as it stands then."""

    @extend_schema(
        tags=TAGS,
        operation_id=f"notices_{name}",
        description=description,
        request=body,
        parameters=[IDEMPOTENCY_KEY],
        responses=NoticeSerializer,
    )
    @idempotent
    def post(self: APIView, request: Request, notice_id: UUID) -> Response:
        given: dict[str, Any] = {}
        if body is not None:
            read = body(data=request.data)
            read.is_valid(raise_exception=True)
            given = read.validated_data
        actor = actor_of(request)
        service(notice_id=notice_id, actor=actor, now=clock.now(), **given)
        return Response(NoticeSerializer(page_selectors.notice_for(actor, notice_id)).data)

    title = "".join(word.capitalize() for word in name.split("_"))
    words = {"capabilities": capabilities, "post": post, "__doc__": description}
    return type(f"{title}View", (APIView,), {**words, "__module__": __name__})


_PREPARE, _RELEASE, _CONTROL = (
    (Capability.NOTICES_PREPARE,),
    (Capability.NOTICES_RELEASE,),
    (Capability.NOTICES_CONTROL,),
)
SubmitView = step_view(
    "submit",
    notices.submit_notice,
    _PREPARE,
    "Hand a draft over for release; its dry run is kept with it.",
    body=None,
)
TakeBackView = step_view(
    "take_back",
    notices.take_back,
    _PREPARE + _RELEASE,
    "Make a draft of it again: taken back by its preparer, or refused by a releaser.",
)
ReleaseView = step_view(
    "release",
    notices.release_notice,
    _RELEASE,
    "Let it out. Another person than the preparer, with a second factor confirmed in this "
    "session within five minutes; a key never has one. Where the audience differs from the "
    "submission's dry run, 409 `audience_changed` until a dry run is named that shows it.",
    body=ReleaseInput,
)
PauseView = step_view(
    "pause",
    notices.pause_notice,
    _CONTROL,
    "Stop handing over; what a provider already has, it has.",
)
ResumeView = step_view(
    "resume",
    notices.resume_notice,
    _CONTROL,
    "Go on exactly where the pause stopped; needs a fresh second factor.",
)
CancelView = step_view(
    "cancel",
    notices.cancel_notice,
    _CONTROL + _PREPARE,
    "End it for good; what was sent stays sent.",
)


class DryRunsView(APIView):
    """Dry runs of a notice."""

    capabilities = _PREPARE + _RELEASE

    @extend_schema(
        tags=TAGS,
        operation_id="notices_dry_run",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: DryRunSerializer, 202: DryRunJobSerializer},
    )
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """What releasing it now would do, and how that differs from the submission's dry run.
        It is kept, so that a release can name it within fifteen minutes.

        A large audience takes longer than a request: 202, and `Location` says where to ask how
        far it is. One that is under way for the same notice is joined."""
        actor, now = actor_of(request), clock.now()
        notice = page_selectors.notice_for(actor, notice_id)
        if jobs.is_large(notice):
            job = jobs.request_dry_run(notice_id=notice_id, actor=actor, now=now)
            where = reverse("api-notice-dry-run", args=[notice.pk, job.pk])
            return Response(_job(notice, job), status=202, headers={"Location": where})
        made, _preview = make_dry_run(notice_id=notice_id, actor=actor, now=now)
        return Response(_dry_run(notice, made), status=201)


class DryRunJobView(APIView):
    """A dry run that workers make."""

    capabilities = _PREPARE + _RELEASE

    @extend_schema(tags=TAGS, operation_id="notices_dry_run_retrieve",
                   responses=DryRunJobSerializer)  # fmt: skip
    def get(self, request: Request, notice_id: UUID, job_id: UUID) -> Response:
        """How far it is; once it is done, the dry run itself."""
        notice = page_selectors.notice_for(actor_of(request), notice_id)
        job = notice.dry_run_jobs.select_related("dry_run").filter(pk=job_id).first()
        if job is None:
            raise NotFound(_("There is no such dry run of this notice."))
        return Response(_job(notice, job))


def _dry_run(notice: Notice, made: DryRun) -> dict[str, Any]:
    shown = {
        "id": made.pk,
        "made_at": made.made_at,
        "summary": made.summary,
        "changed": audience.difference(notice.dry_run, made.summary),
    }
    return dict(DryRunSerializer(shown).data)


def _job(notice: Notice, job: DryRunJob) -> dict[str, Any]:
    rate, left = jobs.rate_of(job, clock.now())
    shown = {
        "id": job.pk,
        "state": job.state,
        "done": job.done,
        "expected": job.expected,
        "rate_per_s": rate,
        "seconds_left": left if job.open else None,
        "error_code": job.error_code,
        "error": job.error,
        "dry_run": _dry_run(notice, job.dry_run) if job.dry_run else None,
    }
    return dict(DryRunJobSerializer(shown).data)


class ProgressView(APIView):
    """How far a notice is."""

    capabilities = VIEW

    @extend_schema(tags=TAGS, operation_id="notices_progress", responses=ProgressSerializer)
    def get(self, request: Request, notice_id: UUID) -> Response:
        """Counts, rate and time left; the same cost for any number of deliveries."""
        notice = page_selectors.notice_for(actor_of(request), notice_id)
        progress = selectors.notice_progress(notice.pk, now=clock.now())
        return Response(ProgressSerializer(progress).data)


class NoticeDeliveriesView(GenericAPIView[Delivery]):
    """The deliveries of a notice."""

    capabilities = VIEW
    serializer_class = DeliverySerializer
    pagination_class = ByInvestor
    queryset = Delivery.objects.none()

    @extend_schema(
        tags=["deliveries"],
        operation_id="notices_deliveries_list",
        parameters=DELIVERY_FILTERS,
        responses=DeliverySerializer(many=True),
    )
    def get(self, request: Request, notice_id: UUID) -> Response:
        """Deliveries, investor by investor."""
        notice = page_selectors.notice_for(actor_of(request), notice_id)
        found = page_selectors.deliveries_of(
            notice, channel=text(request, "channel"), state=text(request, "state")
        )
        page = self.paginate_queryset(found) or []
        _listed(request, notice, "deliveries", len(page))
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)


class NoticeExclusionsView(GenericAPIView[Exclusion]):
    """Who is left out of a notice."""

    capabilities = VIEW
    serializer_class = ExclusionSerializer
    pagination_class = ByInvestor
    queryset = Exclusion.objects.none()

    @extend_schema(
        tags=["deliveries"],
        operation_id="notices_exclusions_list",
        parameters=EXCLUSION_FILTERS,
        responses=ExclusionSerializer(many=True),
    )
    def get(self, request: Request, notice_id: UUID) -> Response:
        """Investors whom planning left out, and why."""
        notice = page_selectors.notice_for(actor_of(request), notice_id)
        found = page_selectors.exclusions_of(
            notice, channel=text(request, "channel"), reason=text(request, "reason")
        )
        page = self.paginate_queryset(found) or []
        _listed(request, notice, "exclusions", len(page))
        return self.get_paginated_response(ExclusionSerializer(page, many=True).data)


class DeliveryView(APIView):
    """One delivery."""

    capabilities = VIEW

    @extend_schema(tags=["deliveries"], operation_id="deliveries_retrieve",
                   responses=DeliveryDetailSerializer)  # fmt: skip
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """One delivery and its events; 404 outside one's business lines."""
        actor = actor_of(request)
        delivery = page_selectors.delivery_for(actor, delivery_id)
        reading.record_shown(delivery=delivery, actor=actor, now=clock.now())
        return Response(DeliveryDetailSerializer(delivery).data)


def _listed(request: Request, notice: Notice, part: str, count: int) -> None:
    reading.record_listed(
        notice=notice, part=part, count=count, actor=actor_of(request), now=clock.now()
    )
