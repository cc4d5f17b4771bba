"""When an incident starts by itself: criteria as reviewed data, and signals (C1)."""
