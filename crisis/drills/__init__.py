"""Drills: exercises on the same workflow, scored against the clocks (C12)."""
