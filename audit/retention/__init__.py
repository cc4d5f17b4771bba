"""Retention classes, legal holds, and the shredding of what is due (L7)."""
