"""The operations risk handbook (运营风险手册): versions under four eyes, published to all staff,
who confirm that they read it; reviewed every year (R7)."""
