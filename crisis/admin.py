"""The console: each part brings its own."""

from crisis.incidents import admin as incidents

__all__ = ["incidents"]
