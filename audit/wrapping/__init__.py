"""Rotation of the key-encryption keys (KEKs) that wrap every subject's data key (L4)."""
