"""The demo firm: invented people, a messy extract, and the main path walked for real."""
