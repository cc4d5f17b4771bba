"""Imports every channel kind, so that it is registered. One line per kind."""

from comms.channels import email, inbox, null, sms  # noqa: F401
