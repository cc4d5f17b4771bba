"""Calling people out until one of them acknowledges (C4)."""
