"""Writes on risks: each one function, one transaction, one ledger record `risk.<verb>`."""
