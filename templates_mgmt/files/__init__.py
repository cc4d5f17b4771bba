"""Templates as files: one readable YAML document each, for review outside and for moving."""
