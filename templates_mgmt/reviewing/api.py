"""Reviews under /api/v1/: the queue, taking, comments."""

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
from core.roles import Capability
from templates_mgmt.models import TemplateVersion
from templates_mgmt.reviewed_api import KEEP, SEE, read, step_view
from templates_mgmt.reviewing import selectors, services
from templates_mgmt.reviewing.models import Comment
from templates_mgmt.selectors import version_for

DISCUSS = (Capability.TEMPLATES_REVIEW, Capability.TEMPLATES_DRAFT)


class QueueFilterSerializer(serializers.Serializer[object]):
    """What the queue may be narrowed to."""

    only = serializers.ChoiceField(choices=["mine", "free", "late"], required=False)


class WaitingSerializer(serializers.Serializer[Any]):
    """A version in review and the stage whose turn it is (from 0)."""

    version = serializers.UUIDField(source="version.id")
    template = serializers.UUIDField(source="version.template_id")
    number = serializers.IntegerField(source="version.number")
    content_hash = serializers.CharField(source="version.content_hash")
    stage = serializers.IntegerField(source="stage.number", allow_null=True, default=None)
    given = serializers.IntegerField(source="stage.given", allow_null=True, default=None)
    quorum = serializers.IntegerField(source="stage.stage.quorum", allow_null=True, default=None)
    group = serializers.CharField(source="stage.stage.group", allow_null=True, default=None)
    due_at = serializers.DateTimeField(source="version.due_at", allow_null=True)
    overdue = serializers.BooleanField()
    taken_by = serializers.UUIDField(source="version.taken_by_id", allow_null=True)
    may_decide = serializers.SerializerMethodField()

    def get_may_decide(self, row: selectors.Waiting) -> bool:
        """Whether the reader had no hand in it and has not approved it yet."""
        return not row.barred


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A remark on a place in the text; `start` and `end` count characters."""

    class Meta:
        model = Comment
        fields = [
            "id", "version", "place", "start", "end", "excerpt", "text", "user", "at",
            "settled_by", "settled_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewCommentSerializer(serializers.Serializer[object]):
    """A new remark."""

    text = serializers.CharField(max_length=2000)
    place = serializers.CharField(max_length=80, required=False, allow_blank=True)
    start = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)
    end = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)
    excerpt = serializers.CharField(max_length=200, required=False, allow_blank=True)


class TakenSerializer(serializers.ModelSerializer[TemplateVersion]):
    """Who has taken a review."""

    class Meta:
        model = TemplateVersion
        fields = ["id", "number", "taken_by", "due_at"]
        read_only_fields = fields


class ReviewsView(APIView):
    """The queue."""

    capabilities = SEE

    @extend_schema(
        operation_id="reviews_list",
        parameters=[QueueFilterSerializer],
        responses=WaitingSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Versions in review, the earliest due first; at most 200."""
        chosen = read(QueueFilterSerializer, request.query_params.dict())
        rows = selectors.queue(actor_of(request), clock.now(), **chosen)
        return Response(WaitingSerializer(rows, many=True).data)


class CommentsView(APIView):
    """The comments on a version."""

    capabilities = {"GET": SEE, "POST": DISCUSS}

    @extend_schema(operation_id="template_comments_list", responses=CommentSerializer(many=True))
    def get(self, request: Request, version_id: UUID) -> Response:
        """All comments on a version, oldest first."""
        version = version_for(actor_of(request), version_id)
        return Response(CommentSerializer(selectors.comments_of(version), many=True).data)

    @extend_schema(
        operation_id="template_comments_create",
        request=NewCommentSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: CommentSerializer},
    )
    @idempotent
    def post(self, request: Request, version_id: UUID) -> Response:
        """Remark on a version in review."""
        fields = read(NewCommentSerializer, request.data)
        made = services.comment(
            version_id=version_id, **fields, actor=actor_of(request), now=clock.now()
        )
        return Response(CommentSerializer(made).data, status=201)


def _taken(request: Request, version_id: UUID) -> Response:
    return Response(TakenSerializer(version_for(actor_of(request), version_id)).data)


def _comment(_request: Request, comment_id: UUID) -> Response:
    return Response(CommentSerializer(Comment.objects.get(pk=comment_id)).data)


TakeView = step_view(
    operation="template_versions_take", service=services.take, answer=_taken,
    answers=TakenSerializer, capabilities=KEEP,
)  # fmt: skip
GiveUpView = step_view(
    operation="template_versions_give_up", service=services.give_up, answer=_taken,
    answers=TakenSerializer, capabilities=KEEP,
)  # fmt: skip
SettleView = step_view(
    operation="template_comments_settle", service=services.settle, answer=_comment,
    answers=CommentSerializer, capabilities=KEEP, key="comment_id",
)  # fmt: skip
_VERSION = "template-versions/<uuid:version_id>/"
urlpatterns = [
    path("reviews/", ReviewsView.as_view(), name="api-reviews"),
    path(f"{_VERSION}take/", TakeView.as_view(), name="api-template-version-take"),
    path(f"{_VERSION}give-up/", GiveUpView.as_view(), name="api-template-version-give-up"),
    path(f"{_VERSION}comments/", CommentsView.as_view(), name="api-template-comments"),
    path(
        "template-comments/<uuid:comment_id>/settle/",
        SettleView.as_view(),
        name="api-template-comment-settle",
    ),
]
