"""Investors and imports under /api/v1/: the services of the pages, for programs.

Contacts are masked here; showing one in full needs a second factor, which a key cannot give.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.errors import NotFound
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.roles import Capability
from investors import selectors, services
from investors.importing import uploads
from investors.models import ConsentEntry, ImportBatch
from investors.serializers import (
    ConsentActSerializer,
    ConsentEntrySerializer,
    ImportSerializer,
    InvestorDetailSerializer,
    InvestorFilterSerializer,
    InvestorSerializer,
    NewImportSerializer,
    PreferenceSerializer,
    RejectionSerializer,
)

SEE = (Capability.INVESTORS_VIEW,)
EDIT = (Capability.INVESTORS_EDIT,)
IMPORT = (Capability.INVESTORS_IMPORT,)


def _read(kind: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    form = kind(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class InvestorPages(CursorPages):
    """In the order of the pseudonyms, which means nothing and never changes."""

    ordering = "id"


class RejectionPages(CursorPages):
    """In the order of the file."""

    ordering = "id"


class InvestorsView(APIView):
    """Investors of the actor's business lines."""

    capabilities = {"GET": SEE}
    pagination_class = InvestorPages

    @extend_schema(
        operation_id="investors_list",
        parameters=[InvestorFilterSerializer],
        responses=InvestorSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Investors, masked; that they were read, and a search (`q`), are recorded."""
        chosen = _read(InvestorFilterSerializer, request.query_params.dict())
        actor = actor_of(request)
        found = selectors.investors_visible_to(actor)
        if text := chosen.pop("q", ""):
            ids = services.search_investors(text=text, actor=actor, now=clock.now())
            found = found.filter(pk__in=ids)
        if line := chosen.pop("line", ""):
            found = found.filter(business_line__code=line)
        pages = InvestorPages()
        rows = pages.paginate_queryset(found.filter(**chosen), request)
        context = {"profiles": selectors.masked_profiles([row.pk for row in rows])}
        services.list_shown(count=len(rows), actor=actor, now=clock.now())
        return pages.get_paginated_response(
            InvestorSerializer(rows, many=True, context=context).data
        )


class InvestorView(APIView):
    """One investor."""

    capabilities = {"GET": SEE}

    @extend_schema(operation_id="investors_retrieve", responses=InvestorDetailSerializer)
    def get(self, request: Request, investor_id: UUID) -> Response:
        """One investor, masked; that it was read is recorded."""
        investor = services.view_investor(
            investor_id=investor_id, actor=actor_of(request), now=clock.now()
        )
        context = {"profiles": selectors.masked_profiles([investor_id])}
        return Response(InvestorDetailSerializer(investor, context=context).data)


class ConsentsView(APIView):
    """The consent ledger of one investor."""

    capabilities = {"GET": SEE, "POST": EDIT}
    pagination_class = CursorPages

    @extend_schema(
        operation_id="investor_consents_list", responses=ConsentEntrySerializer(many=True)
    )
    def get(self, request: Request, investor_id: UUID) -> Response:
        """Every act, newest first; that it was read is recorded."""
        investor = services.view_investor(
            investor_id=investor_id, actor=actor_of(request), now=clock.now()
        )
        pages = CursorPages()
        rows = pages.paginate_queryset(
            ConsentEntry.objects.filter(investor_id=investor.pk), request
        )
        return pages.get_paginated_response(ConsentEntrySerializer(rows, many=True).data)

    @extend_schema(
        operation_id="investor_consents_create",
        request=ConsentActSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: ConsentEntrySerializer},
    )
    @idempotent
    def post(self, request: Request, investor_id: UUID) -> Response:
        """Enter that consent was given or withdrawn."""
        given = _read(ConsentActSerializer, request.data)
        actor = actor_of(request)
        selectors.investor_for(actor, investor_id)
        acts = {"give": services.give_consent, "withdraw": services.withdraw_consent}
        act = acts[given.pop("act")]
        entry = act(investor_id=investor_id, actor=actor, now=clock.now(), **given)
        made = ConsentEntry.objects.get(pk=entry)
        return Response(ConsentEntrySerializer(made).data, status=201)


class PreferencesView(APIView):
    """The preferences of one investor."""

    capabilities = {"POST": EDIT}

    @extend_schema(
        operation_id="investor_preferences_set",
        request=PreferenceSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=PreferenceSerializer,
    )
    @idempotent
    def post(self, request: Request, investor_id: UUID) -> Response:
        """Say whether a topic is wanted on a channel; 409 for a mandatory topic."""
        given = _read(PreferenceSerializer, request.data)
        actor = actor_of(request)
        selectors.investor_for(actor, investor_id)
        services.set_preference(investor_id=investor_id, actor=actor, now=clock.now(), **given)
        return Response(PreferenceSerializer(given).data)


class ImportsView(APIView):
    """Imports into the actor's business lines."""

    capabilities = {"GET": IMPORT, "POST": IMPORT}
    pagination_class = CursorPages
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="imports_list", responses=ImportSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Imports, newest first."""
        pages = CursorPages()
        rows = pages.paginate_queryset(selectors.imports_visible_to(actor_of(request)), request)
        return pages.get_paginated_response(ImportSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="imports_create",
        request={"multipart/form-data": NewImportSerializer},
        parameters=[IDEMPOTENCY_KEY],
        responses={202: ImportSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Upload a file; a worker imports it. Ask the address in `Location` how far it is."""
        given = _read(NewImportSerializer, request.data)
        actor, now = actor_of(request), clock.now()
        batch_id = uploads.store_upload(
            upload=given["file"], line_id=_line(request, given["line"]), actor=actor, now=now
        )
        uploads.request_run(
            batch_id=batch_id,
            dry_run=given["dry_run"],
            mapping=given.get("mapping"),
            actor=actor,
            now=now,
        )
        answer = Response(ImportSerializer(ImportBatch.objects.get(pk=batch_id)).data, status=202)
        answer["Location"] = reverse("api-import", args=[batch_id])
        return answer


class ImportView(APIView):
    """One import."""

    capabilities = {"GET": IMPORT}

    @extend_schema(operation_id="imports_retrieve", responses=ImportSerializer)
    def get(self, request: Request, batch_id: UUID) -> Response:
        """How far an import is, or what became of it."""
        return Response(ImportSerializer(selectors.import_for(actor_of(request), batch_id)).data)


class RejectionsView(APIView):
    """The rejected rows of an import."""

    capabilities = {"GET": IMPORT}
    pagination_class = RejectionPages

    @extend_schema(operation_id="import_rejections_list", responses=RejectionSerializer(many=True))
    def get(self, request: Request, batch_id: UUID) -> Response:
        """Line, column and reason of each rejected row, without what stood there."""
        batch = selectors.import_for(actor_of(request), batch_id)
        pages = RejectionPages()
        rows = pages.paginate_queryset(batch.rejections.all(), request)
        return pages.get_paginated_response(RejectionSerializer(rows, many=True).data)


def _line(request: Request, code: str) -> UUID:
    for line in selectors.lines_of(actor_of(request)):
        if line.code == code:
            return line.pk
    raise NotFound(_("There is no business line “%(code)s”.") % {"code": code}, field="line")
