"""The console: notices, deliveries and receipts, to look at only.

Line restrictions and the recording of views live on the portal's pages, so notices and
deliveries lead there; here is what an operator needs: providers' calls and what came of them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from comms.models import Delivery, Notice, RawReceipt
from core.console import ReadOnlyAdmin


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("notice-list")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return redirect("notice-detail", notice_id=_id(object_id))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("notice-list")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return redirect("delivery-detail", delivery_id=_id(object_id))


@admin.register(RawReceipt)
class RawReceiptAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "provider", "signature_ok", "processed_at", "error"]
    list_filter = ["provider", "signature_ok"]
    fields = ["provider", "received_at", "signature_ok", "processed_at", "error", "headers"]


def _id(object_id: str) -> UUID:
    try:
        return UUID(object_id)
    except ValueError:
        raise Http404 from None
