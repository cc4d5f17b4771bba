"""Writing under /api/v1/: texts made from the facts, and reasons why findings may stand."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import read
from core.roles import Capability
from templates_mgmt.rules import Channel, Language
from templates_mgmt.selectors import content_of, version_for
from templates_mgmt.writing import selectors, services
from templates_mgmt.writing.derive import derive
from templates_mgmt.writing.models import Justification


class DerivedTextSerializer(serializers.Serializer[object]):
    """A text made from the facts, for a channel and language that is still blank."""

    channel = serializers.ChoiceField(choices=[each.value for each in Channel])
    language = serializers.ChoiceField(choices=[each.value for each in Language])
    subject = serializers.CharField(allow_blank=True)
    body = serializers.CharField()


class JustificationSerializer(serializers.ModelSerializer[Justification]):
    """Why a finding may stand."""

    class Meta:
        model = Justification
        fields = ["id", "version", "fingerprint", "code", "place", "excerpt", "reason", "user",
                  "at"]  # fmt: skip
        read_only_fields = fields


class NewJustificationSerializer(serializers.Serializer[object]):
    """A reason for the finding that a version's `findings` give this fingerprint."""

    fingerprint = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(max_length=2000)


class DerivedView(APIView):
    """Texts made from the facts."""

    capabilities = (Capability.TEMPLATES_DRAFT,)

    @extend_schema(
        operation_id="template_versions_derived", responses=DerivedTextSerializer(many=True)
    )
    def get(self, request: Request, version_id: UUID) -> Response:
        """The texts that the stored facts give for every channel and language that is blank.
        Nothing is saved: put the wanted ones among the version's variants and save it."""
        version = version_for(actor_of(request), version_id)
        made = [asdict(text) for text in derive(content_of(version))]
        return Response(DerivedTextSerializer(made, many=True).data)


class JustificationsView(APIView):
    """The reasons given in one version."""

    capabilities = {
        "GET": (Capability.TEMPLATES_VIEW,),
        "POST": (Capability.TEMPLATES_DRAFT,),
    }

    @extend_schema(
        operation_id="template_justifications_list", responses=JustificationSerializer(many=True)
    )
    def get(self, request: Request, version_id: UUID) -> Response:
        """All reasons of a version, oldest first, also those whose words were changed since."""
        version = version_for(actor_of(request), version_id)
        rows = sorted(selectors.justified(version).values(), key=lambda row: row.pk)
        return Response(JustificationSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="template_justifications_create",
        request=NewJustificationSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: JustificationSerializer},
    )
    @idempotent
    def post(self, request: Request, version_id: UUID) -> Response:
        """Say why a finding of a saved draft may stand; its author becomes a contributor."""
        fields = read(NewJustificationSerializer, request.data)
        made = services.justify(
            version_id=version_id, **fields, actor=actor_of(request), now=clock.now()
        )
        return Response(JustificationSerializer(made).data, status=201)


_VERSION = "template-versions/<uuid:version_id>/"
urlpatterns = [
    path(f"{_VERSION}derived/", DerivedView.as_view(), name="api-template-version-derived"),
    path(
        f"{_VERSION}justifications/",
        JustificationsView.as_view(),
        name="api-template-justifications",
    ),
]
