"""The console: access reviews, to look at only."""

from __future__ import annotations

from django.contrib import admin

from audit.access_review.models import AccessReview
from core.console import ReadOnlyAdmin


@admin.register(AccessReview)
class AccessReviewAdmin(ReadOnlyAdmin):
    list_display = ["period_from", "period_to", "state", "signed_at"]
    fields = ["period_from", "period_to", "state", "snapshot_hash", "signed_at", "statement"]
