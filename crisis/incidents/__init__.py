"""Incidents: what happened, since when, who leads, what was done (C1–C5, C8)."""
