"""The console: templates and what was decided about them, to look at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from templates_mgmt.models import Contributor, Decision, Template, TemplateVersion, Variant


class ReadOnly(admin.options.BaseModelAdmin):
    """Regulated records: nobody adds, changes or deletes them here, superusers included."""

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False

    def has_delete_permission(self, *args: Any) -> bool:
        return False


class VariantInline(ReadOnly, admin.TabularInline):
    model = Variant


class ContributorInline(ReadOnly, admin.TabularInline):
    model = Contributor


class DecisionInline(ReadOnly, admin.TabularInline):
    model = Decision


@admin.register(Template)
class TemplateAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["code", "name", "category", "topic_code", "business_line", "created_at"]
    list_filter = ["category", "business_line"]
    search_fields = ["code", "name"]


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["template", "number", "state", "submitted_at", "decided_at"]
    list_filter = ["state"]
    list_select_related = ["template"]
    inlines = [VariantInline, ContributorInline, DecisionInline]
