"""Receipts: store what a provider says, apply it later, in bulk and in any order.

1. `store_receipt` authenticates a call and keeps it raw, sealed; a forged one is kept as refused.
2. `apply_pending` claims stored receipts, reads their events, locks the deliveries, drops what
   was told before, asks `rules.apply_event`, and writes statuses, events and ledger records in
   one transaction.
3. An event for a delivery that is still being handed over, or for a reference that nobody knows
   yet, waits: its receipt stays pending, and the events that were applied are recognised next
   time by their `dedupe`.

What an investor does in the portal (`record_view`, `acknowledge`) is an event too.
"""

from comms.services.receipts.applying import Applied, apply_dsn, apply_pending
from comms.services.receipts.reading import acknowledge, record_view
from comms.services.receipts.storing import MAX_BODY, open_body, store_receipt

__all__ = [
    "MAX_BODY",
    "Applied",
    "acknowledge",
    "apply_dsn",
    "apply_pending",
    "open_body",
    "record_view",
    "store_receipt",
]
