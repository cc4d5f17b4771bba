"""The console: incidents and their timelines, to look at only."""

from __future__ import annotations

from django.contrib import admin

from core.console import ReadOnlyAdmin
from crisis.incidents.models import Entry, Incident


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ["code", "title", "exercise", "state", "tier", "activated_at", "closed_at"]
    list_filter = ["state", "exercise", "nature"]
    search_fields = ["code", "title"]
    fields = [
        "code", "title", "exercise", "state", "state_reason", "nature", "scope", "tier", "cause",
        "since", "activated_at", "verified_at", "restored_at", "closed_at", "activated_by", "lead",
    ]  # fmt: skip


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["incident", "kind", "at", "recorded_at", "backdated", "author"]
    list_filter = ["kind", "backdated"]
    list_select_related = ["incident", "author"]
    fields = [
        "incident", "kind", "text", "detail", "at", "recorded_at", "written_at", "backdated",
        "author",
    ]  # fmt: skip
