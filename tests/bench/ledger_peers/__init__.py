"""One small model for each peer of the ledger's benchmark, alike but for who keeps its history."""
