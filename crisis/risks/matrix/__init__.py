"""The likelihood × impact matrix, a reviewed table of which one version is in force (R2)."""
