"""Filing records and re-reviews under /api/v1/."""

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
from core.roles import Capability
from templates_mgmt.filing import rules, selectors, services
from templates_mgmt.filing.models import CarrierTemplate, Filing, ReReview
from templates_mgmt.reviewed_api import KEEP, SEE, read, step_view
from templates_mgmt.rules import Language
from templates_mgmt.selectors import version_for

DRAFT = (Capability.TEMPLATES_DRAFT,)
STATUSES = [each.value for each in rules.CarrierStatus]


class CarrierTemplateSerializer(serializers.Serializer[Any]):
    """The template that a carrier keeps for the SMS in one language."""

    language = serializers.ChoiceField(choices=[each.value for each in Language])
    carrier = serializers.CharField(max_length=60, allow_blank=True, default="")
    reference = serializers.CharField(
        source="template_id", max_length=80, allow_blank=True, default="",
        help_text="The template's id at the carrier.",
    )  # fmt: skip
    status = serializers.ChoiceField(choices=STATUSES)


class FilingTermsSerializer(serializers.Serializer[Any]):
    """What an author states about a version besides its words."""

    communication_class = serializers.ChoiceField(
        choices=[each.value for each in rules.CommunicationClass]
    )
    source = serializers.CharField(max_length=500, allow_blank=True, default="")  # type: ignore[assignment]
    effective_from = serializers.DateTimeField(allow_null=True, default=None)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)
    review_months = serializers.IntegerField(
        allow_null=True, default=None, min_value=1, max_value=rules.MAX_MONTHS
    )
    review_due = serializers.DateField(allow_null=True, default=None)
    revision = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class NewFilingSerializer(FilingTermsSerializer):
    """The terms with what the carriers keep."""

    carriers = CarrierTemplateSerializer(many=True, default=list)


class FilingSerializer(FilingTermsSerializer):
    """A filing record; blank hash while the version is a draft."""

    filing_hash = serializers.CharField(allow_blank=True)
    usable = serializers.ChoiceField(choices=[each.value for each in rules.Usable])
    carriers = CarrierTemplateSerializer(many=True)
    first_used = serializers.DateTimeField(allow_null=True)
    last_used = serializers.DateTimeField(allow_null=True)
    notices = serializers.IntegerField()
    class_in_effect = serializers.CharField(
        allow_blank=True, help_text="The class by what was sent (FINRA 2210(a)); blank without one."
    )
    investors_in_30_days = serializers.IntegerField(help_text="In the busiest 30 calendar days.")
    busiest_30_days_from = serializers.DateField(allow_null=True)
    investors = serializers.IntegerField(help_text="All that it ever went out to.")


class EarlierExpirySerializer(serializers.Serializer[object]):
    """An earlier expiry and why."""

    expires_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=2000)


class ReReviewSerializer(serializers.ModelSerializer[ReReview]):
    """An approved version that is looked at again."""

    cause = serializers.ChoiceField(choices=[each.value for each in rules.Cause])
    outcome = serializers.ChoiceField(
        choices=["", *(each.value for each in rules.Outcome)], allow_blank=True
    )

    class Meta:
        model = ReReview
        fields = [
            "id", "version", "cause", "subject", "opened_at", "closed_at", "closed_by", "outcome",
            "reason", "next_due",
        ]  # fmt: skip
        read_only_fields = fields


class StillRightSerializer(serializers.Serializer[object]):
    """Why a version is still right."""

    reason = serializers.CharField(max_length=2000)


def filing(request: Request, version_id: UUID) -> Response:
    """The filing record of a version, as an answer."""
    shown = selectors.shown(version_for(actor_of(request), version_id), clock.now())
    stored = shown.filing or Filing(
        communication_class=rules.CommunicationClass.RETAIL.value, review_months=None, revision=0
    )
    names = ("communication_class", "source", "effective_from", "expires_at", "review_months",
             "review_due", "revision", "filing_hash")  # fmt: skip
    found: dict[str, Any] = {name: getattr(stored, name) for name in names}
    found |= {
        "usable": shown.usable.value,
        "carriers": shown.carriers,
        "first_used": shown.use.first if shown.use else None,
        "last_used": shown.use.last if shown.use else None,
        "notices": shown.use.count if shown.use else 0,
        "class_in_effect": shown.class_in_effect,
        "investors_in_30_days": shown.reach.people if shown.reach else 0,
        "busiest_30_days_from": shown.reach.since if shown.reach else None,
        "investors": shown.reach.everybody if shown.reach else 0,
    }
    return Response(FilingSerializer(found).data)


class FilingView(APIView):
    """The filing record of a version."""

    capabilities = {"GET": SEE, "PUT": DRAFT}

    @extend_schema(operation_id="template_versions_filing", responses=FilingSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        """What is filed about a version, and when it was used."""
        return filing(request, version_id)

    @extend_schema(
        operation_id="template_versions_filing_save",
        request=NewFilingSerializer,
        responses=FilingSerializer,
    )
    def put(self, request: Request, version_id: UUID) -> Response:
        """Replace the filing record of a draft; 409 when somebody saved since `revision`."""
        terms = read(NewFilingSerializer, request.data)
        services.save_filing(
            version_id=version_id, **terms, actor=actor_of(request), now=clock.now()
        )
        return filing(request, version_id)


class ReReviewsView(APIView):
    """Open re-reviews."""

    capabilities = SEE

    @extend_schema(operation_id="rereviews_list", responses=ReReviewSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Approved versions that wait to be looked at again, the longest open first."""
        rows = selectors.open_rereviews(actor_of(request))
        return Response(ReReviewSerializer(rows, many=True).data)


def _kept(request: Request, rereview_id: UUID) -> Response:
    return Response(ReReviewSerializer(selectors.rereview_for(actor_of(request), rereview_id)).data)


def _of_filing(request: Request, filing_id: UUID) -> Response:
    return filing(request, Filing.objects.values_list("version", flat=True).get(pk=filing_id))


def _of_carrier(request: Request, row_id: UUID) -> Response:
    return filing(request, CarrierTemplate.objects.values_list("version", flat=True).get(pk=row_id))


ShortenView = step_view(
    operation="template_versions_filing_expiry", service=services.shorten, answer=_of_filing,
    answers=FilingSerializer, form=EarlierExpirySerializer,
)  # fmt: skip
CarrierView = step_view(
    operation="template_versions_filing_carrier", service=services.set_carrier,
    answer=_of_carrier, answers=FilingSerializer, form=CarrierTemplateSerializer,
    capabilities=(*DRAFT, *KEEP),
)  # fmt: skip
KeepView = step_view(
    operation="rereviews_keep", service=services.keep, answer=_kept, answers=ReReviewSerializer,
    form=StillRightSerializer, key="rereview_id",
)  # fmt: skip
_FILING = "template-versions/<uuid:version_id>/filing/"
urlpatterns = [
    path(_FILING, FilingView.as_view(), name="api-template-version-filing"),
    path(f"{_FILING}expiry/", ShortenView.as_view(), name="api-filing-expiry"),
    path(f"{_FILING}carrier/", CarrierView.as_view(), name="api-filing-carrier"),
    path("rereviews/", ReReviewsView.as_view(), name="api-rereviews"),
    path("rereviews/<uuid:rereview_id>/keep/", KeepView.as_view(), name="api-rereview-keep"),
]
