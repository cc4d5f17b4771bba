"""Peers that speak the real protocols on this machine: for the demo, tests and benchmarks.

They stand where a mail relay and an SMS gateway stand in production. The product never
imports them; it only talks to them over SMTP and HTTP.
"""
