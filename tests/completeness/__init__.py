"""Every change and every reveal leaves its record in the same transaction (L1): the means."""
