"""Word lists that compliance keeps: terms a text may not use, versioned and approved by two."""
