"""RFC 3161 time-stamps of the log's checkpoints: asking, keeping and showing them."""
