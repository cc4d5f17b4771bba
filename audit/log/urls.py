"""Routes of the ledger's pages, and of the log itself."""

from __future__ import annotations

from django.urls import path

from audit.log import public, views

public_urlpatterns = [
    path("checkpoint", public.checkpoint, name="ledger-checkpoint"),
    path("tile/<path:path>", public.tile, name="ledger-tile"),
    path("ledger/proven/", views.ledger_proven, name="ledger-proven"),
    path("ledger/policy", views.ledger_policy, name="ledger-policy"),
]

urlpatterns = [
    path("audit/ledger/", views.audit_ledger, name="audit-ledger"),
    path("audit/ledger/state/", views.audit_ledger_state, name="audit-ledger-state"),
    path("audit/ledger/witness-alarm/", views.witness_alarm_close, name="witness-alarm-close"),
    path("audit/ledger/verify/", views.audit_verify, name="audit-verify"),
    path("audit/ledger/stamps/<uuid:timestamp_id>/", views.ledger_stamp, name="audit-stamp"),
    path(
        "audit/ledger/stamps/<uuid:timestamp_id>/data/", views.ledger_stamped, name="audit-stamped"
    ),
    path("audit/records/<uuid:record_id>/leaf/", views.record_leaf, name="record-leaf"),
    *public_urlpatterns,
]
