"""The crisis plan: levels, roles with deputies, on-call order, steps of escalation (C3, C4)."""
