"""Controls with owners and evidence, and what they leave of a risk (R3)."""
