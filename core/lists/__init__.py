"""What every list of staff pages has: a table to take away, and views that a person saved."""
