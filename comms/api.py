"""Notices and deliveries in the API: parse, one service or selector, render."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from comms import page_selectors, rules, selectors
from comms.models import Delivery, Exclusion, Notice
from comms.serializers import (
    CHANNELS,
    DELIVERY_STATES,
    NOTICE_STATES,
    DeliveryDetailSerializer,
    DeliverySerializer,
    ExclusionSerializer,
    NoticeInput,
    NoticeSerializer,
    ProgressSerializer,
    ReasonInput,
)
from comms.services import notices
from core import clock
from core.api import CursorPages, actor_of
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


class StepView(APIView):
    """One step of a notice. Subclasses name the service and who may call it."""

    service: Any
    reasoned = True

    def step(self, request: Request, notice_id: UUID) -> Response:
        """Do it and answer with the notice as it stands then."""
        given: dict[str, Any] = {}
        if self.reasoned:
            body = ReasonInput(data=request.data)
            body.is_valid(raise_exception=True)
            given = body.validated_data
        actor = actor_of(request)
        type(self).service(notice_id=notice_id, actor=actor, now=clock.now(), **given)
        return Response(NoticeSerializer(page_selectors.notice_for(actor, notice_id)).data)


class SubmitView(StepView):
    """Draft → waiting for release."""

    capabilities = (Capability.NOTICES_PREPARE,)
    service = notices.submit_notice
    reasoned = False

    @extend_schema(tags=TAGS, operation_id="notices_submit", request=None,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Hand a draft over for release; its dry run is kept with it."""
        return self.step(request, notice_id)


class TakeBackView(StepView):
    """Waiting for release → draft."""

    capabilities = (Capability.NOTICES_PREPARE, Capability.NOTICES_RELEASE)
    service = notices.take_back

    @extend_schema(tags=TAGS, operation_id="notices_take_back", request=ReasonInput,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Make a draft of it again: taken back by its preparer, or refused by a releaser."""
        return self.step(request, notice_id)


class ReleaseView(StepView):
    """Waiting for release → released."""

    capabilities = (Capability.NOTICES_RELEASE,)
    service = notices.release_notice
    reasoned = False

    @extend_schema(tags=TAGS, operation_id="notices_release", request=None,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Let it out. Another person than the preparer, with a second factor confirmed in this
        session within five minutes; a key never has one."""
        return self.step(request, notice_id)


class PauseView(StepView):
    """Going out → paused."""

    capabilities = (Capability.NOTICES_CONTROL,)
    service = notices.pause_notice

    @extend_schema(tags=TAGS, operation_id="notices_pause", request=ReasonInput,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Stop handing over; what a provider already has, it has."""
        return self.step(request, notice_id)


class ResumeView(StepView):
    """Paused → going out."""

    capabilities = (Capability.NOTICES_CONTROL,)
    service = notices.resume_notice

    @extend_schema(tags=TAGS, operation_id="notices_resume", request=ReasonInput,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """Go on exactly where the pause stopped; needs a fresh second factor."""
        return self.step(request, notice_id)


class CancelView(StepView):
    """End for good."""

    capabilities = (Capability.NOTICES_CONTROL, Capability.NOTICES_PREPARE)
    service = notices.cancel_notice

    @extend_schema(tags=TAGS, operation_id="notices_cancel", request=ReasonInput,
                   parameters=[IDEMPOTENCY_KEY], responses=NoticeSerializer)  # fmt: skip
    @idempotent
    def post(self, request: Request, notice_id: UUID) -> Response:
        """End it for good; what was sent stays sent."""
        return self.step(request, notice_id)


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
        page = self.paginate_queryset(found)
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
        page = self.paginate_queryset(found)
        return self.get_paginated_response(ExclusionSerializer(page, many=True).data)


class DeliveryView(APIView):
    """One delivery."""

    capabilities = VIEW

    @extend_schema(tags=["deliveries"], operation_id="deliveries_retrieve",
                   responses=DeliveryDetailSerializer)  # fmt: skip
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """One delivery and its events; 404 outside one's business lines."""
        delivery = page_selectors.delivery_for(actor_of(request), delivery_id)
        return Response(DeliveryDetailSerializer(delivery).data)
