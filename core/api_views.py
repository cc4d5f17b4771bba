"""API views of core: one's own identity."""

from __future__ import annotations

import functools
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import actor_of
from core.models import BusinessLine
from core.selectors import user_of


class LineSerializer(serializers.ModelSerializer[BusinessLine]):
    """A business line."""

    class Meta:
        model = BusinessLine
        fields = ["id", "code", "name"]


class MeSerializer(serializers.Serializer[object]):
    """Who calls, and what they may do."""

    kind = serializers.ChoiceField(choices=["user", "key"])
    id = serializers.UUIDField(help_text="Of the user, or of the key.")
    user_id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    capabilities = serializers.ListField(child=serializers.CharField())
    lines = LineSerializer(many=True)
    stepped_up_at = serializers.DateTimeField(allow_null=True)


class SchemaView(SpectacularAPIView):
    """The OpenAPI document. It is open to all and costly to make, so each process makes it once
    per language."""

    def _get_schema_response(self, request: Request) -> Response:
        return Response(_schema(get_language() or ""))


@functools.cache
def _schema(language: str) -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


class MeView(APIView):
    """One's own matters."""

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who calls: the user or key, its roles, capabilities and business lines."""
        actor = actor_of(request)
        user = user_of(actor)
        shown = {
            "kind": actor.kind,
            "id": actor.id,
            "user_id": user.pk,
            "username": user.username,
            "display_name": user.display_name,
            "language": user.language,
            "time_zone": user.time_zone,
            "roles": sorted(role.value for role in user.roles),
            "capabilities": sorted(capability.value for capability in actor.capabilities),
            "lines": BusinessLine.objects.filter(pk__in=actor.lines),
            "stepped_up_at": actor.stepped_up_at,
        }
        return Response(MeSerializer(shown).data)
