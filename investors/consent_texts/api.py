"""Consent texts under /api/v1/."""

from __future__ import annotations

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
from core.reviewed.api import VERSION_FIELDS, read, state_field, step_view, steps_of
from core.roles import Capability
from investors import rules
from investors.consent_texts import selectors, services
from investors.consent_texts.models import ConsentText, ConsentTextVersion

SEE = selectors.READERS
DRAFT = (Capability.CONSENT_TEXTS_DRAFT,)
DECIDE = (Capability.CONSENT_TEXTS_APPROVE,)
PURPOSES = list(rules.PURPOSES)
LANGUAGES = list(rules.CONSENT_LANGUAGES)


class ConsentTextVersionSerializer(serializers.ModelSerializer[ConsentTextVersion]):
    """One wording of a consent text."""

    state = state_field()
    purpose = serializers.ChoiceField(choices=PURPOSES, source="consent_text.purpose")
    language = serializers.ChoiceField(choices=LANGUAGES, source="consent_text.language")

    class Meta:
        model = ConsentTextVersion
        fields = [*VERSION_FIELDS, "consent_text", "purpose", "language", "text"]
        read_only_fields = fields


class ConsentTextListedSerializer(serializers.ModelSerializer[ConsentTextVersion]):
    """A version without its words."""

    state = state_field()

    class Meta:
        model = ConsentTextVersion
        fields = VERSION_FIELDS
        read_only_fields = fields


class ConsentTextSerializer(serializers.ModelSerializer[ConsentText]):
    """A consent text with its versions, newest first."""

    purpose = serializers.ChoiceField(choices=PURPOSES)
    language = serializers.ChoiceField(choices=LANGUAGES)
    versions = ConsentTextListedSerializer(many=True)

    class Meta:
        model = ConsentText
        fields = ["id", "purpose", "language", "created_at", "versions"]
        read_only_fields = fields


class NewConsentTextSerializer(serializers.Serializer[object]):
    """A new consent text; its first version is a blank draft."""

    purpose = serializers.ChoiceField(choices=PURPOSES)
    language = serializers.ChoiceField(choices=LANGUAGES)


class ConsentTextWordsSerializer(serializers.Serializer[object]):
    """The words of a draft."""

    text = serializers.CharField(max_length=services.LONGEST, trim_whitespace=False)
    revision = serializers.IntegerField(required=False, min_value=1)


def shown(request: Request, version_id: UUID, status: int = 200) -> Response:
    """A version, as an answer."""
    version = selectors.version_for(actor_of(request), version_id)
    return Response(ConsentTextVersionSerializer(version).data, status=status)


def made(request: Request, version_id: UUID) -> Response:
    """A new version, as an answer."""
    return shown(request, version_id, 201)


class ConsentTextsView(APIView):
    """All consent texts."""

    capabilities = {"GET": SEE, "POST": DRAFT}

    @extend_schema(operation_id="consent_texts_list", responses=ConsentTextSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All consent texts with their versions, by purpose."""
        return Response(ConsentTextSerializer(selectors.texts(actor_of(request)), many=True).data)

    @extend_schema(
        operation_id="consent_texts_create",
        request=NewConsentTextSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ConsentTextVersionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a consent text; answers its first version, a blank draft."""
        fields = read(NewConsentTextSerializer, request.data)
        version = services.create_text(**fields, actor=actor_of(request), now=clock.now())
        return made(request, version.pk)


class ConsentTextVersionView(APIView):
    """One version."""

    capabilities = {"GET": SEE, "PUT": DRAFT}

    @extend_schema(
        operation_id="consent_text_versions_read", responses=ConsentTextVersionSerializer
    )
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its words."""
        return shown(request, version_id)

    @extend_schema(
        operation_id="consent_text_versions_save",
        request=ConsentTextWordsSerializer,
        responses=ConsentTextVersionSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the words of a draft; 409 when somebody saved since `revision`."""
        words = read(ConsentTextWordsSerializer, request.data)
        services.save(version_id=version_id, **words, actor=actor_of(request), now=clock.now())
        return shown(request, version_id)


NewVersionView = step_view(
    operation="consent_text_versions_create", service=services.new_version, answer=made,
    answers=ConsentTextVersionSerializer, capabilities=DRAFT, key="text_id", status=201,
)  # fmt: skip
urlpatterns = [
    path("consent-texts/", ConsentTextsView.as_view(), name="api-consent-texts"),
    path(
        "consent-texts/<uuid:text_id>/versions/",
        NewVersionView.as_view(),
        name="api-consent-text-versions",
    ),
    path(
        "consent-text-versions/<uuid:version_id>/",
        ConsentTextVersionView.as_view(),
        name="api-consent-text-version",
    ),
    *steps_of(
        "consent_text", "consent-text-versions/", services, shown, ConsentTextVersionSerializer,
        keep=DRAFT, decide=DECIDE,
    ),
]  # fmt: skip
