"""Objects as they stood at any instant, beside what they are today (L6)."""
