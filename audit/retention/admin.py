"""The console: the schedule, holds and proposals, to look at only."""

from __future__ import annotations

from django.contrib import admin

from audit.retention.models import LegalHold, RetentionProposal, RetentionSchedule
from core.console import ReadOnlyAdmin


@admin.register(RetentionSchedule)
class RetentionScheduleAdmin(ReadOnlyAdmin):
    list_display = ["number", "state", "drafted_at", "decided_at"]
    list_filter = ["state"]


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    list_display = ["matter", "scope", "placed_at", "released_at"]
    list_filter = ["scope"]


@admin.register(RetentionProposal)
class RetentionProposalAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "state", "decided_at", "finished_at"]
    list_filter = ["state"]
