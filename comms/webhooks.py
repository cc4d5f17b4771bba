"""Where providers post their receipts: authenticate, store, answer; applied afterwards."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from comms import doorbell
from comms.provider_events import KINDS
from comms.services import receipts
from core import clock
from core.errors import Forbidden, VouchsafeError


class NotAuthentic(VouchsafeError):
    """The signature check failed; `code` says how."""

    status = 401
    code = "bad_signature"
    title = _("Not authentic")


class TooLong(VouchsafeError):
    """More than receipts.MAX_BODY bytes."""

    status = 413
    code = "too_long"


class AnyBody(BaseParser):
    """The bytes as they came: the signature is over them, whatever they claim to be."""

    media_type = "*/*"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> bytes:
        """At most one byte more than is allowed."""
        return bytes(stream.read(receipts.MAX_BODY + 1))


@extend_schema_serializer(component_name="ProviderEvent")
class EventSerializer(serializers.Serializer[Any]):
    """One event, as a provider tells it."""

    id = serializers.CharField(max_length=200, required=False)
    reference = serializers.CharField(max_length=200, required=False)
    key = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=list(KINDS))
    at = serializers.DateTimeField()
    code = serializers.CharField(max_length=200, required=False)
    permanent = serializers.BooleanField(required=False)
    machine = serializers.BooleanField(required=False)
    text = serializers.CharField(max_length=2000, required=False)
    phone = serializers.CharField(
        max_length=40,
        required=False,
        help_text="Who wrote, where the text answers no message of ours.",
    )


class EventsSerializer(serializers.Serializer[Any]):
    """What a provider posts."""

    events = EventSerializer(many=True)


class StoredSerializer(serializers.Serializer[Any]):
    """Under which id the call was kept."""

    stored = serializers.UUIDField()


class WebhookView(APIView):
    """JSON events or one DSN (message/rfc822), signed as in Standard Webhooks."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (AnyBody,)

    @extend_schema(
        operation_id="webhooks_receive",
        auth=[],
        request={"application/json": EventsSerializer},
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        responses={
            200: StoredSerializer,
            401: OpenApiResponse(description="Not authentic."),
            413: OpenApiResponse(description="Too long."),
        },
    )
    def post(self, request: Request, provider: str) -> Response:
        """Store a provider's receipts; they are applied afterwards."""
        body: bytes = request.data if isinstance(request.data, bytes) else b""
        if len(body) > receipts.MAX_BODY:
            raise TooLong(_("At most %(bytes)d bytes.") % {"bytes": receipts.MAX_BODY})
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            receipt = receipts.store_receipt(
                provider=provider, headers=headers, body=body, now=clock.now()
            )
        except Forbidden as error:
            raise NotAuthentic(error.message, code=error.code) from None
        doorbell.receipts()
        return Response({"stored": receipt.pk})
