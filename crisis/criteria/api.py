"""Where outside monitors report measures, under /api/v1/: signed as in Standard Webhooks."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from comms import signing
from comms.webhooks import AnyBody, NotAuthentic, TooLong
from core import clock
from core.actor import system
from core.crypto import sha256_hex
from core.errors import InvalidInput
from crisis.criteria import rules
from crisis.criteria.monitors import INSIDE
from crisis.criteria.signals import report_measure

log = logging.getLogger(__name__)
MAX_BODY = 64 * 1024  # bytes


class NewSignalSerializer(serializers.Serializer[Any]):
    """A value of a measure."""

    source = serializers.RegexField(  # type: ignore[assignment]
        rules.CODE.pattern + r"\Z", help_text="The monitor's name, which says whose key signed."
    )
    measure = serializers.RegexField(rules.CODE.pattern + r"\Z")
    value = serializers.DecimalField(max_digits=15, decimal_places=3)
    unit = serializers.CharField(max_length=30, required=False, default="")
    at = serializers.DateTimeField()


class SignalSerializer(serializers.Serializer[Any]):
    """What became of a signal."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=[each.value for each in rules.Outcome])
    incidents = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of the incidents it started or joined."
    )


class SignalsView(APIView):
    """Signals of outside monitors."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (AnyBody,)

    @extend_schema(
        operation_id="signals_report",
        auth=[],
        request={"application/json": NewSignalSerializer},
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        responses={
            200: SignalSerializer,
            401: OpenApiResponse(description="Not authentic, or not fresh."),
            409: OpenApiResponse(description="This id was used for other content."),
            413: OpenApiResponse(description="Too long."),
        },
    )
    def post(self, request: Request) -> Response:
        """Report a measure. The same `webhook-id` again, with the same body, is answered alike
        and does nothing; with another body it is refused."""
        body = request.data if isinstance(request.data, bytes) else b""
        if len(body) > MAX_BODY:
            raise TooLong(_("At most %(bytes)d bytes.") % {"bytes": MAX_BODY})
        said = _read(body)
        headers = {name.lower(): value for name, value in request.headers.items()}
        now = clock.now()
        message_id = _authentic(said, headers, body, now.timestamp())
        form = NewSignalSerializer(data=said)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        signal = report_measure(
            **fields, message_id=message_id, body_hash=sha256_hex(body),
            actor=system(f"monitor-{fields['source']}"), now=now,
        )  # fmt: skip
        incidents = signal.effects.select_related("incident").values_list(
            "incident__code", flat=True
        )
        return Response(
            {"id": signal.pk, "outcome": signal.outcome, "incidents": sorted(set(incidents))}
        )


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise InvalidInput(_("The body is not a JSON object."), code="not_json")
    return said


def _authentic(said: Mapping[str, Any], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The message id, once the key of the source that the body names has signed it. For an unknown
    source a key is drawn that nobody knows, so that it looks like a wrong key."""
    source = str(said.get("source", ""))
    secret = "" if source in INSIDE else settings.MONITOR_SECRETS.get(source, "")
    try:
        return signing.verify(secret or secrets.token_hex(), headers, body, now=now)
    except signing.SignatureRefused as refused:
        log.warning("a signal was refused: %s", refused.code)
        raise NotAuthentic(_("The signature does not hold."), code=refused.code) from None


urlpatterns = [path("signals/", SignalsView.as_view(), name="api-signals")]
