"""Incidents under /api/v1/: the same services as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import CursorPages, actor_of
from core.idempotency import idempotent
from core.openapi import IDEMPOTENCY_KEY
from core.reviewed.api import read
from core.roles import Capability as C
from crisis.incidents import rules, selectors
from crisis.incidents.models import Attachment, Entry, Incident
from crisis.incidents.services import attaching, deciding, ending, staffing, writing
from crisis.incidents.services.activating import activate

STATES = [state.value for state in rules.State]
NATURES = [nature.value for nature in rules.Nature]
ENTRY_KINDS = [kind.value for kind in rules.EntryKind]
MOMENTS = [kind.value for kind in rules.BY_HAND]
FILTERS = ["open", *STATES]
Form = type[serializers.Serializer[Any]]


def words_field(*, required: bool = True) -> serializers.CharField:
    """Words for the timeline."""
    return serializers.CharField(
        max_length=rules.MAX_ENTRY, required=required, allow_blank=not required
    )


class IncidentScopeSerializer(serializers.Serializer[Any]):
    """What is hit."""

    systems = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    branches = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    products = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    channels = serializers.ListField(child=serializers.CharField(max_length=100), required=False)
    investors = serializers.IntegerField(
        required=False, min_value=0, max_value=10**9, help_text="An estimate."
    )


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """One incident, or one exercise of one."""

    state = serializers.ChoiceField(choices=STATES)
    nature = serializers.ChoiceField(choices=NATURES, allow_blank=True)
    scope = IncidentScopeSerializer()
    tier = serializers.CharField(help_text="A level of the frozen plan; blank until verified.")

    class Meta:
        model = Incident
        fields = [
            "id", "code", "title", "exercise", "state", "state_reason", "nature", "scope", "tier",
            "cause", "since", "activated_at", "verified_at", "restored_at", "closed_at",
            "activated_by", "lead",
        ]  # fmt: skip
        read_only_fields = fields


class NewIncidentSerializer(serializers.Serializer[Any]):
    """A new incident; all but the title may come later."""

    title = serializers.CharField(max_length=200)
    since = serializers.DateTimeField(required=False)
    nature = serializers.ChoiceField(choices=NATURES, required=False)
    scope = IncidentScopeSerializer(required=False)
    exercise = serializers.BooleanField(default=False)


class VerifyIncidentSerializer(serializers.Serializer[Any]):
    """Nature, scope, and the tier where it is not the one that the plan's rule gives."""

    nature = serializers.ChoiceField(choices=NATURES)
    scope = IncidentScopeSerializer()
    tier = serializers.CharField(max_length=40, required=False, allow_blank=True)
    reason = words_field(required=False)


class IncidentTierSerializer(serializers.Serializer[Any]):
    """Another tier, and why."""

    tier = serializers.CharField(max_length=40)
    reason = words_field()


class IncidentReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = words_field()


class RestoreIncidentSerializer(serializers.Serializer[Any]):
    """Since when it works again."""

    at = serializers.DateTimeField(required=False)
    words = words_field(required=False)


class CloseIncidentSerializer(serializers.Serializer[Any]):
    """Closing words, and why it is closed although duties are open."""

    words = words_field()
    despite = words_field(required=False)


class IncidentMomentSerializer(serializers.Serializer[Any]):
    """A moment at which duties begin."""

    kind = serializers.ChoiceField(choices=MOMENTS)
    at = serializers.DateTimeField(required=False)
    note = words_field(required=False)


class IncidentRoleSerializer(serializers.Serializer[Any]):
    """Who has a role; null: nobody any more."""

    role = serializers.CharField(max_length=40, help_text="A role of the frozen plan, or “lead”.")
    person_id = serializers.UUIDField(allow_null=True)


class IncidentDuplicateSerializer(serializers.Serializer[Any]):
    """The incident that this one is a duplicate of."""

    into_id = serializers.UUIDField()


class IncidentFileSerializer(serializers.ModelSerializer[Attachment]):
    """A photo or file of a line."""

    class Meta:
        model = Attachment
        fields = ["id", "name", "content_type", "size", "sha256"]
        read_only_fields = fields


class IncidentEntrySerializer(serializers.ModelSerializer[Entry]):
    """One line of the timeline."""

    kind = serializers.ChoiceField(choices=ENTRY_KINDS)
    attachments = IncidentFileSerializer(many=True)

    class Meta:
        model = Entry
        fields = [
            "id", "kind", "text", "at", "recorded_at", "written_at", "backdated", "author",
            "client_id", "attachments",
        ]  # fmt: skip
        read_only_fields = fields


class NewIncidentEntrySerializer(serializers.Serializer[Any]):
    """One line to write. With a `client_id`, sending it again is harmless."""

    text = serializers.CharField(max_length=rules.MAX_ENTRY)
    at = serializers.DateTimeField(required=False, help_text="When it happened.")
    written_at = serializers.DateTimeField(
        required=False, help_text="When it was typed, if that was without a network."
    )
    client_id = serializers.UUIDField(required=False)


def shown(request: Request, incident_id: UUID, status: int = 200) -> Response:
    """An incident, as an answer."""
    incident = selectors.incident_for(actor_of(request), incident_id)
    return Response(IncidentSerializer(incident).data, status=status)


class IncidentsView(ListAPIView[Incident]):
    """All incidents."""

    capabilities = {"GET": (C.CRISIS_VIEW,), "POST": (C.CRISIS_ACTIVATE,)}
    serializer_class = IncidentSerializer
    pagination_class = CursorPages
    queryset = Incident.objects.none()

    def get_queryset(self) -> Any:
        """Those of one state, of all open ones, or all."""
        wanted = self.request.query_params.get("state", "")
        state = wanted if wanted in FILTERS else ""
        filters = selectors.IncidentFilter(state=state)
        return selectors.incidents(actor_of(self.request), filters)

    @extend_schema(
        operation_id="incidents_list",
        parameters=[OpenApiParameter("state", str, enum=FILTERS, required=False)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Incidents, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="incidents_create",
        request=NewIncidentSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: IncidentSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Start an incident; its clocks start at once."""
        fields = read(NewIncidentSerializer, request.data)
        incident = activate(**fields, actor=actor_of(request), now=clock.now())
        answer = shown(request, incident.pk, 201)
        answer["Location"] = reverse("api-incident", args=[incident.pk])
        return answer


class IncidentView(APIView):
    """One incident."""

    capabilities = (C.CRISIS_VIEW,)

    @extend_schema(operation_id="incidents_read", responses=IncidentSerializer)
    def get(self, request: Request, incident_id: UUID) -> Response:
        """An incident as it stands."""
        return shown(request, incident_id)


class IncidentEntriesView(ListAPIView[Entry]):
    """The timeline of an incident."""

    capabilities = {"GET": (C.CRISIS_VIEW,), "POST": (C.CRISIS_LOG,)}
    serializer_class = IncidentEntrySerializer
    pagination_class = CursorPages
    queryset = Entry.objects.none()

    def get_queryset(self) -> Any:
        """The lines, by the order in which they were written."""
        incident = selectors.incident_for(actor_of(self.request), self.kwargs["incident_id"])
        return selectors.entries_of(incident)

    @extend_schema(operation_id="incident_entries_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Lines, the newest written first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="incident_entries_create",
        request=NewIncidentEntrySerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: IncidentEntrySerializer},
    )
    @idempotent
    def post(self, request: Request, incident_id: UUID) -> Response:
        """Write a line. The same `client_id` again answers the line that is there."""
        fields = read(NewIncidentEntrySerializer, request.data)
        entry = writing.log(
            incident_id=incident_id, **fields, actor=actor_of(request), now=clock.now()
        )
        return Response(IncidentEntrySerializer(entry).data, status=201)


def move(verb: str, service: Callable[..., Any], form: Form | None, what: str) -> type[APIView]:
    """The view of one move: POST, answers the incident that it leads to."""

    class MoveView(APIView):
        capabilities = (C.CRISIS_LOG,) if verb == "lead" else (C.CRISIS_RUN,)

        @extend_schema(
            operation_id=f"incidents_{verb}",
            request=form,
            parameters=[IDEMPOTENCY_KEY],
            responses=IncidentSerializer,
            description=what,
        )
        @idempotent
        def post(self, request: Request, incident_id: UUID) -> Response:
            fields = read(form, request.data) if form else {}
            after = service(
                incident_id=incident_id, **fields, actor=actor_of(request), now=clock.now()
            )
            return shown(request, after.pk)

    MoveView.__doc__ = what
    return MoveView


MOVES: dict[str, tuple[Callable[..., Any], Form | None, str]] = {
    "verify": (deciding.verify, VerifyIncidentSerializer, "Say what it is and what it hits."),
    "tier": (deciding.change_tier, IncidentTierSerializer, "Change the tier."),
    "moments": (deciding.record_moment, IncidentMomentSerializer,
                "Record a moment at which duties begin."),
    "restore": (ending.restore, RestoreIncidentSerializer, "What failed works again."),
    "relapse": (ending.relapse, IncidentReasonSerializer, "It failed again."),
    "close": (ending.close, CloseIncidentSerializer, "Close a restored incident."),
    "dismiss": (deciding.dismiss, IncidentReasonSerializer, "It was a false alarm."),
    "roles": (staffing.assign_role, IncidentRoleSerializer, "Give a role to somebody."),
    "lead": (staffing.take_lead, None, "Take the lead."),
    "duplicate": (attaching.attach_duplicate, IncidentDuplicateSerializer,
                  "It is the same as another incident, which is answered."),
}  # fmt: skip

_ONE = "incidents/<uuid:incident_id>/"
urlpatterns = [
    path("incidents/", IncidentsView.as_view(), name="api-incidents"),
    path(_ONE, IncidentView.as_view(), name="api-incident"),
    path(f"{_ONE}entries/", IncidentEntriesView.as_view(), name="api-incident-entries"),
    *(
        path(f"{_ONE}{verb}/", move(verb, *given).as_view(), name=f"api-incident-{verb}")
        for verb, given in MOVES.items()
    ),
]
