"""Notices and deliveries in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from comms import rules
from comms.dryruns.models import DryRunJob
from comms.models import Delivery, DeliveryEvent, Exclusion, Notice
from comms.rules import SENT, Criticality, Evidence
from comms.values import MAX_VALUE
from investors.rules.vocabulary import RISK_LEVELS
from templates_mgmt.rules import Language

CHANNELS = [channel.value for channel in SENT]
NOTICE_STATES = [state.value for state in rules.NoticeState]
DELIVERY_STATES = [state.value for state in rules.DeliveryState]
DRY_RUN_STATES = DryRunJob.State.values
REASON = "Why; the ledger keeps it."


class ChannelPlanSerializer(serializers.Serializer[Any]):
    """Channels used at once, then fallbacks one after another. What is left out comes from the
    criticality class."""

    parallel = serializers.ListField(
        child=serializers.ChoiceField(choices=CHANNELS),
        min_length=1,
        max_length=len(CHANNELS),
        help_text="Channels used at once.",
    )
    fallback = serializers.ListField(
        child=serializers.ChoiceField(choices=CHANNELS),
        required=False,
        max_length=len(CHANNELS),
        help_text="Channels used one after another while too few have got there.",
    )
    wait_seconds = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=7 * 86400,
        help_text="Seconds after the hand-over before the next fallback starts.",
    )
    until = serializers.ChoiceField(
        required=False,
        choices=[level.name.lower() for level in Evidence],
        help_text="The grade of evidence at which a channel has done its work.",
    )
    needed = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=len(CHANNELS),
        help_text="How many channels must get there before fallbacks are spared.",
    )


def touched(meaning: str) -> serializers.ListField:
    """Names of what investors use or hold."""
    return serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=200,
        help_text=meaning,
    )  # fmt: skip


class AudienceSerializer(serializers.Serializer[Any]):
    """A query for active investors of one business line. Every filter that is set must hold;
    within a filter any value will do."""

    line = serializers.CharField(
        required=False, max_length=50, help_text="Code of the business line; the wording's own."
    )
    languages = serializers.ListField(
        child=serializers.ChoiceField(choices=[language.value for language in Language]),
        required=False,
        max_length=len(Language),
    )
    risk_levels = serializers.ListField(
        child=serializers.ChoiceField(choices=list(RISK_LEVELS)),
        required=False,
        max_length=len(RISK_LEVELS),
    )
    account_flags = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=50
    )
    systems = touched("Systems that they use.")
    branches = touched("Branches that keep their accounts.")
    products = touched("Products that they hold.")
    channels = touched("Channels that they trade by.")
    hit = serializers.ChoiceField(
        required=False,
        choices=["any"],
        help_text="One of systems, branches, products and channels is enough, instead of all.",
    )
    ids = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=20_000,
        help_text="Only these investors, by pseudonym.",
    )
    everyone = serializers.BooleanField(
        required=False, help_text="Must be true when no filter is set."
    )


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "maxLength": MAX_VALUE},
            {
                "type": "object",
                "propertyNames": {"enum": [language.value for language in Language]},
                "additionalProperties": {"type": "string", "maxLength": MAX_VALUE},
            },
        ]
    }
)
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """One value: a text, or for words (type "text") a text for each language."""

    def to_internal_value(self, data: Any) -> Any:
        """A text, or a mapping of texts; what it must hold is for `comms.values`."""
        texts = data.values() if isinstance(data, dict) else [data]
        if not all(isinstance(text, str) and len(text) <= MAX_VALUE for text in texts):
            raise serializers.ValidationError(
                _("A text of at most %(limit)s characters, or one for each language.")
                % {"limit": MAX_VALUE}
            )
        return data

    def to_representation(self, value: Any) -> Any:
        """As it is kept."""
        return value


class DryRunSerializer(serializers.Serializer[Any]):
    """A dry run as it was kept. `changed`: what differs from the submission's, by name: then
    and now."""

    id = serializers.UUIDField()
    made_at = serializers.DateTimeField()
    summary = serializers.JSONField()
    changed = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    )


class DryRunJobSerializer(serializers.Serializer[Any]):
    """A dry run that workers make: `done` of `expected` investors are counted. `error_code` says
    why one failed."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(DRY_RUN_STATES)
    done = serializers.IntegerField()
    expected = serializers.IntegerField()
    rate_per_s = serializers.FloatField(allow_null=True)
    seconds_left = serializers.IntegerField(allow_null=True)
    error_code = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    dry_run = DryRunSerializer(allow_null=True)


class ReleaseInput(serializers.Serializer[Any]):
    """What a release accepts."""

    dry_run = serializers.UUIDField(
        required=False,
        source="dry_run_id",
        help_text="The dry run that is accepted; needed where it differs from the submission's.",
    )


class NoticeInput(serializers.Serializer[Any]):
    """A draft to be made."""

    version_id = serializers.UUIDField(help_text="An approved template version.")
    title = serializers.CharField(
        required=False, max_length=200, help_text="For the staff; the wording's title if absent."
    )
    criticality = serializers.ChoiceField(choices=[grade.value for grade in Criticality])
    channels = ChannelPlanSerializer()
    audience = AudienceSerializer()
    values = serializers.DictField(
        child=ValueField(),
        required=False,
        help_text="The placeholders that are entered for each notice, by name.",
    )
    reason = serializers.CharField(max_length=2000, help_text="Why investors must hear of it.")

    def validate_audience(self, value: dict[str, Any]) -> dict[str, Any]:
        """An empty query is a slip, not a wish."""
        narrowed = any(item for name, item in value.items() if name not in {"line", "everyone"})
        if not narrowed and not value.get("everyone"):
            raise serializers.ValidationError(
                "Set a filter, list investors, or say that it is for everyone.",
                code="audience_empty",
            )
        return {
            name: [str(item) for item in found] if name == "ids" else found
            for name, found in value.items()
        }


class ReasonInput(serializers.Serializer[Any]):
    """A step that must be explained."""

    reason = serializers.CharField(max_length=2000, help_text=REASON)


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice."""

    state = serializers.ChoiceField(choices=NOTICE_STATES)
    criticality = serializers.ChoiceField(choices=[grade.value for grade in Criticality])
    line = serializers.CharField(source="business_line.code", help_text="Code.")
    audience = serializers.JSONField(help_text="The frozen query.")
    values = serializers.JSONField(help_text="Placeholder values that all recipients share.")
    channels = serializers.JSONField(help_text="The channel plan.")
    dry_run = serializers.JSONField(help_text="What the preparer saw when submitting.")
    counts = serializers.JSONField(help_text="What was planned, and left out by reason.")

    class Meta:
        model = Notice
        fields = [
            "id",
            "code",
            "title",
            "state",
            "state_reason",
            "criticality",
            "topic",
            "line",
            "version_id",
            "content_hash",
            "audience",
            "values",
            "channels",
            "reason",
            "prepared_by_id",
            "prepared_at",
            "submitted_by_id",
            "submitted_at",
            "released_by_id",
            "released_at",
            "planned_at",
            "finished_at",
            "dry_run",
            "counts",
            "corrects_id",
            "exercise",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "code": {"help_text": "The check code that every message carries."},
            "content_hash": {"help_text": "SHA-256 of the approved content, hexadecimal."},
        }


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a notice is."""

    state = serializers.ChoiceField(choices=NOTICE_STATES)
    planned = serializers.BooleanField(help_text="Whether planning is over.")
    total = serializers.IntegerField(help_text="Deliveries needed; grows while planning goes on.")
    settled = serializers.IntegerField(help_text="Deliveries that need no more work.")
    by_state = serializers.DictField(child=serializers.IntegerField())
    by_channel_state = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField())
    )
    rate_per_s = serializers.FloatField(help_text="Hand-overs a second, of the last 20 seconds.")
    seconds_left = serializers.IntegerField(allow_null=True)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One recipient on one channel. The investor is a pseudonym; addresses are not given."""

    channel = serializers.ChoiceField(choices=CHANNELS)
    state = serializers.ChoiceField(choices=DELIVERY_STATES)
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            "id",
            "notice_id",
            "investor_id",
            "channel",
            "rank",
            "language",
            "state",
            "evidence",
            "due_at",
            "held_reason",
            "attempts",
            "handed_at",
            "provider",
            "provider_ref",
            "last_error",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_evidence(self, delivery: Delivery) -> str:
        """none, accepted, delivered, machine_opened, opened, viewed, acknowledged or answered."""
        return Evidence(delivery.evidence).name.lower()


class EventSerializer(serializers.ModelSerializer[DeliveryEvent]):
    """Something that happened to a delivery."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in rules.EventKind])
    detail = serializers.JSONField()

    class Meta:
        model = DeliveryEvent
        fields = [
            "id", "kind", "at", "recorded_at", "attempt", "provider", "provider_ref", "detail"
        ]  # fmt: skip
        read_only_fields = fields


class DeliveryDetailSerializer(DeliverySerializer):
    """One delivery with its events, oldest first."""

    events = EventSerializer(many=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "events"]
        read_only_fields = fields


class ExclusionSerializer(serializers.ModelSerializer[Exclusion]):
    """Why an investor does not get the notice on a channel; all channels when it is empty."""

    class Meta:
        model = Exclusion
        fields = ["id", "investor_id", "channel", "reason", "created_at"]
        read_only_fields = fields
