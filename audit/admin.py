"""The console: the ledger's objects, to look at only.

Records are read on the portal's own pages, where reading them is recorded.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.models import Checkpoint, Export, Record, Verification
from core.console import ReadOnlyAdmin


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("audit-list")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return redirect("record-detail", record_id=UUID(object_id))
        except ValueError:
            raise Http404 from None


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["size", "signed_at"]
    fields = ["size", "signed_at", "note"]


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    list_display = ["id", "state", "notice", "period_from", "period_to", "requested_at", "records"]
    list_filter = ["state"]


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "finished_at", "ok", "size"]
    list_filter = ["ok"]


from audit.access_review import admin as access_review_admin  # noqa: E402, F401
from audit.retention import admin as retention_admin  # noqa: E402, F401
