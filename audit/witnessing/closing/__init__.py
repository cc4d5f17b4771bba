"""Closing the alarm of a witness that is asked no more."""
