"""One scene per service, by app."""

from tests.completeness.scenes import (
    audit,
    comms,
    core,
    filing,
    investors,
    keeping,
    portal,
    proving,
    reviewing,
    templates,
    writing,
)

__all__ = [
    "audit", "comms", "core", "filing", "investors", "keeping", "portal", "proving", "reviewing",
    "templates", "writing",
]  # fmt: skip
