"""Template files under /api/v1/."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability
from templates_mgmt.files import service
from templates_mgmt.files.document import MAX_BYTES


class TemplateFileSerializer(serializers.Serializer[object]):
    """One template file."""

    name = serializers.CharField(max_length=200, help_text="For messages only.")
    text = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)


class TemplateImportSerializer(serializers.Serializer[object]):
    """Template files to take in as drafts, all or none."""

    business_line = serializers.UUIDField()
    files = serializers.ListField(
        child=TemplateFileSerializer(), min_length=1, max_length=service.MAX_FILES
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what would happen.")


class TemplateImportedSerializer(serializers.Serializer[object]):
    """What happened, or would happen, with one file."""

    file = serializers.CharField()
    code = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in service.Outcome])
    version = serializers.UUIDField(allow_null=True)
    number = serializers.IntegerField()
    edited = serializers.BooleanField()


class YamlRenderer(BaseRenderer):
    """YAML text that is written already."""

    media_type = "application/yaml"
    format = "yaml"
    charset = "utf-8"

    def render(self, data, accepted_media_type=None, renderer_context=None):  # type: ignore[no-untyped-def]
        return data.encode()


class TemplateImportView(APIView):
    """Files in."""

    capabilities = (Capability.TEMPLATES_DRAFT,)

    @extend_schema(
        operation_id="templates_import",
        request=TemplateImportSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=TemplateImportedSerializer(many=True),
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Take template files in as drafts, all of them or none."""
        form = TemplateImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        results = service.import_files(
            files=[(file["name"], file["text"].encode()) for file in fields["files"]],
            line_id=fields["business_line"],
            actor=actor_of(request),
            now=clock.now(),
            dry_run=fields["dry_run"],
        )
        return Response(TemplateImportedSerializer(results, many=True).data)


class TemplateFileView(APIView):
    """A version as a file."""

    capabilities = (Capability.TEMPLATES_VIEW,)

    @extend_schema(
        operation_id="template_versions_file",
        responses={(200, "application/yaml"): OpenApiTypes.ANY},
    )
    def get(self, request: Request, version_id: UUID) -> Response:
        """The version as a YAML document that an import reads back exactly."""
        name, text = service.export_version(
            version_id=version_id, actor=actor_of(request), now=clock.now()
        )
        request.accepted_renderer = YamlRenderer()
        request.accepted_media_type = YamlRenderer.media_type
        return Response(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})
