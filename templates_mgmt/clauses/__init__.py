"""Approved clauses and disclosures (T9): written once, versioned, included by reference."""
