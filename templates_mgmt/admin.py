"""The console: templates and what was decided about them, to look at only."""

from __future__ import annotations

from django.contrib import admin

from core.console import ReadOnlyAdmin, ReadOnlyInline
from templates_mgmt.models import (
    CarrierTemplate,
    Contributor,
    Decision,
    Filing,
    ReReview,
    Template,
    TemplateVersion,
    Variant,
)


class VariantInline(ReadOnlyInline):
    model = Variant


class ContributorInline(ReadOnlyInline):
    model = Contributor


class DecisionInline(ReadOnlyInline):
    model = Decision


class FilingInline(ReadOnlyInline):
    model = Filing


class CarrierInline(ReadOnlyInline):
    model = CarrierTemplate


class ReReviewInline(ReadOnlyInline):
    model = ReReview


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ["code", "name", "category", "topic_code", "business_line", "created_at"]
    list_filter = ["category", "business_line"]
    search_fields = ["code", "name"]


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin):
    list_display = ["template", "number", "state", "submitted_at", "decided_at"]
    list_filter = ["state"]
    list_select_related = ["template"]
    inlines = [
        VariantInline,
        ContributorInline,
        DecisionInline,
        FilingInline,
        CarrierInline,
        ReReviewInline,
    ]
