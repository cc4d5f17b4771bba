"""Erasure of one person's data (I8, L4): asked for, approved by a second person, and then final."""
