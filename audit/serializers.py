"""Records and proofs as the API shows them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.browsing.rules import Outcome, RecordFilter
from audit.selectors import InclusionProof, Listed, RecordDetail


@extend_schema_field({"type": "string", "format": "byte"})
class Base64Field(serializers.Field[bytes, str, str, Any]):
    """Bytes as base64."""

    def to_representation(self, value: bytes) -> str:
        return b64encode(value).decode()


class RecordFilterSerializer(serializers.Serializer[Any]):
    """The filters of the list, as query parameters."""

    q = serializers.CharField(required=False, max_length=200, help_text="See the audit page.")
    action = serializers.CharField(required=False, max_length=80)
    actor = serializers.CharField(required=False, max_length=120)
    outcome = serializers.ChoiceField(
        required=False, choices=list(Outcome), help_text="How what it tells of ended."
    )
    channel = serializers.SlugField(required=False, max_length=40)
    kind = serializers.SlugField(
        required=False,
        max_length=40,
        help_text="What it is about: notice, delivery, investor, template, version, incident, "
        "staff, object, or the kind of an `object` (the part before its colon).",
    )
    notice = serializers.UUIDField(required=False)
    delivery = serializers.UUIDField(required=False)
    investor = serializers.UUIDField(required=False)
    template = serializers.UUIDField(required=False)
    version = serializers.UUIDField(required=False)
    incident = serializers.UUIDField(required=False)
    staff = serializers.UUIDField(required=False)
    object = serializers.CharField(required=False, max_length=200)
    since = serializers.DateTimeField(required=False, help_text="Recorded at or after.")
    until = serializers.DateTimeField(required=False, help_text="Recorded before.")
    as_of = serializers.DateTimeField(
        required=False, help_text="Nothing recorded after this instant."
    )

    def filters(self) -> RecordFilter:
        """The filters in force; call after validation."""
        data = dict(self.validated_data)
        return RecordFilter(text=data.pop("q", ""), **data)


class RecordSerializer(serializers.Serializer[Listed]):
    """One record in a list; `index` is null while it waits for the sequencer."""

    id = serializers.UUIDField(source="record.id")
    index = serializers.IntegerField(allow_null=True)
    occurred_at = serializers.DateTimeField(source="record.occurred_at")
    recorded_at = serializers.DateTimeField(source="record.recorded_at")
    action = serializers.CharField(source="record.action")
    outcome = serializers.ChoiceField(choices=list(Outcome))
    actor = serializers.CharField(source="record.actor")
    notice = serializers.UUIDField(source="record.notice", allow_null=True)
    delivery = serializers.UUIDField(source="record.delivery", allow_null=True)
    investor = serializers.UUIDField(source="record.investor", allow_null=True)
    template = serializers.UUIDField(source="record.template", allow_null=True)
    version = serializers.UUIDField(source="record.version", allow_null=True)
    incident = serializers.UUIDField(source="record.incident", allow_null=True)
    staff = serializers.UUIDField(source="record.staff", allow_null=True)
    object = serializers.CharField(source="record.object", allow_null=True)
    payload = serializers.DictField(source="record.content")


class RecordDetailSerializer(serializers.Serializer[RecordDetail]):
    """One record with the exact bytes that the log commits to."""

    record = serializers.SerializerMethodField()
    leaf = Base64Field(help_text="The leaf data (canonical JSON), base64.")

    @extend_schema_field(RecordSerializer)
    def get_record(self, detail: RecordDetail) -> dict[str, Any]:
        index = detail.proof.index if detail.proof else None
        return dict(RecordSerializer(Listed(detail.record, index, detail.actor)).data)


class ProofSerializer(serializers.Serializer[InclusionProof]):
    """An inclusion proof (RFC 6962) at the newest checkpoint."""

    index = serializers.IntegerField()
    leaf_hash = Base64Field(source="leaf")
    path = serializers.ListField(child=Base64Field())
    size = serializers.IntegerField()
    root = Base64Field()  # type: ignore[assignment]
    checkpoint = serializers.CharField(help_text="The signed note (C2SP tlog-checkpoint).")
