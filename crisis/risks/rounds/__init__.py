"""Quarterly rounds in which departments look for risks together, with attendance (R1)."""
