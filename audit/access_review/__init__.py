"""The quarterly access review: who could see what, who did, what stands out, signed off (L10)."""
