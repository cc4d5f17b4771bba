"""Clocks of duties: the table that two people rule, and the clocks that run (C5, C6)."""
