"""The log's side of being witnessed: asking, keeping and showing cosignatures."""
