"""Regulator exports: a BagIt bag that proves itself (L8)."""
