"""Making a sent message again, byte for byte, and proving that it is the one (L6).

A message depends on the approved wording (immutable), the notice's values (fixed at submission),
the recipient's values and address (sealed with the delivery), and on what `stamp.Stamp` holds:
the date, the addresses of the installation, the kind of provider. The commitment in the ledger
record of the hand-over is over the very bytes for the provider.
"""
