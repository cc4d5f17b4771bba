"""The crisis plan: levels, the rule of tiers, roles with deputies, who is called when (C3, C4)."""
