"""Lists taken away as tables: recorded, bounded, after a fresh second factor."""
