"""Word lists under /api/v1/."""

from __future__ import annotations

from typing import Any
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
from templates_mgmt.lexicon import selectors, services
from templates_mgmt.lexicon.models import WordList, WordListVersion
from templates_mgmt.lexicon.rules import Severity
from templates_mgmt.reviewed_api import (
    KEEP,
    SEE,
    VERSION_FIELDS,
    read,
    state_field,
    step_view,
    steps_of,
)

SEVERITIES = [each.value for each in Severity]


class WordListReasonSerializer(serializers.Serializer[object]):
    """A reason or an advice by language."""

    def get_fields(self) -> dict[str, Any]:
        names = ("zh-hans", "en", "zh-hant")
        return {
            name: serializers.CharField(max_length=4000, required=False, allow_blank=True)
            for name in names
        }


class WordListExampleSerializer(serializers.Serializer[object]):
    """A text that the list must find, or must not."""

    text = serializers.CharField(max_length=500)
    hit = serializers.BooleanField()


class WordListVersionSerializer(serializers.ModelSerializer[WordListVersion]):
    """One wording of a word list."""

    code = serializers.CharField(source="word_list.code")
    state = state_field()
    why = WordListReasonSerializer()
    fix = WordListReasonSerializer()
    terms = serializers.ListField(child=serializers.CharField())
    exceptions = serializers.ListField(child=serializers.CharField())
    examples = WordListExampleSerializer(many=True)

    class Meta:
        model = WordListVersion
        fields = [
            *VERSION_FIELDS,
            "word_list",
            "code",
            "severity",
            "why",
            "fix",
            "terms",
            "exceptions",
            "examples",
        ]
        read_only_fields = fields


class WordListSerializer(serializers.ModelSerializer[WordList]):
    """A word list with its versions, newest first."""

    versions = WordListVersionSerializer(many=True)

    class Meta:
        model = WordList
        fields = ["id", "code", "name", "created_at", "versions"]
        read_only_fields = fields


class NewWordListSerializer(serializers.Serializer[object]):
    """A new word list; its first version is a blank draft."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120)


class WordListWordsSerializer(serializers.Serializer[object]):
    """The words of a draft."""

    severity = serializers.ChoiceField(choices=SEVERITIES)
    why = WordListReasonSerializer()
    fix = WordListReasonSerializer()
    terms = serializers.ListField(child=serializers.CharField(max_length=200), max_length=20000)
    exceptions = serializers.ListField(
        child=serializers.CharField(max_length=200), default=list, max_length=2000
    )
    examples = WordListExampleSerializer(many=True, required=False, default=list)
    revision = serializers.IntegerField(required=False, min_value=1)


def shown(request: Request, version_id: UUID, status: int = 200) -> Response:
    """A version, as an answer."""
    version = selectors.version_for(actor_of(request), version_id)
    return Response(WordListVersionSerializer(version).data, status=status)


def made(request: Request, version_id: UUID) -> Response:
    """A new version, as an answer."""
    return shown(request, version_id, 201)


class WordListsView(APIView):
    """All word lists."""

    capabilities = {"GET": SEE, "POST": KEEP}

    @extend_schema(operation_id="word_lists_list", responses=WordListSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All word lists with their versions, by code."""
        return Response(WordListSerializer(selectors.word_lists(actor_of(request)), many=True).data)

    @extend_schema(
        operation_id="word_lists_create",
        request=NewWordListSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: WordListVersionSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a word list; answers its first version, a blank draft."""
        fields = read(NewWordListSerializer, request.data)
        version = services.create_list(**fields, actor=actor_of(request), now=clock.now())
        return made(request, version.pk)


class WordListVersionView(APIView):
    """One version."""

    capabilities = {"GET": SEE, "PUT": KEEP}

    @extend_schema(operation_id="word_list_versions_read", responses=WordListVersionSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its words."""
        return shown(request, version_id)

    @extend_schema(
        operation_id="word_list_versions_save",
        request=WordListWordsSerializer,
        responses=WordListVersionSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the words of a draft; 409 when somebody saved since `revision`."""
        words = read(WordListWordsSerializer, request.data)
        services.save(version_id=version_id, **words, actor=actor_of(request), now=clock.now())
        return shown(request, version_id)


NewVersionView = step_view(
    operation="word_list_versions_create", service=services.new_version, answer=made,
    answers=WordListVersionSerializer, key="list_id", status=201,
)  # fmt: skip
urlpatterns = [
    path("word-lists/", WordListsView.as_view(), name="api-word-lists"),
    path(
        "word-lists/<uuid:list_id>/versions/",
        NewVersionView.as_view(),
        name="api-word-list-versions",
    ),
    path(
        "word-list-versions/<uuid:version_id>/",
        WordListVersionView.as_view(),
        name="api-word-list-version",
    ),
    *steps_of("word_list", "word-list-versions/", services, shown, WordListVersionSerializer),
]
