"""Links between risks, incidents, notices and alerts (R5)."""
