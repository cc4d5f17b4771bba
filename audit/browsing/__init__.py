"""Finding one's way in the ledger: filters, search, facets, timelines, saved queries (L5)."""
