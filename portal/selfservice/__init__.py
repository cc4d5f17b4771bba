"""Investor self-service (I6): sign-in by one-time code, inbox, consents, preferences, devices;
and the public pages that need no sign-in (D15, D16)."""
