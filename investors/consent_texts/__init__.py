"""Consent texts: what an investor reads before agreeing, drafted by one person and put in force by
another. The published text (`ConsentNotice`) is what consents are pinned to; it never changes."""
