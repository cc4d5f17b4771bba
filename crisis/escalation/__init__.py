"""Calling people out, one after another, until somebody acknowledges (C4)."""
