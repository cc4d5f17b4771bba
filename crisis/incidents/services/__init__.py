"""Writes on incidents: each one function, one transaction, one ledger record `incident.<verb>`."""
