"""Key risk indicators read from real measures each month, and the effect of it all: incidence
against target, response against benchmark, benefit against cost (R4, R6)."""
