"""Exports as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audit.export.requests import SUBJECTS
from audit.export.rules import state_choices
from audit.models import Export
from core.errors import InvalidInput


class ExportSerializer(serializers.ModelSerializer[Export]):
    """A regulator export. `archive` and `manifest` are SHA-256 of the ZIP file and of the bag's
    payload manifest, in hexadecimal, once it is ready."""

    state = serializers.ChoiceField(choices=state_choices())

    class Meta:
        model = Export
        fields = [
            "id",
            *SUBJECTS,
            "period_from",
            "period_to",
            "reason",
            "recipient",
            "recipient_user",
            "watermark",
            "state",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
            "started_at",
            "finished_at",
            "expires_at",
            "ended_at",
            "total",
            "records",
            "missing",
            "checkpoint",
            "manifest",
            "archive",
            "error",
        ]
        read_only_fields = fields


class NewExportSerializer(serializers.Serializer[Any]):
    """What to export: one subject, a period [from, to), or a subject within a period."""

    notice = serializers.UUIDField(required=False)
    investor = serializers.UUIDField(required=False)
    template = serializers.UUIDField(required=False)
    incident = serializers.UUIDField(required=False)
    period_from = serializers.DateTimeField(required=False)
    period_to = serializers.DateTimeField(required=False)
    reason = serializers.CharField(max_length=500)
    recipient = serializers.CharField(max_length=200)
    recipient_user = serializers.UUIDField(
        required=False, help_text="The regulator's own account, if it has one."
    )

    def request(self) -> dict[str, Any]:
        """The arguments of `request_export`; call after validation."""
        data = dict(self.validated_data)
        since, until = data.pop("period_from", None), data.pop("period_to", None)
        if (since is None) != (until is None):
            missing = "period_to" if until is None else "period_from"
            raise InvalidInput("A period needs both of its ends.", field=missing)
        return {**data, "period": (since, until) if since and until else None}


class DecisionSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class ExportReasonSerializer(serializers.Serializer[Any]):
    """Why; mandatory."""

    reason = serializers.CharField(max_length=500)
