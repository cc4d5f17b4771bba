"""Investors and imports as JSON: masked, as on the pages."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from investors import rules, selectors
from investors.models import Channel, ConsentEntry, ImportBatch, ImportRejection, Investor

MAX_MAPPING = 100_000  # characters


@extend_schema_field(
    {"type": ["string", "null"], "pattern": r"^\d\d:\d\d:\d\d$", "description": "Local time."}
)
class LocalTimeField(serializers.TimeField):
    """A time of day without a zone, which is not what OpenAPI calls a time."""


@extend_schema_field(OpenApiTypes.BINARY)
class UploadField(serializers.FileField):
    """A file as a part of a form."""


class InvestorFilterSerializer(serializers.Serializer[object]):
    """What a list of investors may be narrowed by."""

    line = serializers.SlugField(required=False, help_text="Code of the business line.")
    language = serializers.ChoiceField(choices=Investor.Language.values, required=False)
    risk_level = serializers.ChoiceField(choices=list(rules.RISK_LEVELS), required=False)
    reach = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2,
        help_text="How many of SMS and e-mail can be used.",
    )
    q = serializers.CharField(
        required=False,
        max_length=254,
        help_text="A complete customer number, phone number or e-mail address. Recorded.",
    )


class InvestorSerializer(serializers.ModelSerializer[Investor]):
    """One investor in a list; `profiles` in the context has the masked names."""

    line = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        source="business_line", slug_field="code", read_only=True
    )
    ref = serializers.SerializerMethodField(help_text="Masked; null once erased.")
    name = serializers.SerializerMethodField(help_text="Masked; null once erased.")
    quiet_from = LocalTimeField(allow_null=True)
    quiet_to = LocalTimeField(allow_null=True)
    preferred_channels = serializers.ListField(child=serializers.CharField())
    account_flags = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Investor
        fields = [
            "id", "line", "ref", "name", "status", "language", "time_zone", "risk_level",
            "cadence", "preferred_channels", "quiet_from", "quiet_to", "account_flags",
            "opened_on", "reach", "created_at", "updated_at",
        ]  # fmt: skip

    def get_ref(self, investor: Investor) -> str | None:
        profile = self.context["profiles"].get(investor.pk)
        return profile.ref if profile else None

    def get_name(self, investor: Investor) -> str | None:
        profile = self.context["profiles"].get(investor.pk)
        return profile.name if profile else None


class ContactSerializer(serializers.Serializer[object]):
    """A masked contact."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["phone", "email"])
    masked = serializers.CharField()
    state = serializers.CharField()
    suppressed_reason = serializers.CharField(allow_blank=True)
    in_use = serializers.BooleanField()
    shared = serializers.IntegerField(help_text="How many other investors have the same one.")


class PreferenceSerializer(serializers.Serializer[object]):
    """Whether a topic is wanted on a channel."""

    topic = serializers.SlugField()
    channel = serializers.ChoiceField(choices=[channel.value for channel in Channel])
    wanted = serializers.BooleanField()


class TopicRowSerializer(serializers.Serializer[object]):
    """A topic and the channels on which it is wanted."""

    topic = serializers.CharField(source="topic.code")
    locked = serializers.BooleanField()
    why = serializers.CharField(allow_blank=True)
    channels = serializers.SerializerMethodField()

    def get_channels(self, row: selectors.MatrixRow) -> dict[str, bool]:
        return {str(cell.channel): cell.wanted for cell in row.cells}


class StandingSerializer(serializers.Serializer[object]):
    """Where a purpose of consent stands."""

    purpose = serializers.CharField()
    granted = serializers.BooleanField()
    contractual = serializers.BooleanField()


class InvestorDetailSerializer(InvestorSerializer):
    """One investor with contacts, preferences and consents."""

    contacts = serializers.SerializerMethodField()
    preferences = serializers.SerializerMethodField()
    consents = serializers.SerializerMethodField()

    class Meta(InvestorSerializer.Meta):
        fields = [*InvestorSerializer.Meta.fields, "contacts", "preferences", "consents"]

    @extend_schema_field(ContactSerializer(many=True))
    def get_contacts(self, investor: Investor) -> Any:
        found = selectors.masked_contacts(investor)
        return ContactSerializer([contact._asdict() for contact in found], many=True).data

    @extend_schema_field(TopicRowSerializer(many=True))
    def get_preferences(self, investor: Investor) -> Any:
        return TopicRowSerializer(selectors.preference_matrix(investor.pk), many=True).data

    @extend_schema_field(StandingSerializer(many=True))
    def get_consents(self, investor: Investor) -> Any:
        return StandingSerializer(selectors.consents(investor.pk), many=True).data


class ConsentEntrySerializer(serializers.ModelSerializer[ConsentEntry]):
    """One entry of the consent ledger."""

    class Meta:
        model = ConsentEntry
        fields = [
            "id", "purpose", "action", "notice", "method", "legal_basis", "place", "occurred_at",
            "recorded_at", "source",
        ]  # fmt: skip


class ConsentActSerializer(serializers.Serializer[object]):
    """Consent given or withdrawn."""

    act = serializers.ChoiceField(choices=["give", "withdraw"])
    purpose = serializers.ChoiceField(choices=list(rules.PURPOSES))
    method = serializers.ChoiceField(choices=["phone", "paper", "branch"])
    notice_id = serializers.UUIDField(required=False, help_text="The consent text that was shown.")


class ImportSerializer(serializers.ModelSerializer[ImportBatch]):
    """One import; `totals` counts rows, `by_reason` the rejected ones by their first problem."""

    line = serializers.SlugRelatedField(  # type: ignore[var-annotated]
        source="business_line", slug_field="code", read_only=True
    )
    totals = serializers.DictField(child=serializers.IntegerField())
    by_reason = serializers.DictField(child=serializers.IntegerField())
    columns = serializers.SerializerMethodField(help_text="Field to column of the file.")

    class Meta:
        model = ImportBatch
        fields = [
            "id", "file_name", "size", "encoding", "line", "state", "dry_run", "columns", "totals",
            "by_reason", "rows_expected", "error", "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    def get_columns(self, batch: ImportBatch) -> dict[str, str | None]:
        return dict(batch.mapping.get("columns", {}))


class NewImportSerializer(serializers.Serializer[object]):
    """A file to import."""

    file = UploadField(help_text="CSV or XLSX in any encoding.")
    line = serializers.SlugField(help_text="Code of the business line.")
    dry_run = serializers.BooleanField(default=False)
    mapping = serializers.CharField(
        required=False,
        max_length=MAX_MAPPING,
        help_text='JSON: {"columns": {field: column or null}, "values": {field: {word: word}}, '
        '"encoding": "", "delimiter": ""}. What is absent is guessed.',
    )

    def validate_mapping(self, text: str) -> dict[str, Any]:
        try:
            mapping = json.loads(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if not isinstance(mapping, dict):
            raise serializers.ValidationError("An object is expected.")
        return mapping


class RejectionSerializer(serializers.ModelSerializer[ImportRejection]):
    """A row that was not imported. What stood in it is only in the downloaded file."""

    class Meta:
        model = ImportRejection
        fields = ["id", "line", "column", "code", "problems"]
