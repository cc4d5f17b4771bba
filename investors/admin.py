"""The console: topics can be changed; people, consents and imports are only to be looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core import clock
from investors import services
from investors.models import ConsentEntry, ConsentNotice, ImportBatch, Topic


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nobody adds, changes or deletes these here, superusers included."""

    show_full_result_count = False

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False

    def has_delete_permission(self, *args: Any) -> bool:
        return False


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["code", "name", "name_zh", "mandatory"]

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        return ["code"] if obj else []

    def has_delete_permission(self, *args: Any) -> bool:
        return False

    def save_model(self, request: Any, obj: Topic, form: ModelForm[Topic], change: bool) -> None:
        """Through the service, which records the change."""
        services.save_topic(topic=obj, actor=request.actor, now=clock.now())


@admin.register(ConsentNotice)
class ConsentNoticeAdmin(ReadOnly):
    list_display = ["purpose", "version", "language", "created_at"]
    list_filter = ["purpose", "language"]


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnly):
    list_display = ["occurred_at", "purpose", "action", "method", "source"]
    list_filter = ["purpose", "action", "method"]
    fields = [
        "purpose", "action", "notice", "method", "legal_basis", "place", "occurred_at",
        "recorded_at", "source",
    ]  # fmt: skip


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnly):
    list_display = ["file_name", "business_line", "state", "dry_run", "created_at", "finished_at"]
    list_filter = ["state", "dry_run"]
    list_select_related = ["business_line"]
    fields = [
        "file_name", "business_line", "state", "dry_run", "encoding", "size", "totals",
        "by_reason", "error", "created_at", "started_at", "finished_at",
    ]  # fmt: skip
