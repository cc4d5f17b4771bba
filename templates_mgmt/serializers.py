"""Templates as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from templates_mgmt import lint, rules, selectors
from templates_mgmt.lexicon.selectors import in_force
from templates_mgmt.models import Template, TemplateVersion, Variant
from templates_mgmt.settings import link_hosts
from templates_mgmt.writing.selectors import justified


def _choices(members: Any) -> list[str]:
    return [member.value for member in members]


STATES = _choices(rules.State)
LANGUAGES = _choices(rules.Language)
CHANNELS = _choices(rules.Channel)


class TemplateFilterSerializer(serializers.Serializer[object]):
    """What a list of templates may be narrowed by."""

    state = serializers.ChoiceField(choices=STATES, required=False)
    category = serializers.ChoiceField(choices=_choices(rules.Category), required=False)
    line = serializers.SlugField(required=False, help_text="Code of the business line.")
    search = serializers.CharField(required=False, max_length=120)


class TemplateSerializer(serializers.ModelSerializer[Template]):
    """A template and where its versions stand."""

    newest_version = serializers.UUIDField(source="newest_id", allow_null=True)
    newest_number = serializers.IntegerField(allow_null=True)
    newest_state = serializers.ChoiceField(choices=STATES, allow_null=True)
    approved_number = serializers.IntegerField(allow_null=True)
    category = serializers.ChoiceField(choices=_choices(rules.Category))

    class Meta:
        model = Template
        fields = [
            "id", "code", "name", "category", "topic_code", "business_line", "created_by",
            "created_at", "newest_version", "newest_number", "newest_state", "approved_number",
        ]  # fmt: skip
        read_only_fields = fields


class NewTemplateSerializer(serializers.Serializer[object]):
    """A new template; its first version is a blank draft."""

    code = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120)
    category = serializers.ChoiceField(choices=_choices(rules.Category))
    topic_code = serializers.CharField(max_length=60)
    business_line = serializers.UUIDField()


class FactsSerializer(serializers.Serializer[object]):
    """The fact block of one language."""

    title = serializers.CharField(allow_blank=True, default="", max_length=1000)
    key_points = serializers.ListField(
        child=serializers.CharField(allow_blank=True, max_length=500), default=list, max_length=50
    )
    action = serializers.CharField(allow_blank=True, default="", max_length=1000)
    deadline = serializers.CharField(allow_blank=True, default="", max_length=1000)
    risk = serializers.CharField(allow_blank=True, default="", max_length=1000)


class PlaceholderSerializer(serializers.Serializer[object]):
    """A declared placeholder."""

    name = serializers.CharField(max_length=40)
    type = serializers.ChoiceField(
        choices=_choices(rules.PlaceholderType), default=rules.PlaceholderType.TEXT.value
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=_choices(rules.Source), default=rules.Source.NOTICE.value
    )
    example = serializers.CharField(allow_blank=True, default="", max_length=200)
    examples = serializers.DictField(child=serializers.CharField(max_length=200), required=False)
    personal = serializers.BooleanField(default=False)


class VariantSerializer(serializers.ModelSerializer[Variant]):
    """The words for one channel in one language."""

    channel = serializers.ChoiceField(choices=CHANNELS)
    language = serializers.ChoiceField(choices=LANGUAGES)
    subject = serializers.CharField(allow_blank=True, default="", max_length=200)
    body = serializers.CharField(allow_blank=True, max_length=rules.MAX_LENGTH["body"])
    body_html = serializers.CharField(
        allow_blank=True, default="", max_length=rules.MAX_LENGTH["body_html"]
    )

    class Meta:
        model = Variant
        fields = ["channel", "language", "subject", "body", "body_html"]


class DraftSerializer(serializers.Serializer[object]):
    """All the words of a draft; `revision` is the one that the editor started from."""

    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    facts = serializers.DictField(
        child=FactsSerializer(), help_text="By language: zh-hans, en, zh-hant."
    )
    placeholders = PlaceholderSerializer(many=True)
    variants = VariantSerializer(many=True)
    note = serializers.CharField(allow_blank=True, default="", max_length=2000)


class NewVersionSerializer(serializers.Serializer[object]):
    """A new draft; the newest version is copied when `based_on` is absent."""

    based_on = serializers.UUIDField(required=False)


class ApprovalSerializer(serializers.Serializer[object]):
    """An approval of exactly the content that was shown."""

    shown_hash = serializers.RegexField(r"^[0-9a-f]{64}$")
    reason = serializers.CharField(allow_blank=True, default="", max_length=2000)


class ReasonSerializer(serializers.Serializer[object]):
    """The reason of a decision."""

    reason = serializers.CharField(max_length=2000)


class FindingSerializer(serializers.Serializer[object]):
    """Something to mend, and where."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=_choices(lint.Severity))
    place = serializers.CharField(help_text="channel/language/field; blank for the whole version.")
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()
    fix = serializers.CharField()
    excerpt = serializers.CharField(allow_blank=True)
    fingerprint = serializers.CharField(help_text="Of the finding and the text it is in.")
    overridable = serializers.BooleanField(help_text="Whether it may stand with a reason.")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it may stand; blank when nobody said so."
    )


class VersionSerializer(serializers.ModelSerializer[TemplateVersion]):
    """A version without its words."""

    state = serializers.ChoiceField(choices=STATES)

    class Meta:
        model = TemplateVersion
        fields = [
            "id", "template", "number", "state", "revision", "content_hash", "based_on", "note",
            "created_by", "created_at", "edited_by", "edited_at", "submitted_by", "submitted_at",
            "decided_by", "decided_at", "reason",
        ]  # fmt: skip
        read_only_fields = fields


class VersionContentSerializer(VersionSerializer):
    """A version with its words and what lint says about them."""

    facts = serializers.DictField(child=FactsSerializer())
    placeholders = PlaceholderSerializer(many=True)
    variants = VariantSerializer(many=True)
    contributors = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = [
            *VersionSerializer.Meta.fields,
            "facts", "placeholders", "variants", "contributors", "findings",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_contributors(self, version: TemplateVersion) -> list[str]:
        """Ids of the people who cannot approve this version."""
        return [str(row.user_id) for row in version.contributors.all()]

    @extend_schema_field(FindingSerializer(many=True))
    def get_findings(self, version: TemplateVersion) -> list[dict[str, Any]]:
        """What lint says about the words, with the reasons given for what may stand."""
        content, reasons = selectors.content_of(version), justified(version)
        found = []
        for item in lint.lint(content, in_force(), link_hosts()):
            fingerprint = lint.fingerprint(item, content)
            given = reasons.get(fingerprint)
            found.append(
                {
                    **lint.as_dict(item),
                    "fingerprint": fingerprint,
                    "overridable": item.code in lint.OVERRIDABLE,
                    "reason": given.reason if given else "",
                }
            )
        return found
