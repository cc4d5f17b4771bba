"""The console: the ledger's objects, to look at only, superusers included.

Records are read on the portal's own pages, where reading them is recorded.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.models import Checkpoint, Export, Record, Verification


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nobody adds, changes or deletes these here."""

    show_full_result_count = False

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, *args: Any) -> bool:
        return False

    def has_delete_permission(self, *args: Any) -> bool:
        return False


@admin.register(Record)
class RecordAdmin(ReadOnly):
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("audit-list")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return redirect("record-detail", record_id=object_id)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    list_display = ["size", "signed_at"]
    fields = ["size", "signed_at", "note"]


@admin.register(Export)
class ExportAdmin(ReadOnly):
    list_display = ["id", "state", "notice", "period_from", "period_to", "requested_at", "records"]
    list_filter = ["state"]


@admin.register(Verification)
class VerificationAdmin(ReadOnly):
    list_display = ["started_at", "finished_at", "ok", "size"]
    list_filter = ["ok"]
