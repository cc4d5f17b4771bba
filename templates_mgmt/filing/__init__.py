"""Filing records (FINRA 2210(b)(4)), re-reviews, and what an approval binds besides words."""
