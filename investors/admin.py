"""The console: topics can be changed; wordings are shown. Consents and imports show only to an
administrator who also works in all business lines: the role alone gives no content rights."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core import clock
from core.console import ConsoleAdmin, ReadOnlyAdmin
from core.roles import Capability
from investors import services
from investors.erasure.models import ErasureRequest
from investors.models import ConsentEntry, ConsentNotice, ImportBatch, Topic


@admin.register(Topic)
class TopicAdmin(ConsoleAdmin):
    list_display = ["code", "name", "name_zh", "mandatory"]

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        return ["code"] if obj else []

    def save_model(self, request: Any, obj: Topic, form: ModelForm[Topic], change: bool) -> None:
        """Through the service, which records the change."""
        services.save_topic(topic=obj, actor=request.actor, now=clock.now())


@admin.register(ConsentNotice)
class ConsentNoticeAdmin(ReadOnlyAdmin):
    list_display = ["purpose", "version", "language", "created_at"]
    list_filter = ["purpose", "language"]


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnlyAdmin):
    capability = Capability.LINES_ALL
    list_display = ["occurred_at", "purpose", "action", "method", "source"]
    list_filter = ["purpose", "action", "method"]
    fields = [
        "purpose", "action", "notice", "method", "legal_basis", "place", "occurred_at",
        "recorded_at", "source",
    ]  # fmt: skip


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    capability = Capability.LINES_ALL
    list_display = ["file_name", "business_line", "state", "dry_run", "created_at", "finished_at"]
    list_filter = ["state", "dry_run"]
    list_select_related = ["business_line"]
    fields = [
        "file_name", "business_line", "state", "dry_run", "encoding", "size", "totals",
        "by_reason", "error", "created_at", "started_at", "finished_at",
    ]  # fmt: skip


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    capability = Capability.LINES_ALL
    list_display = ["investor", "state", "ground", "requested_at", "answer_due", "decided_at"]
    list_filter = ["state", "ground"]
    fields = [
        "investor", "state", "ground", "kept_because", "requested_by", "requested_at",
        "answer_due", "decided_by", "decided_at",
    ]  # fmt: skip
