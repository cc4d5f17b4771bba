"""Templates under /api/v1/: the services of the pages, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability
from templates_mgmt import selectors, services
from templates_mgmt.models import TemplateVersion
from templates_mgmt.serializers import (
    ApprovalSerializer,
    DraftSerializer,
    NewTemplateSerializer,
    NewVersionSerializer,
    ReasonSerializer,
    TemplateFilterSerializer,
    TemplateSerializer,
    VersionContentSerializer,
    VersionSerializer,
)

SEE = (Capability.TEMPLATES_VIEW,)
DRAFT = (Capability.TEMPLATES_DRAFT,)


def _read(kind: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    form = kind(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _shown(request: Request, version_id: UUID, *, status: int = 200) -> Response:
    version = selectors.version_for(actor_of(request), version_id)
    answer = Response(VersionContentSerializer(version).data, status=status)
    if status == 201:
        answer["Location"] = reverse("api-template-version", args=[version.pk])
    return answer


class TemplatePages(CursorPages):
    """Newest first."""


class TemplatesView(APIView):
    """All templates of the actor's business lines."""

    capabilities = {"GET": SEE, "POST": DRAFT}
    pagination_class = TemplatePages

    @extend_schema(
        operation_id="templates_list",
        parameters=[TemplateFilterSerializer],
        responses=TemplateSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Templates, newest first."""
        chosen = _read(TemplateFilterSerializer, request.query_params.dict())
        found = selectors.find_templates(actor_of(request), **chosen)
        pages = TemplatePages()
        rows = pages.paginate_queryset(found, request)
        return pages.get_paginated_response(TemplateSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="templates_create",
        request=NewTemplateSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: VersionContentSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a template; answers its first version, a blank draft."""
        fields = _read(NewTemplateSerializer, request.data)
        version = services.create_template(
            line_id=fields.pop("business_line"),
            **fields,
            actor=actor_of(request),
            now=clock.now(),
        )
        return _shown(request, version.pk, status=201)


class TemplateView(APIView):
    """One template."""

    capabilities = SEE

    @extend_schema(operation_id="templates_read", responses=TemplateSerializer)
    def get(self, request: Request, template_id: UUID) -> Response:
        """A template and where its versions stand."""
        found = selectors.template_for(actor_of(request), template_id)
        return Response(TemplateSerializer(found).data)


class TemplateVersionsView(APIView):
    """The versions of one template."""

    capabilities = {"GET": SEE, "POST": DRAFT}

    @extend_schema(
        operation_id="template_versions_list",
        responses=VersionSerializer(many=True),
    )
    def get(self, request: Request, template_id: UUID) -> Response:
        """All versions, newest first, without their words."""
        template = selectors.template_for(actor_of(request), template_id)
        versions = TemplateVersion.objects.filter(template=template).order_by("-number")
        return Response(VersionSerializer(versions, many=True).data)

    @extend_schema(
        operation_id="template_versions_create",
        request=NewVersionSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: VersionContentSerializer},
    )
    @idempotent
    def post(self, request: Request, template_id: UUID) -> Response:
        """Start a new draft from an earlier version."""
        fields = _read(NewVersionSerializer, request.data)
        version = services.new_version(
            template_id=template_id,
            based_on=fields.get("based_on"),
            actor=actor_of(request),
            now=clock.now(),
        )
        return _shown(request, version.pk, status=201)


class TemplateVersionView(APIView):
    """One version."""

    capabilities = {"GET": SEE, "PUT": DRAFT}

    @extend_schema(operation_id="template_versions_read", responses=VersionContentSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """A version with its words and findings."""
        return _shown(request, version_id)

    @extend_schema(
        operation_id="template_versions_save",
        request=DraftSerializer,
        responses=VersionContentSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the words of a draft; 409 when somebody saved since `revision`."""
        words = _read(DraftSerializer, request.data)
        services.save_draft(
            version_id=version_id, **words, actor=actor_of(request), now=clock.now()
        )
        return _shown(request, version_id)


class _Step(APIView):
    """One step of a version's life, as a POST of its own."""

    service: Callable[..., TemplateVersion]
    form: type[serializers.Serializer[Any]] | None = None

    def take(self, request: Request, version_id: UUID) -> Response:
        """Read the fields, call the service, answer the version."""
        fields = _read(self.form, request.data) if self.form else {}
        type(self).service(
            version_id=version_id, **fields, actor=actor_of(request), now=clock.now()
        )
        return _shown(request, version_id)


def step(
    name: str,
    service: Callable[..., TemplateVersion],
    capability: Capability,
    form: type[serializers.Serializer[Any]] | None,
) -> type[APIView]:
    """The view of one step; its description is the service's own."""
    description = (service.__doc__ or "").strip()

    class StepView(_Step):
        capabilities = (capability,)

        @extend_schema(
            operation_id=f"template_versions_{name}",
            description=description,
            request=form,
            parameters=[IDEMPOTENCY_KEY],
            responses=VersionContentSerializer,
        )
        @idempotent
        def post(self, request: Request, version_id: UUID) -> Response:
            return self.take(request, version_id)

    StepView.service = staticmethod(service)  # type: ignore[assignment]
    StepView.form = form
    StepView.__name__ = f"{name.title()}View"
    return StepView


_REVIEW, _RECALL = Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_RECALL
STEPS: dict[str, type[APIView]] = {
    name: step(name, service, capability, form)
    for name, service, capability, form in (
        ("submit", services.submit, Capability.TEMPLATES_DRAFT, None),
        ("approve", services.approve, _REVIEW, ApprovalSerializer),
        ("return", services.return_version, _REVIEW, ReasonSerializer),
        ("reject", services.reject, _REVIEW, ReasonSerializer),
        ("withdraw", services.withdraw, Capability.TEMPLATES_DRAFT, ReasonSerializer),
        ("retire", services.retire, _REVIEW, ReasonSerializer),
        ("recall", services.recall, _RECALL, ReasonSerializer),
    )
}
